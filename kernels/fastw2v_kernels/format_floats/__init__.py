"""Rows of numbers as text, with nine significant digits."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.format_floats.reference import NUMBER_BYTES
from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return 37 rows of dimension `size`: numbers of all sizes, three of which are not written."""
    rows = (rng.normal(size=(37, size)) * 10.0 ** rng.integers(-16, 7, (37, size))).astype(np.float32)
    rows[rng.random(rows.shape) < 0.1] = -0.0
    short = rng.random(rows.shape) < 0.2
    rows[short] = rng.integers(-(10**6), 10**6, np.count_nonzero(short)) / 64
    rows[[3, 19, 36], rng.integers(0, size, 3)] = 1e9, -1e-20, np.nan
    return {
        "rows": rows,
        "text": np.zeros((37, NUMBER_BYTES * size), np.uint8),
        "ends": np.zeros(37, np.int64),
    }


OP = Op("format_floats", make_case, outputs=lambda case: {"text": case["text"], "ends": case["ends"]})
