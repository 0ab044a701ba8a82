"""Scores, probabilities and loss of targets, on the CPU. Several threads divide the examples among them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels.shared.arguments import FLOAT64, check_axes, check_read, check_written, flat_ids, outside
from fastw2v_kernels.shared.array_types import Float32, Float64, Int64
from fastw2v_kernels.shared.cpu import likelihoods
from fastw2v_kernels.shared.rows_cpu import AHEAD, any_outside, dot_row, prefetch_row
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 500_000  # multiplications, about 50 us
_TINY = 1e-200  # a product of probabilities above 1e-7 each is cut here, far from underflow


@inline_cpu
def _fill_row(w: Float32, h: Float32, targets: Int64, labels: Float32, probability: Float32, b: int) -> float:
    """Fill probability[b]; return the row's loss, one logarithm for the product of its labels' probabilities."""
    n_targets = labels.shape[0]
    loss, product = 0.0, 1.0
    for t in range(n_targets):
        i = b * n_targets + t
        prefetch_row(w, targets, i + AHEAD)
        score = dot_row(h, b, w, targets[i])
        likely, unlikely = likelihoods(score)
        probability[b, t] = likely if score >= 0 else unlikely
        product *= float(likely if (score >= 0) == (labels[t] == 1) else unlikely) + 1e-7
        if product < _TINY:
            loss -= math.log(product)
            product = 1.0
    return loss - math.log(product)


@jit_cpu
def _dot_sigmoid_loss_cpu_kernel(
    thread: int,
    n_threads: int,
    w: Float32,
    h: Float32,
    targets: Int64,
    labels: Float32,
    probability: Float32,
    row_loss: Float64,
) -> int:
    if any_outside(targets, w.shape[0]):
        return 1
    batch = h.shape[0]
    for b in range(batch * thread // n_threads, batch * (thread + 1) // n_threads):
        row_loss[b] = _fill_row(w, h, targets, labels, probability, b)
    return 0


def dot_sigmoid_loss_cpu(
    w: Float32,
    h: Float32,
    targets: NDArray[np.integer[Any]],
    *,
    labels: Float32,
    probability: Float32,
    loss: Float64,
) -> None:
    """Do what `dot_sigmoid_loss_reference` does."""
    check_axes("w", w, 2)
    check_axes("targets", targets, 2)
    check_read("w", w, w.shape)
    check_read("h", h, (targets.shape[0], w.shape[1]))
    check_read("labels", labels, targets.shape[1:])
    check_written("probability", probability, targets.shape)
    check_written("loss", loss, (1,), dtype=FLOAT64)
    rows, row_loss = flat_ids("targets", targets), np.empty(h.shape[0])
    n_threads = threads_for(rows.shape[0] * w.shape[1], _WORK_PER_THREAD)
    if run_on_threads(_dot_sigmoid_loss_cpu_kernel, n_threads, w, h, rows, labels, probability, row_loss):
        raise outside("targets", rows, w.shape[0])
    loss[0] = np.add.reduce(row_loss) / max(h.shape[0], 1)
