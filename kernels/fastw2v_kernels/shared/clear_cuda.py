"""Rows of a gradient set to zero on the GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit_cuda import cuda, jit_cuda, launch_elements
from fastw2v_kernels._types import Float32, Int64
from fastw2v_kernels.shared.rows_cuda import is_row


@jit_cuda
def _clear_rows_cuda_kernel(a: Float32, ids: Int64) -> None:
    col, first = cuda.grid(2)
    if col < a.shape[1]:
        for i in range(first, ids.shape[0], cuda.gridsize(2)[1]):
            if is_row(ids[i], a):
                a[ids[i], col] = 0.0


def clear_rows(a: Float32, ids: NDArray[np.integer[Any]]) -> None:
    """a[ids] = 0."""
    launch_elements(_clear_rows_cuda_kernel, ids.shape[0], a.shape[1], a, ids)
