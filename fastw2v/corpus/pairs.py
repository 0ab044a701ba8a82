"""Explicit pairs (centre, context) as a corpus: from arrays, lists, and columns of tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np

from fastw2v.corpus.arrow import is_arrow
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.sentences import TokenCorpus
from fastw2v.corpus.weights import WeightedCorpus, checked_weights
from fastw2v.runtime.devices import TO_HOST, as_shared_array, is_on_gpu
from fastw2v.vocab import EmptyVocabularyError

_TWO_COLUMNS = "pass the two columns: pair_corpus(pairs[:, 0], pairs[:, 1])"
_MISSING = "leave the pair out, or name the key"
_Keys = np.ndarray | Sequence[str]


def pair_corpus(
    centres: Any,  # noqa: ANN401 - array-likes of any library
    contexts: Any,  # noqa: ANN401
    weights: Any = None,  # noqa: ANN401
) -> WeightedCorpus:
    """Make a corpus of explicit pairs: the vector of each centre learns to predict its contexts, and not the reverse.

    For what is no sentence: items bought together, edges of a knowledge graph, counts of co-occurrence. A pair moves
    the input vector of its centre (a row of ``model.wv``), and the output vectors of its context and of `negative`
    others (rows of ``model.syn1neg``); these are drawn anew for each pair, from the contexts of all pairs. For a
    relation that holds both ways, pass each pair in both directions.

    Parameters
    ----------
    centres, contexts : array-like of str, or of int, [n_pairs]
        Lists, NumPy arrays, columns of pandas, polars or Arrow. Both hold str, or both integers of at least 0. One key
        is one word of the vocabulary, in whichever column; its count is how often it occurs in both. Pairs are trained
        in their order: shuffle those that are sorted.
    weights : array-like of float, [n_pairs], optional
        Factor of the learning rate of each pair, at least 0; see `weighted_corpus`. Default: 1 for all.

    Returns
    -------
    WeightedCorpus
        For ``Word2Vec(pairs, sg=1)``. There is no window, and no pair is left out by subsampling, so `window`, `sample`
        and `negative_sharing` do not apply.

    Raises
    ------
    TypeError
        A key is neither str nor int, the columns hold different types, or an array is on a GPU.
    ValueError
        The lengths differ, a key is missing or negative, or a weight is negative, NaN or infinite.
    EmptyVocabularyError
        There is no pair.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> from fastw2v.corpus import pair_corpus
    >>> pairs = pair_corpus(["tea", "tea", "ink"], ["pot", "mug", "pen"], weights=[2, 1, 1])
    >>> model = Word2Vec(pairs, sg=1, min_count=1, vector_size=16, epochs=500, workers=1)
    >>> rows = [model.wv.key_to_index[key] for key in ("pot", "mug", "pen")]
    >>> (-model.syn1neg[rows] @ model.wv["tea"]).argsort().tolist()
    [0, 1, 2]
    """
    columns = [_checked_keys(keys, name) for keys, name in ((centres, "centres"), (contexts, "contexts"))]
    n_pairs, n_contexts = map(len, columns)
    if n_pairs != n_contexts:
        raise ValueError(f"there are {n_pairs:,} centres and {n_contexts:,} contexts; expected one context for each")
    if n_pairs == 0:
        raise EmptyVocabularyError("there is no pair; pass at least one centre and its context")
    kinds = ["integers" if isinstance(keys, np.ndarray) else "str" for keys in columns]
    if kinds[0] != kinds[1]:
        cure = "expected one type: convert one, [str(key) for key in ...]"
        raise TypeError(f"centres are {kinds[0]} and contexts {kinds[1]}; {cure}")
    checked = None if weights is None else checked_weights(weights, n_pairs, "pair")
    return _corpus_of(columns[0], columns[1], checked)


def _corpus_of(centres: _Keys, contexts: _Keys, weights: np.ndarray | None) -> WeightedCorpus:
    if isinstance(centres, np.ndarray):
        ids = np.stack([centres, contexts], axis=1).reshape(-1)
        starts = np.arange(0, len(ids) + 1, 2, dtype=np.int64)
        return WeightedCorpus(IntegerCorpus(ids, starts), weights, are_pairs=True)
    return WeightedCorpus(TokenCorpus(_Pairs(centres, contexts)), weights, are_pairs=True)  # type: ignore[arg-type]


class _Pairs:
    """Pairs of words as sentences of two tokens."""

    def __init__(self, centres: Sequence[str], contexts: Sequence[str]) -> None:
        self._centres, self._contexts = centres, contexts

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return zip(self._centres, self._contexts)


def _checked_keys(keys: Any, name: str) -> _Keys:  # noqa: ANN401
    """Return a column of keys: int64[n_pairs], or a list of str."""
    if isinstance(keys, str | bytes | Set | Mapping) or not hasattr(keys, "__len__"):
        kind = type(keys).__name__
        raise TypeError(f"{name} is a {kind}; expected a list or an array of keys, one for each pair")
    keys = keys if is_arrow(keys) else as_shared_array(keys)
    if is_on_gpu(keys):
        raise TypeError(f"{name} lie on the GPU; expected them on the host: {TO_HOST}")
    if not isinstance(keys, list | tuple):
        keys = np.asarray(keys)
        if keys.ndim != 1:
            cure = f"; {_TWO_COLUMNS}" if keys.ndim == 2 else ""
            raise ValueError(f"{name} have shape {keys.shape}; expected one dimension{cure}")
        if keys.dtype.kind in "iu":
            return _checked_integers(keys, name)
        if keys.dtype.kind == "f" and np.isnan(keys).any():  # pandas turns integers into these if one is missing
            at = int(np.argmax(np.isnan(keys)))
            raise ValueError(f"{name}[{at}] is missing, and so {name} are {keys.dtype}; {_MISSING}")
        keys = keys.tolist()
    return _checked_objects(keys, name)


def _checked_objects(keys: Sequence[Any], name: str) -> _Keys:
    kinds = set(map(type, keys))
    if all(issubclass(kind, str) for kind in kinds):
        return keys
    if all(issubclass(kind, int | np.integer) and kind is not bool for kind in kinds):
        try:
            return _checked_integers(np.array(keys, np.int64), name)
        except OverflowError as error:
            raise ValueError(f"{name} hold an integer beyond int64 ({error}); pass str(key)") from error
    first = str if isinstance(keys[0], str) else int
    at, key = next((at, key) for at, key in enumerate(keys) if not isinstance(key, first) or isinstance(key, bool))
    if key is None or repr(key) in ("nan", "<NA>", "NaT"):
        raise ValueError(f"{name}[{at}] is missing ({key!r}); {_MISSING}")
    cures = {float: ": ids.astype(np.int64)", bytes: ": decode it, key.decode()", list: f": {_TWO_COLUMNS}"}
    cure = cures.get(type(key), cures[list] if isinstance(key, tuple) else "")
    raise TypeError(f"{name}[{at}] is a {type(key).__name__}, {key!r:.60}; expected all str, or all int{cure}")


def _checked_integers(keys: np.ndarray, name: str) -> np.ndarray:
    if len(keys) and (int(keys.min()) < 0 or int(keys.max()) > np.iinfo(np.int64).max):
        at = int(np.argmax((keys < 0) | (keys > np.iinfo(np.int64).max)))
        raise ValueError(f"{name}[{at}] is {keys[at]}; expected integers from 0 to 2**63 - 1: renumber the keys")
    return keys.astype(np.int64)
