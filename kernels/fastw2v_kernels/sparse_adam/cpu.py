"""Adam for touched rows only, on the CPU. Several threads divide the rows among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.adam import Rates
from fastw2v_kernels.shared.arguments import check_axes, check_read, check_written, flat_ids, outside
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.cpu import adam_step
from fastw2v_kernels.shared.rows_cpu import any_outside, prefetch_row
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_AHEAD = 2  # rows of four matrices
_WORK_PER_THREAD = 200_000  # elements, about 200 us


@jit_cpu
def _sparse_adam_cpu_kernel(
    thread: int, n_threads: int, param: Float32, grad: Float32, m: Float32, v: Float32, rows: Int64, rates: Rates
) -> int:
    lr_t, rate1, rate2 = rates
    if any_outside(rows, param.shape[0]):
        return 1
    n = rows.shape[0]
    for i in range(n * thread // n_threads, n * (thread + 1) // n_threads):
        prefetch_row(param, rows, i + _AHEAD)
        prefetch_row(grad, rows, i + _AHEAD)
        prefetch_row(m, rows, i + _AHEAD)
        prefetch_row(v, rows, i + _AHEAD)
        r = rows[i]
        for col in range(param.shape[1]):
            param[r, col], m[r, col], v[r, col] = adam_step(
                param[r, col], grad[r, col], m[r, col], v[r, col], lr_t, rate1, rate2
            )
    return 0


def sparse_adam_cpu(
    param: Float32,
    grad: Float32,
    m: Float32,
    *,
    v: Float32,
    rows: NDArray[np.integer[Any]],
    lr_t: float,
    beta1: float,
    beta2: float,
) -> None:
    """Do what `sparse_adam_reference` does. A row that is listed twice may move by either step, or by both."""
    check_axes("param", param, 2)
    check_written("param", param, param.shape)
    check_read("grad", grad, param.shape)
    check_written("m", m, param.shape)
    check_written("v", v, param.shape)
    ids = flat_ids("rows", rows)
    rates = np.float32(lr_t), np.float32(1 - beta1), np.float32(1 - beta2)
    n_threads = threads_for(ids.shape[0] * param.shape[1], _WORK_PER_THREAD)
    if run_on_threads(_sparse_adam_cpu_kernel, n_threads, param, grad, m, v, ids, rates):
        raise outside("rows", ids, param.shape[0])
