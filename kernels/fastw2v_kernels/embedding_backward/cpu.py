"""Gradient of `embedding` on the CPU. Several threads divide the columns among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.arguments import check_axes, check_read, check_written, first_outside, flat_ids
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.rows_cpu import AHEAD, add_columns, any_outside, clear_columns, columns_of, prefetch_row
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 1_000_000  # floats added, about 150 us


@jit_cpu
def _embedding_backward_cpu_kernel(
    thread: int, n_threads: int, dw: Float32, stale_ids: Int64, ids: Int64, scale: np.float32, dout: Float32
) -> int:
    if any_outside(stale_ids, dw.shape[0]) or any_outside(ids, dw.shape[0]):
        return 1
    columns = columns_of(dw, thread, n_threads)
    clear_columns(dw, stale_ids, columns)
    batch = dout.shape[0]
    n = ids.shape[0] // max(batch, 1)
    for b in range(batch):
        for i in range(b * n, b * n + n):
            prefetch_row(dw, ids, i + AHEAD)
            add_columns(dw, ids[i], scale, dout, b, columns)
    return 0


def embedding_backward_cpu(
    dw: Float32, stale_ids: NDArray[np.integer[Any]], ids: NDArray[np.integer[Any]], *, scale: float, dout: Float32
) -> None:
    """Do what `embedding_backward_reference` does."""
    check_axes("dw", dw, 2)
    check_axes("ids", ids, 2)
    check_written("dw", dw, dw.shape)
    check_read("dout", dout, (ids.shape[0], dw.shape[1]))
    stale, rows = flat_ids("stale_ids", stale_ids), flat_ids("ids", ids)
    n_threads = threads_for((stale.shape[0] + rows.shape[0]) * dw.shape[1], _WORK_PER_THREAD)
    if run_on_threads(_embedding_backward_cpu_kernel, n_threads, dw, stale, rows, np.float32(scale), dout):
        raise first_outside(dw.shape[0], stale_ids=stale, ids=rows)
