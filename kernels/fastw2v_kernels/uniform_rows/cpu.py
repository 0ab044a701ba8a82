"""Initial values of the input matrix, on one core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.arguments import UINT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.cpu import random_bits, uniform


@jit_cpu
def _uniform_rows_cpu_kernel(rows: Float32, dim: int, row_keys: NDArray[np.uint64], seed: np.uint64) -> None:
    for r in range(rows.shape[0]):
        key = random_bits(seed, row_keys[r], 0)
        for col in range(dim):
            rows[r, col] = (uniform(random_bits(key, 0, col)) - 0.5) / dim
        for col in range(dim, rows.shape[1]):
            rows[r, col] = 0.0


def uniform_rows_cpu(rows: Float32, dim: int, row_keys: NDArray[np.uint64], *, seed: int) -> None:
    """Do what `uniform_rows_reference` does."""
    check_axes("rows", rows, 2)
    check_written("rows", rows, (rows.shape[0], max(rows.shape[1], dim)))
    check_read("row_keys", row_keys, rows.shape[:1], dtype=UINT64)
    _uniform_rows_cpu_kernel(rows, dim, row_keys, np.uint64(seed))
