"""Rows of matrices inside CUDA kernels. Each id is checked when it is used; one that is not a row reads NaN."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cuda import MAX_WARPS_PER_BLOCK, cuda, inline_cuda, jit_cuda, launch_elements
from fastw2v_kernels.shared.array_types import Float32, Float64, Int64

ALL_LANES = 0xFFFFFFFF
Number = TypeVar("Number", np.float32, float)
_NAN = np.float32(math.nan)


@inline_cuda
def is_row(row: int, a: NDArray[Any]) -> bool:
    """Whether a has this row. A kernel cannot raise, and must not touch memory outside of a."""
    return 0 <= row and row < a.shape[0]


@inline_cuda
def element(a: Float32, row: int, col: int) -> np.float32:
    """Return a[row, col], or NaN if a has no such row; the results then show the NaN."""
    return a[row, col] if is_row(row, a) else _NAN


@inline_cuda
def warp_sum(value: Number) -> Number:
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


@inline_cuda
def add_block_sum(total: Float64, value: float) -> None:
    """Add to total[0] the values that the warps of a block have on their first lanes, by one atomic for the block.

    Every thread of the block must call this exactly once.
    """
    values = cuda.shared.array(MAX_WARPS_PER_BLOCK, np.float64)
    if cuda.laneid == 0:
        values[cuda.threadIdx.y] = value
    cuda.syncthreads()
    if cuda.laneid == 0 and cuda.threadIdx.y == 0:
        block_sum = 0.0
        for warp in range(cuda.blockDim.y):
            block_sum += values[warp]
        if block_sum != 0.0:
            cuda.atomic.add(total, 0, block_sum)


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
