"""The Huffman tree of a vocabulary as fastText builds it, for hierarchical softmax with subwords."""

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
    "fasttext_tree",
    make_case,
    outputs=lambda case: {"tree": case["tree"], "path_starts": case["path_starts"]},
)
