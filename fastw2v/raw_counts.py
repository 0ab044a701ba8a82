"""RawCounts: every key of a corpus with its count, before a vocabulary is chosen; as arrays, or as gensim's dict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastw2v.runtime.arrays import Array
from fastw2v.vocab import Vocab


@dataclass
class RawCounts:
    """Every key of a corpus with its count.

    The counts are arrays until `as_dict` is called. From then on the dict holds them, because its owner may change it.

    Parameters
    ----------
    counted : Vocab or dict
        The keys by first occurrence, and their counts.
    n_sentences : int
        Sentences with at least one word.

    Examples
    --------
    >>> from fastw2v.raw_counts import RawCounts
    >>> raw = RawCounts({"to": 2, "be": 2, "or": 1})
    >>> raw.vocab().n_tokens
    5
    """

    counted: Vocab | dict[Any, int]
    n_sentences: int = 0

    def as_dict(self) -> dict[Any, int]:
        """Return the count of each key; what is written to the dict counts."""
        if isinstance(self.counted, Vocab):
            self.counted = dict(zip(self.counted.keys, self.counted.counts.tolist()))
        return self.counted

    def vocab(self) -> Vocab:
        """Return the keys and counts as arrays.

        Raises
        ------
        TypeError, ValueError
            See `vocab_of_frequencies`.
        """
        return self.counted if isinstance(self.counted, Vocab) else vocab_of_frequencies(self.counted)


def vocab_of_frequencies(word_freq: Mapping[Any, Any]) -> Vocab:
    """Make a vocabulary of all keys of a mapping, in its order.

    Parameters
    ----------
    word_freq : mapping of str, or of int, to int
        The count of each key.

    Raises
    ------
    TypeError
        This is no mapping, or its keys are neither all str nor all int.
    ValueError
        The mapping is empty, a count is negative or no whole number, or an integer key is negative.
    """
    if not isinstance(word_freq, Mapping):
        raise TypeError(f"word_freq is a {type(word_freq).__name__}; expected a dict of counts, such as a Counter")
    if not word_freq:
        raise ValueError("word_freq is empty; expected the count of at least one word")
    return Vocab.from_keys(_checked_keys(list(word_freq)), _checked_counts(word_freq))


def _checked_keys(keys: list[Any]) -> list[Any]:
    if all(isinstance(key, str) for key in keys):
        return keys
    wrong = next((key for key in keys if isinstance(key, bool) or not isinstance(key, int | np.integer)), None)
    if wrong is not None:
        cure = "expected all str, or all int (bytes? word.decode())"
        raise TypeError(f"keys of word_freq have the types {sorted({type(key).__name__ for key in keys})}; {cure}")
    if min(keys) < 0:
        raise ValueError(f"the id {min(keys)} of word_freq is negative; expected ids of at least 0: ids - ids.min()")
    return keys


def _checked_counts(word_freq: Mapping[Any, Any]) -> Array:
    """Return the counts, int64[n_keys]."""
    counts = np.array(list(word_freq.values()))
    if counts.dtype.kind not in "iuf" or counts.ndim != 1:
        wrong = next(
            (item for item in word_freq.items() if not isinstance(item[1], int | float | np.number)),
            next(iter(word_freq.items())),
        )
        raise ValueError(f"the count of {wrong[0]!r} is {wrong[1]!r}; expected a whole number of at least 0")
    is_wrong = ~(counts >= 0) | (counts != np.trunc(counts)) | ~np.isfinite(counts)
    if is_wrong.any():
        key, count = list(word_freq.items())[int(is_wrong.argmax())]
        raise ValueError(f"the count of {key!r} is {count!r}; expected a whole number of at least 0: round it")
    return counts.astype(np.int64)
