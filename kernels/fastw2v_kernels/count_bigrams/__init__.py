"""Pairs of words that follow each other in a sentence, with the connector words between them, and how often."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op

N_WORDS = 12


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return `size` tokens of 12 words in sentences of 0 to 8; four words are connectors, and six begin pairs."""
    ends = np.unique(np.cumsum(rng.integers(0, 9, size)))
    n_max = max(1, size)
    return {
        "ids": rng.integers(0, N_WORDS, size, dtype=np.int32),
        "starts": np.concatenate([[0], ends[(ends > 0) & (ends < size)], [size]]),
        "roles": np.repeat(np.array([1, 2, 0], np.uint8), [6, 4, 2]),
        "slots": np.zeros(4 << (n_max - 1).bit_length(), np.uint64),
        "entries": np.zeros((n_max, 4), np.int64),
        "cursor": np.zeros(2, np.int64),
    }


OP = Op("count_bigrams", make_case, updates=("entries", "cursor"))
