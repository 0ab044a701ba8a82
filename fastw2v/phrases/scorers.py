"""How likely two words are a phrase: gensim's two formulas, the check of another one, and English connector words."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from math import inf, log

import numpy as np

from fastw2v.runtime.arrays import Array

Scorer = Callable[..., float]

ENGLISH_CONNECTOR_WORDS = frozenset("a an the for of with without at from to in on by and or".split())
PARAMETERS = ("worda_count", "wordb_count", "bigram_count", "len_vocab", "min_count", "corpus_word_count")
_MARGIN = 1e-9  # relative: NumPy's logarithm may differ from Python's in the last bits


def original_scorer(
    worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: float, corpus_word_count: int
) -> float:
    """Score a phrase by how much more often its words meet than by chance (Mikolov et al. 2013, equation 6).

    ``(bigram_count - min_count) / (worda_count * wordb_count) * len_vocab``

    Parameters
    ----------
    worda_count, wordb_count : int
        Occurrences of the first and of the last word.
    bigram_count : int
        Occurrences of the phrase.
    len_vocab : int
        Different words and phrases.
    min_count : float
        Option of `Phrases`.
    corpus_word_count : int
        Not used.

    Returns
    -------
    float
        -inf if a word does not occur.

    Examples
    --------
    >>> from fastw2v.phrases import original_scorer
    >>> original_scorer(10, 20, 8, len_vocab=1000, min_count=3, corpus_word_count=5000)
    25.0
    """
    pairs_by_chance = worda_count * wordb_count
    if pairs_by_chance == 0:
        return -inf
    return (bigram_count - min_count) / float(pairs_by_chance) * len_vocab


def npmi_scorer(
    worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: float, corpus_word_count: int
) -> float:
    """Score a phrase by normalised pointwise mutual information, from -1 to 1 (Bouma 2009).

    ``ln(p_ab / (p_a * p_b)) / -ln(p_ab)``, where p is the share of a word or phrase in the tokens of the corpus.

    Parameters
    ----------
    worda_count, wordb_count : int
        Occurrences of the first and of the last word.
    bigram_count : int
        Occurrences of the phrase.
    len_vocab : int
        Not used.
    min_count : float
        A phrase that occurs less often scores -inf.
    corpus_word_count : int
        Tokens of the corpus.

    Returns
    -------
    float
        -inf if something does not occur.

    Examples
    --------
    >>> from fastw2v.phrases import npmi_scorer
    >>> round(npmi_scorer(10, 20, 8, len_vocab=1000, min_count=3, corpus_word_count=5000), 3)
    0.823
    """
    if bigram_count < min_count or 0 in (worda_count, wordb_count, bigram_count):
        return -inf
    n_tokens = float(corpus_word_count)
    p_a, p_b, p_ab = worda_count / n_tokens, wordb_count / n_tokens, bigram_count / n_tokens
    return log(p_ab / (p_a * p_b)) / -log(p_ab)


def is_built_in(scorer: Scorer) -> bool:
    """Whether `may_pass` knows the formula."""
    return scorer in (original_scorer, npmi_scorer)


def may_pass(scorer: Scorer, counts: tuple[Array, Array, Array], threshold: float, *constants: float) -> Array:
    """Tell which phrases may score more than a threshold, by a built-in formula; the scorer itself decides.

    Parameters
    ----------
    scorer : callable
        `original_scorer` or `npmi_scorer`.
    counts : three of int64[n]
        Occurrences of the first words, of the last words, and of the phrases; all above 0.
    threshold : float
    *constants : float
        ``len_vocab, min_count, corpus_word_count``

    Returns
    -------
    bool[n]
    """
    n_a, n_b, n_ab = (array.astype(np.float64) for array in counts)
    len_vocab, min_count, n_tokens = constants
    if scorer is original_scorer:
        scores = (n_ab - min_count) / (n_a * n_b) * len_vocab
        return scores >= threshold - _MARGIN * abs(threshold)
    with np.errstate(divide="ignore", invalid="ignore"):  # a phrase that is the whole corpus: Python's scorer decides
        scores = np.log(n_ab * n_tokens / (n_a * n_b)) / -np.log(n_ab / n_tokens)
    return (n_ab >= min_count) & ~(scores < threshold - _MARGIN)


def checked_scorer(scoring: str | Scorer, threshold: float) -> Scorer:
    """Return the scorer that `scoring` names, or the callable itself.

    Raises
    ------
    ValueError
        The name is unknown, the threshold does not suit it, or the callable lacks a parameter.
    TypeError
        `scoring` is neither a name nor a callable.
    pickle.PicklingError
        The callable cannot be pickled.
    """
    if scoring == "default" and threshold <= 0:
        raise ValueError(f'threshold is {threshold}; expected a number above 0 with scoring="default"')
    if scoring == "npmi" and not -1 <= threshold <= 1:
        raise ValueError(f'threshold is {threshold}; expected -1 to 1 with scoring="npmi"')
    if isinstance(scoring, str):
        known = {"default": original_scorer, "npmi": npmi_scorer}
        if scoring not in known:
            raise ValueError(f'scoring is {scoring!r}; expected "default", "npmi" or a function')
        return known[scoring]
    if not callable(scoring):
        raise TypeError(f'scoring is a {type(scoring).__name__}; expected "default", "npmi" or a function')
    missing = [name for name in PARAMETERS if name not in inspect.signature(scoring).parameters]
    if missing:
        raise ValueError(f"the scoring function lacks the parameters {missing}; expected all of {list(PARAMETERS)}")
    try:
        pickle.loads(pickle.dumps(scoring))
    except (pickle.PickleError, AttributeError) as error:
        raise pickle.PicklingError(
            f"the scoring function {scoring!r} cannot be pickled ({error}); define it with def in a module"
        ) from error
    return scoring
