"""The different ids of a batch, on the CPU, in one thread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels._simd import prefetch_element
from fastw2v_kernels.shared.arguments import INT64, UINT8, check_axes, check_written, flat_ids, outside
from fastw2v_kernels.shared.array_types import Int64
from fastw2v_kernels.shared.rows_cpu import any_outside

_AHEAD = 16  # marks


@jit_cpu
def _unique_rows_cpu_kernel(ids: Int64, marks: NDArray[np.uint8], rows: Int64) -> int:
    if any_outside(ids, marks.shape[0]):
        return -1
    n = 0
    for i in range(ids.shape[0]):
        if i + _AHEAD < ids.shape[0]:
            prefetch_element(marks, ids[i + _AHEAD])
        # No branch, since it cannot be predicted whether an id is new: the next id overwrites one that is not.
        rows[n] = ids[i]
        n += 1 - marks[ids[i]]
        marks[ids[i]] = 1
    for i in range(n):
        marks[rows[i]] = 0
    for i in range(n, ids.shape[0]):
        rows[i] = -1
    return n


def unique_rows_cpu(ids: NDArray[np.integer[Any]], marks: NDArray[np.uint8], rows: Int64, *, n_unique: Int64) -> None:
    """Do what `unique_rows_reference` does."""
    flat = flat_ids("ids", ids)
    check_axes("marks", marks, 1)
    check_written("marks", marks, marks.shape, dtype=UINT8)
    check_written("rows", rows, flat.shape, dtype=INT64)
    check_written("n_unique", n_unique, (1,), dtype=INT64)
    n = _unique_rows_cpu_kernel(flat, marks, rows)
    if n < 0:
        raise outside("ids", flat, marks.shape[0])
    n_unique[0] = n
