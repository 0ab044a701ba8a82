"""Gradient of `embedding` on the GPU: a thread for each element of dout adds it to the rows of its example."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cuda import cuda, jit_cuda, launch_elements
from fastw2v_kernels.shared.arguments import check_axes, check_ids, check_read
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.rows_cuda import clear_rows, is_row


@jit_cuda
def _embedding_backward_cuda_kernel(dw: Float32, ids: Int64, scale: np.float32, dout: Float32) -> None:
    col, first = cuda.grid(2)
    if col < dout.shape[1]:
        for b in range(first, dout.shape[0], cuda.gridsize(2)[1]):
            move = scale * dout[b, col]
            for j in range(ids.shape[1]):
                if is_row(ids[b, j], dw):
                    cuda.atomic.add(dw, (ids[b, j], col), move)


def embedding_backward_cuda(
    dw: Float32, stale_ids: NDArray[np.integer[Any]], ids: NDArray[np.integer[Any]], *, scale: float, dout: Float32
) -> None:
    """Do what `embedding_backward_reference` does; an id that is not a row is ignored.

    Rows that occur once are the same in every run. Where a row repeats, its float32 atomics come in any order, and the
    last bits of the sum differ from run to run.
    """
    check_axes("dw", dw, 2)
    check_ids("stale_ids", stale_ids, 1)
    check_ids("ids", ids, 2)
    check_read("dw", dw, dw.shape)
    check_read("dout", dout, (ids.shape[0], dw.shape[1]))
    clear_rows(dw, stale_ids)
    launch_elements(_embedding_backward_cuda_kernel, *dout.shape, dw, ids, np.float32(scale), dout)
