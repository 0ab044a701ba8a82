"""CBOW with negative sampling over a span of tokens, where contexts are their own rows and those of their n-grams."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op
from fastw2v_kernels.shared.span.subwords import subword_case


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a corpus of `size` tokens, and weights of dimension `size`."""
    return subword_case(rng, size, dim=size) | {"mean_context": True, "mean_gradient": False}


OP = Op("cbow_subword_ns", make_case, updates=("w_in", "w_out", "tally"), devices=("cpu", "cuda"))
