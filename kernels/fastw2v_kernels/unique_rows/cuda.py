"""The different ids of a batch, on the GPU: each row keeps the first place where it occurs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cuda import array_module, cuda, jit_cuda, launch_flat
from fastw2v_kernels.shared.arguments import INT64, UINT8, check_axes, check_ids, check_read
from fastw2v_kernels.shared.array_types import Int64
from fastw2v_kernels.shared.rows_cuda import is_row


@jit_cuda
def _forget_places_cuda_kernel(ids: Int64, place: Int64) -> None:
    for i in range(cuda.grid(1), ids.shape[0], cuda.gridsize(1)):
        if is_row(ids[i], place):
            place[ids[i]] = ids.shape[0]


@jit_cuda
def _keep_first_places_cuda_kernel(ids: Int64, place: Int64) -> None:
    for i in range(cuda.grid(1), ids.shape[0], cuda.gridsize(1)):
        if is_row(ids[i], place):
            cuda.atomic.min(place, ids[i], i)


@jit_cuda
def _mark_first_places_cuda_kernel(ids: Int64, place: Int64, is_first: Int64) -> None:
    for i in range(cuda.grid(1), ids.shape[0], cuda.gridsize(1)):
        is_first[i] = is_row(ids[i], place) and place[ids[i]] == i


@jit_cuda
def _list_rows_cuda_kernel(ids: Int64, n_until: Int64, rows: Int64) -> None:
    for i in range(cuda.grid(1), ids.shape[0], cuda.gridsize(1)):
        if n_until[i] > (n_until[i - 1] if i > 0 else 0):
            rows[n_until[i] - 1] = ids[i]


def unique_rows_cuda(ids: NDArray[np.integer[Any]], marks: NDArray[np.uint8], rows: Int64, *, n_unique: Int64) -> None:
    """Do what `unique_rows_reference` does; ids that are not rows are left out. Only the length of `marks` is used."""
    check_ids("ids", ids, ids.ndim)
    check_axes("marks", marks, 1)
    check_read("marks", marks, marks.shape, dtype=UINT8)
    check_read("rows", rows, (ids.size,), dtype=INT64)
    check_read("n_unique", n_unique, (1,), dtype=INT64)
    xp, flat, n = array_module(), ids.reshape(-1), ids.size
    place, is_first = xp.empty(marks.shape, np.int64), xp.empty(n, np.int64)
    launch_flat(_forget_places_cuda_kernel, n, flat, place)
    launch_flat(_keep_first_places_cuda_kernel, n, flat, place)
    launch_flat(_mark_first_places_cuda_kernel, n, flat, place, is_first)
    n_until = xp.cumsum(is_first)
    rows.fill(-1)
    launch_flat(_list_rows_cuda_kernel, n, flat, n_until, rows)
    n_unique[...] = n_until[-1] if n else 0
