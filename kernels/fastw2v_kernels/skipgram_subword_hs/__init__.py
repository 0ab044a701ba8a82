"""Skip-gram with hierarchical softmax, where a centre is the mean of its row and its n-grams'; with negatives too."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op
from fastw2v_kernels.shared.span.subwords import subword_tree_case


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a corpus of `size` tokens, a tree of its words, and weights of dimension `size`."""
    return subword_tree_case(rng, size, dim=size) | {"share_negatives": True}


OP = Op("skipgram_subword_hs", make_case, updates=("w_in", "w_node", "w_out", "tally"), devices=("cpu", "cuda"))
