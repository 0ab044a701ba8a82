"""Adam as in the book, on the CPU: one pass. Several threads divide the elements among them."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.adam import Rates
from fastw2v_kernels.shared.arguments import check_read, check_written
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.cpu import adam_step
from fastw2v_kernels.shared.memory import CACHE_LINE
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 200_000  # elements, about 100 us


@jit_cpu
def _adam_cpu_kernel(
    thread: int, n_threads: int, param: Float32, grad: Float32, m: Float32, v: Float32, rates: Rates
) -> int:
    lr_t, rate1, rate2 = rates
    share = -(-param.shape[0] // (n_threads * CACHE_LINE)) * CACHE_LINE
    first, last = thread * share, (thread + 1) * share
    # Slices, since LLVM vectorises a loop only if it can see that no index is negative.
    param, grad, m, v = param[first:last], grad[first:last], m[first:last], v[first:last]
    for i in range(param.shape[0]):
        param[i], m[i], v[i] = adam_step(param[i], grad[i], m[i], v[i], lr_t, rate1, rate2)
    return 0


def adam_cpu(param: Float32, grad: Float32, m: Float32, *, v: Float32, lr_t: float, beta1: float, beta2: float) -> None:
    """Do what `adam_reference` does."""
    check_written("param", param, param.shape)
    check_read("grad", grad, param.shape)
    check_written("m", m, param.shape)
    check_written("v", v, param.shape)
    rates = np.float32(lr_t), np.float32(1 - beta1), np.float32(1 - beta2)
    flat = (array.reshape(-1) for array in (param, grad, m, v))
    run_on_threads(_adam_cpu_kernel, threads_for(param.size, _WORK_PER_THREAD), *flat, rates)
