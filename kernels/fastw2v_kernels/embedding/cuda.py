"""Sum of the rows with the given ids, on the GPU, with a thread for each element of the result."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cuda import cuda, jit_cuda, launch_elements
from fastw2v_kernels.shared.arguments import check_axes, check_ids, check_read
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.rows_cuda import element


@jit_cuda
def _embedding_cuda_kernel(w: Float32, ids: Int64, scale: np.float32, out: Float32) -> None:
    col, first = cuda.grid(2)
    if col < out.shape[1]:
        for b in range(first, out.shape[0], cuda.gridsize(2)[1]):
            total = np.float32(0)
            for j in range(ids.shape[1]):
                total += element(w, ids[b, j], col)
            out[b, col] = scale * total


def embedding_cuda(w: Float32, ids: NDArray[np.integer[Any]], scale: float, *, out: Float32) -> None:
    """Do what `embedding_reference` does; where an id is not a row, the result is NaN."""
    check_axes("w", w, 2)
    check_ids("ids", ids, 2)
    check_read("w", w, w.shape)
    check_read("out", out, (ids.shape[0], w.shape[1]))
    launch_elements(_embedding_cuda_kernel, *out.shape, w, ids, np.float32(scale), out)
