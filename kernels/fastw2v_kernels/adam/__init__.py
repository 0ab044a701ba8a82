"""Adam as in the book: every element moves at every step."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a matrix of 37 rows of dimension `size`, with moments as in the middle of a training."""
    param, grad, m = rng.normal(size=(3, 37, size)).astype(np.float32)
    v = rng.random((37, size), dtype=np.float32)
    grad[::2] = 0
    return {"param": param, "grad": grad, "m": m, "v": v, "lr_t": 0.01, "beta1": 0.9, "beta2": 0.999}


OP = Op("adam", make_case, updates=("param", "m", "v"), devices=("cpu", "cuda"))
