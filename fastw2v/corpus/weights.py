"""Weights of sentences and pairs, checked; and the corpus that carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastw2v.corpus.arrow import is_arrow
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.sentences import TokenCorpus
from fastw2v.corpus.text import TextCorpus
from fastw2v.runtime.devices import as_shared_array, is_on_gpu


@dataclass(frozen=True)
class WeightedCorpus:
    """Sentences with weights, made by `weighted_corpus` or `table_corpus`; or pairs, made by `pair_corpus`.

    Parameters
    ----------
    corpus : TextCorpus, TokenCorpus or IntegerCorpus
        The sentences, in host memory.
    weights : float32[n_sentences], optional
        One for each sentence that has a token. None: 1 for all.
    are_pairs : bool
        Each sentence is an explicit pair: a centre and its context.
    """

    corpus: TextCorpus | TokenCorpus | IntegerCorpus
    weights: np.ndarray | None
    are_pairs: bool = False


def checked_weights(weights: Any, n: int | None, what: str) -> np.ndarray:  # noqa: ANN401 - whatever a user passes
    """Return weights as float32[n].

    Parameters
    ----------
    weights : array-like
        A list, an array of any library, or a column of a table.
    n : int, optional
        How many are expected; None: not known yet.
    what : str
        What has the weights, for messages: "pair" or "sentence".

    Raises
    ------
    TypeError
        They are no numbers.
    ValueError
        There are not `n` of them, one is negative, NaN, missing or infinite, or all are 0.
    """
    weights = weights if is_arrow(weights) else as_shared_array(weights)
    if is_on_gpu(weights):
        raise TypeError("weights lie on the GPU; expected an array on the host: weights.get()")
    if isinstance(weights, str | bytes) or not hasattr(weights, "__len__"):
        raise TypeError(f"weights is a {type(weights).__name__}; expected a number for each {what}")
    given = _as_numbers(weights, what)
    if given.ndim != 1 or (n is not None and len(given) != n):
        expected = "one dimension" if n is None else f"({n},), a number for each {what}"
        raise ValueError(f"weights have shape {given.shape}; expected {expected}")
    with np.errstate(over="ignore"):
        result = np.ascontiguousarray(given, np.float32)
    wrong = np.flatnonzero(~((result >= 0) & np.isfinite(result)))
    if len(wrong):
        at = int(wrong[0])
        raise ValueError(
            f"the weight of {what} {at} is {given[at]}; expected a finite number of at least 0 (0: it is not trained)"
        )
    if len(result) and not result.any():
        raise ValueError(f"all weights are 0, so that no {what} would be trained; pass some above 0")
    return result


def _as_numbers(weights: Any, what: str) -> np.ndarray:  # noqa: ANN401
    try:
        given = np.asarray(weights)
        if given.dtype == object:  # a missing value among numbers, or something else
            missing = [number for number, weight in enumerate(given.tolist()) if weight is None or weight != weight]
            if missing:
                raise ValueError(f"{what} {missing[0]} has no weight; fill it in, or leave the {what} out")
    except TypeError as error:  # a missing value of pandas has no truth
        raise ValueError(f"a weight is missing ({error}); fill it in, or leave the {what} out") from error
    if given.dtype.kind not in "iuf":
        raise TypeError(f"weights are {given.dtype}; expected numbers: np.asarray(weights, float)")
    return given
