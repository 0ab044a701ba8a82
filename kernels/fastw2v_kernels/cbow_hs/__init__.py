"""CBOW with hierarchical softmax over a span of tokens, and with negative sampling too if that is asked for."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op
from fastw2v_kernels.shared.span.cases import tree_case


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a corpus of `size` tokens, a tree of its words, and weights of dimension `size`."""
    return tree_case(rng, size, dim=size) | {"mean_context": True, "mean_gradient": True}


OP = Op("cbow_hs", make_case, updates=("w_in", "w_node", "w_out", "tally"), devices=("cpu", "cuda"))
