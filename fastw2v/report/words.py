"""Which words a report shows: the most frequent ones, and telling ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.arrays import Array, RowArray
from fastw2v.runtime.word_bytes import printable
from fastw2v.vectors.key_table import Key

N_TELLING = 12
_FIRST_RANK, _LAST_RANK = 200, 2000
_LEAST_BAND = 3  # words; a choice among fewer is none


def shown(key: object) -> str:
    """Return a key as it is shown: without characters that turn text or command a terminal."""
    text = printable(str(key))
    return text if text.strip() else "(blank)" if text else "(empty)"


def by_frequency(vectors: KeyedVectors) -> RowArray:
    """Return the rows whose numbers are finite, the most frequent first; in their order if there are no counts."""
    is_finite = np.asarray(np.isfinite(vectors.vectors).all(axis=1))
    order = np.arange(len(vectors))
    if vectors.counts is not None:
        order = np.argsort(-vectors.counts, kind="stable")
    return order[is_finite[order]]


def lengths(vectors: KeyedVectors, rows: RowArray) -> Array:
    """Return the Euclidean length of some rows, float64[n]."""
    return np.asarray(np.linalg.norm(vectors.vectors[rows].astype(np.float64), axis=1))


def telling_rows(vectors: KeyedVectors, ordered: RowArray) -> tuple[RowArray, str]:
    """Choose words that are frequent, but not among the most frequent, and whose vectors are long.

    Among words of like frequency, those with longer vectors occur in fewer kinds of contexts (Schakel and Wilson 2015,
    "Measuring word significance using distributed representations of words"). So the ranks are divided into bands of
    equal width on a logarithmic scale, and each band gives the word with the longest vector.

    Parameters
    ----------
    vectors : KeyedVectors
    ordered : intp[n]
        Rows, the most frequent first.

    Returns
    -------
    rows : intp[at most 12]
    rule : str
        What was chosen, in words.
    """
    n_words = len(ordered)
    if n_words <= N_TELLING:
        return ordered, f"all {n_words} words, for they are few"
    first, last = min(_FIRST_RANK, n_words // 20), min(_LAST_RANK, n_words)
    n_bands = max(1, min(N_TELLING, (last - first) // _LEAST_BAND))
    edges = np.unique(np.geomspace(first + 1, last + 1, n_bands + 1).round().astype(int)) - 1
    chosen = []
    for begin, end in pairwise(edges):
        band = ordered[begin:end]
        chosen.append(band[np.argmax(lengths(vectors, band))])
    rule = (
        f"of the words from rank {first + 1:,} to {last:,} by frequency, in {len(chosen)} bands, the one with the "
        "longest vector of each band: words of like frequency with longer vectors occur in fewer kinds of contexts"
    )
    return np.array(chosen, np.intp), rule


def key_of(vectors: KeyedVectors, word: Key) -> Key:
    """Return the key that is meant by a word of a command line: of integer keys, the number that it writes."""
    is_number = isinstance(word, str) and vectors.is_integer and word.lstrip("-").isdigit()
    return int(word) if is_number else word


def rows_of(vectors: KeyedVectors, words: Iterable[Key]) -> RowArray:
    """Return the rows of chosen words, each once; KeyError for a word without a vector."""
    rows = (int(vectors.rows_of([key_of(vectors, word)])[0]) for word in words)
    return np.array(list(dict.fromkeys(rows)), np.intp)
