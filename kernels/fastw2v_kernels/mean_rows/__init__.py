"""The mean of some rows of a matrix, for each of several lists of rows."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return `size` lists of up to 6 rows, some of them empty, of a matrix of dimension `size`."""
    starts = np.cumsum([0, *rng.integers(0, 7, size)])
    stride = -(-size // 16) * 16
    return {
        "w": rng.normal(size=(30, stride)).astype(np.float32),
        "row_ids": rng.integers(0, 30, starts[-1], dtype=np.int32),
        "row_starts": starts,
        "out": np.zeros((size, stride), np.float32),
    }


OP = Op("mean_rows", make_case, outputs=lambda case: {"out": case["out"]})
