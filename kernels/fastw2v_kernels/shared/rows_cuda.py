"""Rows of matrices inside CUDA kernels. Ids are checked where they are used: one that is no row reads NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit_cuda import cuda, inline_cuda
from fastw2v_kernels._types import Float32

ALL_LANES = 0xFFFFFFFF
_NAN = np.float32(math.nan)


@inline_cuda
def is_row(row: int, a: NDArray[Any]) -> bool:
    """Whether a has this row: there is no exception in a kernel, and memory outside is not ours."""
    return 0 <= row and row < a.shape[0]


@inline_cuda
def element(a: Float32, row: int, col: int) -> np.float32:
    """a[row, col], or NaN if a has no such row, which every result then shows."""
    return a[row, col] if is_row(row, a) else _NAN


@inline_cuda
def warp_sum(value: np.float32) -> np.float32:
    """Sum of the values of a warp's lanes, on every lane."""
    offset = 16
    while offset > 0:
        value += cuda.shfl_xor_sync(ALL_LANES, value, offset)
        offset >>= 1
    return value


@inline_cuda
def warp_dot(a: Float32, row: int, b: Float32, b_row: int) -> np.float32:
    """Sum of a[row] * b[b_row], each lane of the warp taking every 32nd column; NaN if a has no such row."""
    total = np.float32(0)
    for col in range(cuda.laneid, b.shape[1], cuda.warpsize):
        total += element(a, row, col) * b[b_row, col]
    return warp_sum(total)
