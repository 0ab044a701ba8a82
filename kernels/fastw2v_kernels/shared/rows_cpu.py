"""Rows of matrices inside CPU kernels, of any length and alignment. Callers check ids first, with `any_outside`."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import prefetch
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.memory import CACHE_LINE

AHEAD = 8  # rows: about the latency of memory, divided by the time for one row


@inline_cpu
def any_outside(ids: Int64 | Int32, n_rows: int) -> bool:
    """Whether an id is not a row, 0 to n_rows - 1. The vectorised pass over the ids costs less than a call."""
    wrong = np.int64(0)
    for i in range(ids.shape[0]):
        wrong |= np.int64(np.uint64(ids[i]) >= np.uint64(n_rows))
    return bool(wrong)


@inline_cpu
def prefetch_row(a: Float32, ids: Int64 | Int32, i: int) -> None:
    """Prefetch row ids[i] of a, if there is an i-th id."""
    if i < ids.shape[0]:
        for col in range(0, a.shape[1], CACHE_LINE):
            prefetch(a, ids[i], col)


@inline_cpu
def zero_row(a: Float32, row: int) -> None:
    """a[row] = 0."""
    for col in range(a.shape[1]):
        a[row, col] = 0.0


@inline_cpu
def set_row(a: Float32, row: int, scale: np.float32, b: Float32, b_row: int) -> None:
    """a[row] = scale * b[b_row]."""
    for col in range(a.shape[1]):
        a[row, col] = scale * b[b_row, col]


@inline_cpu
def add_row(a: Float32, row: int, scale: np.float32, b: Float32, b_row: int) -> None:
    """a[row] += scale * b[b_row]."""
    for col in range(a.shape[1]):
        a[row, col] += scale * b[b_row, col]


@inline_cpu
def dot_row(a: Float32, row: int, b: Float32, b_row: int) -> np.float32:
    """Sum of a[row] * b[b_row]."""
    total = np.float32(0)
    for col in range(a.shape[1]):
        total += a[row, col] * b[b_row, col]
    return total


@inline_cpu
def columns_of(a: Float32, thread: int, n_threads: int) -> tuple[int, int]:
    """Return the first and the last column of a thread's share, in whole cache lines."""
    share = -(-a.shape[1] // (n_threads * CACHE_LINE)) * CACHE_LINE
    return min(thread * share, a.shape[1]), min((thread + 1) * share, a.shape[1])


@inline_cpu
def add_columns(a: Float32, row: int, scale: np.float32, b: Float32, b_row: int, columns: tuple[int, int]) -> None:
    """a[row] += scale * b[b_row], in these columns only."""
    to, what = a[row, columns[0] : columns[1]], b[b_row, columns[0] : columns[1]]
    for col in range(to.shape[0]):
        to[col] += scale * what[col]


@inline_cpu
def clear_columns(a: Float32, ids: Int64, columns: tuple[int, int]) -> None:
    """a[ids] = 0, in these columns only."""
    for i in range(ids.shape[0]):
        prefetch_row(a, ids, i + AHEAD)
        stale = a[ids[i], columns[0] : columns[1]]
        for col in range(stale.shape[0]):
            stale[col] = 0.0
