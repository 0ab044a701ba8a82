"""Gradients of `dot_sigmoid_loss` on the GPU: a thread for each element of dh, which also adds to dw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cuda import cuda, jit_cuda, launch_elements
from fastw2v_kernels.shared.arguments import check_axes, check_ids, check_read
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.rows_cuda import clear_rows, element, is_row


@jit_cuda
def _dot_sigmoid_loss_backward_cuda_kernel(
    w: Float32,
    h: Float32,
    targets: Int64,
    labels: Float32,
    probability: Float32,
    rate: np.float32,
    dh: Float32,
    dw: Float32,
) -> None:
    col, first = cuda.grid(2)
    if col < h.shape[1]:
        for b in range(first, h.shape[0], cuda.gridsize(2)[1]):
            hidden, total = h[b, col], np.float32(0)
            for t in range(labels.shape[0]):
                d = (probability[b, t] - labels[t]) * rate
                total += d * element(w, targets[b, t], col)
                if is_row(targets[b, t], dw):
                    cuda.atomic.add(dw, (targets[b, t], col), d * hidden)
            dh[b, col] = total


def dot_sigmoid_loss_backward_cuda(
    w: Float32,
    h: Float32,
    targets: NDArray[np.integer[Any]],
    *,
    labels: Float32,
    probability: Float32,
    dout: float,
    stale_ids: NDArray[np.integer[Any]],
    dh: Float32,
    dw: Float32,
) -> None:
    """Do what `dot_sigmoid_loss_backward_reference` does; a target that is not a row gives NaN in dh.

    dh is the same in every run, and so are the rows of dw that are targets once. Where one repeats, its float32 atomics
    come in any order, and the last bits of the sum differ from run to run.
    """
    check_axes("w", w, 2)
    check_ids("targets", targets, 2)
    check_ids("stale_ids", stale_ids, 1)
    check_read("w", w, w.shape)
    check_read("h", h, (targets.shape[0], w.shape[1]))
    check_read("labels", labels, targets.shape[1:])
    check_read("probability", probability, targets.shape)
    check_read("dh", dh, h.shape)
    check_read("dw", dw, w.shape)
    rate = np.float32(dout / max(h.shape[0], 1))
    clear_rows(dw, stale_ids)
    launch_elements(_dot_sigmoid_loss_backward_cuda_kernel, *h.shape, w, h, targets, labels, probability, rate, dh, dw)
