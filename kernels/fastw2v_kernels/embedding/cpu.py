"""Sum of the rows with the given ids, on the CPU. Several threads divide the examples among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.arguments import check_axes, check_read, check_written, flat_ids, outside
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.rows_cpu import AHEAD, add_row, any_outside, prefetch_row, set_row, zero_row
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 500_000  # floats read, about 50 us


@jit_cpu
def _embedding_cpu_kernel(thread: int, n_threads: int, w: Float32, ids: Int64, scale: np.float32, out: Float32) -> int:
    if any_outside(ids, w.shape[0]):
        return 1
    batch = out.shape[0]
    n = ids.shape[0] // max(batch, 1)
    for b in range(batch * thread // n_threads, batch * (thread + 1) // n_threads):
        first = b * n
        if n == 0:
            zero_row(out, b)
        else:
            prefetch_row(w, ids, first + AHEAD)
            set_row(out, b, scale, w, ids[first])
        for i in range(first + 1, first + n):
            prefetch_row(w, ids, i + AHEAD)
            add_row(out, b, scale, w, ids[i])
    return 0


def embedding_cpu(w: Float32, ids: NDArray[np.integer[Any]], scale: float, *, out: Float32) -> None:
    """Do what `embedding_reference` does."""
    check_axes("w", w, 2)
    check_axes("ids", ids, 2)
    check_read("w", w, w.shape)
    check_written("out", out, (ids.shape[0], w.shape[1]))
    rows = flat_ids("ids", ids)
    n_threads = threads_for(rows.shape[0] * w.shape[1], _WORK_PER_THREAD)
    if run_on_threads(_embedding_cpu_kernel, n_threads, w, rows, np.float32(scale), out):
        raise outside("ids", rows, w.shape[0])
