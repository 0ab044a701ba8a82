"""The hashed character n-grams of words."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.hash_ngrams.reference import ngram_starts_of
from fastw2v_kernels.registry import Case, Op

_PIECES = [b"a", b"b", b"xyz", "é".encode(), "語".encode(), "🙂".encode(), "e\u0301".encode(), b"\x80", b"\xff", b"<"]


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return `size` words of up to 12 pieces: ASCII, longer characters, combining marks, bytes that are no UTF-8."""
    words = [b"".join(_PIECES[k] for k in rng.integers(0, len(_PIECES), rng.integers(0, 13))) for _ in range(size)]
    letters = np.frombuffer(b"".join(words), np.uint8)
    word_starts = np.cumsum([0, *map(len, words)])
    min_n = int(rng.integers(1, 4))
    max_n = min_n + int(rng.integers(0, 4))
    starts = ngram_starts_of(letters, word_starts, min_n=min_n, max_n=max_n)
    return {
        "letters": letters,
        "word_starts": word_starts,
        "min_n": min_n,
        "max_n": max_n,
        "n_buckets": 1000,
        "ngram_starts": starts,
        "buckets": np.zeros(starts[-1], np.int32),
    }


OP = Op("hash_ngrams", make_case, outputs=lambda case: {"buckets": case["buckets"]})
