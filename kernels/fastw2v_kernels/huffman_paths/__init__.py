"""The paths from the root of a Huffman tree to its words."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op
from fastw2v_kernels.shared.span.cases import random_tree


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a tree of `size` words, and room for its paths."""
    tree, path_starts = random_tree(rng, size)
    return {"tree": tree, "path_starts": path_starts, "path_steps": np.zeros(path_starts[-1], np.int32)}


OP = Op("huffman_paths", make_case, outputs=lambda case: {"path_steps": case["path_steps"]})
