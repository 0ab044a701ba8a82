"""Skip-gram with negative sampling over a span of tokens, where a centre is the mean of its row and its n-grams'."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op
from fastw2v_kernels.shared.span.subwords import subword_case


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a corpus of `size` tokens, and weights of dimension `size`."""
    return subword_case(rng, size, dim=size) | {"share_negatives": True, "in_groups": True}


OP = Op("skipgram_subword_ns", make_case, updates=("w_in", "w_out", "tally"), devices=("cpu", "cuda"))
