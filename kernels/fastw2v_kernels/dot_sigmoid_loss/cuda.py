"""Scores, probabilities and loss of targets, on the GPU, with a warp for each target."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cuda import cuda, jit_cuda, launch_rows
from fastw2v_kernels.shared.arguments import FLOAT64, check_axes, check_ids, check_read
from fastw2v_kernels.shared.array_types import Float32, Float64, Int64
from fastw2v_kernels.shared.cuda import likelihoods
from fastw2v_kernels.shared.rows_cuda import add_block_sum, warp_dot

_LOG_FLOOR = np.float32(1e-7)


@jit_cuda
def _dot_sigmoid_loss_cuda_kernel(
    w: Float32, h: Float32, targets: Int64, labels: Float32, probability: Float32, loss: Float64
) -> None:
    lane, first = cuda.grid(2)
    n_targets = labels.shape[0]
    total = 0.0
    for i in range(first, targets.shape[0], cuda.gridsize(2)[1]):
        b = i // n_targets
        score = warp_dot(w, targets[i], h, b)
        likely, unlikely = likelihoods(score)
        if lane == 0:
            probability[i] = likely if score >= 0 else unlikely
            right = likely if (score >= 0) == (labels[i - b * n_targets] == 1) else unlikely
            total -= math.log(right + _LOG_FLOOR)
    add_block_sum(loss, total / h.shape[0])


def dot_sigmoid_loss_cuda(
    w: Float32,
    h: Float32,
    targets: NDArray[np.integer[Any]],
    *,
    labels: Float32,
    probability: Float32,
    loss: Float64,
) -> None:
    """Do what `dot_sigmoid_loss_reference` does; where a target is not a row, probability and loss are NaN.

    Probabilities are the same in every run. The loss is a float64 sum, in a fixed order within a block; blocks add
    theirs in the order in which they end, so that with several blocks its last bits differ from run to run.
    """
    check_axes("w", w, 2)
    check_ids("targets", targets, 2)
    check_read("w", w, w.shape)
    check_read("h", h, (targets.shape[0], w.shape[1]))
    check_read("labels", labels, targets.shape[1:])
    check_read("probability", probability, targets.shape)
    check_read("loss", loss, (1,), dtype=FLOAT64)
    loss.fill(0)
    args = w, h, targets.reshape(-1), labels, probability.reshape(-1), loss
    launch_rows(_dot_sigmoid_loss_cuda_kernel, targets.size, *args)
