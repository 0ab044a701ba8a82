"""Negatives for the book's loss: ids from an alias table, with or without replacement."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op
from fastw2v_kernels.shared.span.cases import alias_table


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return `size` targets with 5 distinct negatives each, of 8 words; one word has most of the probability."""
    alias_prob, alias_id = alias_table(np.array([1e-3, 1, 2, 3, 4, 5, 6, 1e5]))
    return {
        "alias_prob": alias_prob,
        "alias_id": alias_id,
        "targets": rng.integers(0, 8, size),
        "seed": int(rng.integers(2**63)),
        "first_draw": int(rng.integers(2**40)),
        "distinct": True,
        "out": np.zeros((size, 5), np.int32),
    }


OP = Op("unigram_sampler", make_case, outputs=lambda case: {"out": case["out"]}, devices=("cpu", "cuda"))
