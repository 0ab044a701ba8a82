"""The computation of `hash_ngrams` in plain Python, and the number of n-grams of each word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Int32, Int64

FNV_OFFSET, FNV_PRIME = 2166136261, 16777619
_CONTINUES = 0b1000_0000  # the two high bits of a byte of UTF-8 that is not the first of its character


def hash_ngrams_reference(
    letters: NDArray[np.uint8],
    word_starts: Int64,
    *,
    min_n: int,
    max_n: int,
    n_buckets: int,
    ngram_starts: Int64,
    buckets: Int32,
) -> None:
    """Hash the n-grams of words as fastText does (Bojanowski et al. 2017, "Enriching word vectors with subword units").

    The n-grams are those of the word between "<" and ">", counted in characters of UTF-8, and sorted by where they
    begin, then by length. "<" and ">" alone are none. The hash is FNV-1a of 32 bits over the bytes of an n-gram, where
    each byte is extended with its sign to 32 bits first, as fastText's char is.

    Parameters
    ----------
    letters, word_starts : uint8[n_bytes], int64[n_words + 1]
        The bytes of word w are letters[word_starts[w]:word_starts[w + 1]]. They need not be valid UTF-8: a byte
        0b10xxxxxx belongs to the character before it, whatever that is.
    min_n, max_n : int
        Characters of the shortest and of the longest n-grams.
    n_buckets : int
        The hashes are taken modulo this.
    ngram_starts : int64[n_words + 1]
        Where the n-grams of each word go, as `ngram_starts_of` says; a word whose part is empty is not hashed.
    buckets : int32[n_ngrams], written
        The bucket of each n-gram.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or a number that is out of its range.
    """
    text = letters.tobytes()
    for word in range(len(word_starts) - 1):
        begin, end = ngram_starts[word], ngram_starts[word + 1]
        if begin < end:
            ngrams = ngrams_of(text[word_starts[word] : word_starts[word + 1]], min_n, max_n)
            buckets[begin:end] = [fnv_1a(ngram) % n_buckets for ngram in ngrams]


def ngrams_of(word: bytes, min_n: int, max_n: int) -> Iterator[bytes]:
    """Yield the n-grams of a word, in the order of fastText."""
    text = b"<" + word + b">"
    firsts = [i for i, byte in enumerate(text) if byte & 0b1100_0000 != _CONTINUES] + [len(text)]
    n_chars = len(firsts) - 1
    for i in range(n_chars):
        for n in range(max(min_n, 1), min(max_n, n_chars - i) + 1):
            if n > 1 or 0 < i < n_chars - 1:
                yield text[firsts[i] : firsts[i + n]]


def fnv_1a(ngram: bytes) -> int:
    """Return fastText's hash of an n-gram."""
    value = FNV_OFFSET
    for byte in ngram:
        signed = byte - 256 if byte > 127 else byte
        value = (value ^ signed & 0xFFFFFFFF) * FNV_PRIME & 0xFFFFFFFF
    return value


def ngram_starts_of(letters: NDArray[np.uint8], word_starts: Int64, *, min_n: int, max_n: int) -> Int64:
    """Return where the n-grams of each word begin in an array of all: int64[n_words + 1].

    Examples
    --------
    >>> import numpy as np
    >>> ngram_starts_of(np.frombuffer(b"weta", np.uint8), np.array([0, 2, 4]), min_n=3, max_n=6).tolist()
    [0, 3, 6]
    """
    begins_char = (letters & 0b1100_0000) != _CONTINUES
    n_before: NDArray[Any] = np.concatenate([np.zeros(1, np.int64), np.cumsum(begins_char)])
    n_chars = np.diff(n_before[word_starts]) + 2
    shortest, longest = max(min_n, 1), np.minimum(max_n, n_chars)
    n_lengths = np.maximum(longest - shortest + 1, 0)  # of length n there are n_chars - n + 1
    counts = n_lengths * (2 * n_chars + 2 - shortest - longest) // 2 - 2 * (n_lengths > 0) * (shortest == 1)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
