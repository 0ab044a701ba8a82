"""Gradient of `embedding`: scatter-add."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a batch of `size` examples with 4 ids each, rows of dimension `size`, some of them stale."""
    return {
        "dw": rng.normal(size=(37, size)).astype(np.float32),
        "stale_ids": rng.integers(0, 37, 20),
        "ids": rng.integers(0, 37, (size, 4)),
        "scale": 0.25,
        "dout": rng.normal(size=(size, size)).astype(np.float32),
    }


OP = Op("embedding_backward", make_case, updates=("dw",), devices=("cpu", "cuda"))
