"""The hashed n-grams of words on one core: each n-gram's hash goes on from that of the n-gram one shorter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels.hash_ngrams.reference import FNV_OFFSET, FNV_PRIME
from fastw2v_kernels.shared.arguments import INT32, INT64, UINT8, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Int32, Int64

_OFFSET, _PRIME, _LOW_HALF = np.uint64(FNV_OFFSET), np.uint64(FNV_PRIME), np.uint64(0xFFFFFFFF)
_BEGIN, _END = np.uint8(ord("<")), np.uint8(ord(">"))
_SIGN = np.uint64(0xFFFFFF00)  # what a byte of 128 and above gets before it, as a signed char in C
_MOST_BUCKETS = 2**31 - 1


class Lengths(NamedTuple):
    """Characters of the shortest and the longest n-gram, and the number of buckets."""

    min_n: int
    max_n: int
    n_buckets: int


@inline_cpu
def _byte(letters: NDArray[np.uint8], start: int, n_bytes: int, k: int) -> np.uint8:
    """Return byte k of "<", the word of `n_bytes` bytes, and ">"."""
    if k == 0:
        return _BEGIN
    return letters[start + k - 1] if k <= n_bytes else _END


@inline_cpu
def _begins_character(byte: np.uint8) -> bool:
    return bool((byte & 0xC0) != 0x80)


@jit_cpu
def _hash_ngrams_cpu_kernel(
    letters: NDArray[np.uint8], word_starts: Int64, lengths: Lengths, ngram_starts: Int64, buckets: Int32
) -> None:
    for word in range(word_starts.shape[0] - 1):
        at, end = ngram_starts[word], ngram_starts[word + 1]
        start, n_bytes = word_starts[word], word_starts[word + 1] - word_starts[word]
        i = 0
        while i < n_bytes + 2 and at < end:
            value, n, j = _OFFSET, 0, i
            while j < n_bytes + 2 and n < lengths.max_n:
                more = True
                while more:  # the bytes of one character
                    byte = _byte(letters, start, n_bytes, j)
                    signed = np.uint64(byte) | (_SIGN if byte > 127 else np.uint64(0))
                    value = ((value ^ signed) * _PRIME) & _LOW_HALF
                    j += 1
                    more = j < n_bytes + 2 and not _begins_character(_byte(letters, start, n_bytes, j))
                n += 1
                if n >= lengths.min_n and not (n == 1 and (i == 0 or j == n_bytes + 2)) and at < end:
                    buckets[at] = value % np.uint64(lengths.n_buckets)
                    at += 1
            i += 1
            while i < n_bytes + 2 and not _begins_character(_byte(letters, start, n_bytes, i)):
                i += 1


def hash_ngrams_cpu(
    letters: NDArray[np.uint8],
    word_starts: Int64,
    *,
    min_n: int,
    max_n: int,
    n_buckets: int,
    ngram_starts: Int64,
    buckets: Int32,
) -> None:
    """Do what `hash_ngrams_reference` does."""
    check_axes("word_starts", word_starts, 1)
    check_axes("letters", letters, 1)
    check_axes("buckets", buckets, 1)
    check_read("letters", letters, letters.shape, dtype=UINT8)
    check_read("word_starts", word_starts, word_starts.shape, dtype=INT64)
    check_read("ngram_starts", ngram_starts, word_starts.shape, dtype=INT64)
    check_written("buckets", buckets, buckets.shape, dtype=INT32)
    for name, starts, array in (("letters", word_starts, letters), ("buckets", ngram_starts, buckets)):
        if starts.size == 0 or starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] != array.size:
            raise ValueError(f"{name} has {array.size} entries; expected parts one after the other, as in its starts")
    if not (1 <= min_n <= max_n and 1 <= n_buckets <= _MOST_BUCKETS):
        raise ValueError(f"min_n, max_n, n_buckets are {min_n}, {max_n}, {n_buckets}; expected 1 <= min_n <= max_n")
    _hash_ngrams_cpu_kernel(letters, word_starts, Lengths(min_n, max_n, n_buckets), ngram_starts, buckets)
