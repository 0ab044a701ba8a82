"""The different ids of a batch, which are the touched rows of a gradient."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return `size` examples with 4 ids each, of 37 rows."""
    return {
        "ids": rng.integers(0, 37, (size, 4)),
        "marks": np.zeros(37, np.uint8),
        "rows": np.zeros(4 * size, np.int64),
        "n_unique": np.zeros(1, np.int64),
    }


OP = Op(
    "unique_rows",
    make_case,
    outputs=lambda case: {"rows": case["rows"], "n_unique": case["n_unique"]},
    updates=("marks",),
    devices=("cpu", "cuda"),
)
