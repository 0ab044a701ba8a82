"""Adam as in the book, on the GPU: one pass, with a thread for each element."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, jit_cuda, launch_flat
from fastw2v_kernels.shared.arguments import check_read
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.cuda import adam_step


@jit_cuda
def _adam_cuda_kernel(
    param: Float32, grad: Float32, m: Float32, v: Float32, lr_t: np.float32, rate1: np.float32, rate2: np.float32
) -> None:
    for i in range(cuda.grid(1), param.shape[0], cuda.gridsize(1)):
        param[i], m[i], v[i] = adam_step(param[i], grad[i], m[i], v[i], lr_t, rate1, rate2)


def adam_cuda(
    param: Float32, grad: Float32, m: Float32, *, v: Float32, lr_t: float, beta1: float, beta2: float
) -> None:
    """Do what `adam_reference` does."""
    check_read("param", param, param.shape)
    check_read("grad", grad, param.shape)
    check_read("m", m, param.shape)
    check_read("v", v, param.shape)
    rates = np.float32(lr_t), np.float32(1 - beta1), np.float32(1 - beta2)
    launch_flat(_adam_cuda_kernel, param.size, *(array.reshape(-1) for array in (param, grad, m, v)), *rates)
