"""Adam for the rows that a batch has touched, and no others."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels import adam
from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return 37 rows of dimension `size`, eleven of them touched."""
    return adam.make_case(rng, size) | {"rows": rng.permutation(37)[:11]}


OP = Op("sparse_adam", make_case, updates=("param", "m", "v"), devices=("cpu", "cuda"))
