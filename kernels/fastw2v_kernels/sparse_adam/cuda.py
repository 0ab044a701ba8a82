"""Adam for touched rows only, on the GPU, with a thread for each element."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cuda import cuda, jit_cuda, launch_elements
from fastw2v_kernels.shared.adam import Rates
from fastw2v_kernels.shared.arguments import check_axes, check_ids, check_read
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.cuda import adam_step
from fastw2v_kernels.shared.rows_cuda import is_row


@jit_cuda
def _sparse_adam_cuda_kernel(param: Float32, grad: Float32, m: Float32, v: Float32, rows: Int64, rates: Rates) -> None:
    lr_t, rate1, rate2 = rates
    col, first = cuda.grid(2)
    if col < param.shape[1]:
        for i in range(first, rows.shape[0], cuda.gridsize(2)[1]):
            r = rows[i]
            if is_row(r, param):
                param[r, col], m[r, col], v[r, col] = adam_step(
                    param[r, col], grad[r, col], m[r, col], v[r, col], lr_t, rate1, rate2
                )


def sparse_adam_cuda(
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
    """Do what `sparse_adam_reference` does; an id that is not a row is ignored."""
    check_axes("param", param, 2)
    check_ids("rows", rows, 1)
    check_read("param", param, param.shape)
    check_read("grad", grad, param.shape)
    check_read("m", m, param.shape)
    check_read("v", v, param.shape)
    rates = np.float32(lr_t), np.float32(1 - beta1), np.float32(1 - beta2)
    launch_elements(_sparse_adam_cuda_kernel, rows.shape[0], param.shape[1], param, grad, m, v, rows, rates)
