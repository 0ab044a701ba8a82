"""Initial values of the input matrix: uniform, and a function of seed and word."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a matrix of `size` rows and dimension `size`, with padded rows."""
    return {
        "rows": np.zeros((size, -(-size // 16) * 16), np.float32),
        "dim": size,
        "row_keys": rng.integers(2**64, size=size, dtype=np.uint64),
        "seed": int(rng.integers(2**63)),
    }


OP = Op("uniform_rows", make_case, outputs=lambda case: {"rows": case["rows"]})
