"""The Huffman tree of a vocabulary, for hierarchical softmax."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return the counts of `size` words, many of them equal."""
    return {
        "counts": rng.integers(0, size + 2, size),
        "tree": np.zeros(2 * size - 1, np.int32),
        "path_starts": np.zeros(size + 1, np.int64),
    }


OP = Op(
    "huffman_tree",
    make_case,
    outputs=lambda case: {"tree": case["tree"], "path_starts": case["path_starts"]},
)
