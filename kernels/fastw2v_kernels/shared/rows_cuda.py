"""Rows of matrices inside CUDA kernels. Ids are checked where they are used: one that is no row reads NaN."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit_cuda import MAX_WARPS_PER_BLOCK, cuda, inline_cuda
from fastw2v_kernels._types import Float32, Float64

ALL_LANES = 0xFFFFFFFF
Number = TypeVar("Number", np.float32, float)
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
    """total[0] += the values that the warps of a block have on their first lanes: one atomic for the block.

    Every thread of the block must come by, once.
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
