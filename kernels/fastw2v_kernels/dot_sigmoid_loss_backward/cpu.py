"""Gradients of `dot_sigmoid_loss` on the CPU. Several threads divide the examples for dh, and the columns for dw."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels.shared.arguments import check_axes, check_read, check_written, first_outside, flat_ids
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.rows_cpu import (
    AHEAD,
    add_columns,
    add_row,
    any_outside,
    clear_columns,
    columns_of,
    prefetch_row,
    zero_row,
)
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 1_000_000  # floats cleared and added to dw, about 200 us


class Scored(NamedTuple):
    """The arguments of the forward step; arrays as in `dot_sigmoid_loss_reference`.

    The kernel gets it as a plain tuple; see `run_on_threads`.
    """

    w: Float32
    h: Float32
    targets: Int64
    labels: Float32
    probability: Float32


@inline_cpu
def _hidden_row(
    w: Float32, targets: Int64, labels: Float32, probability: Float32, rate: np.float32, dh: Float32, b: int
) -> None:
    zero_row(dh, b)
    for t in range(labels.shape[0]):
        i = b * labels.shape[0] + t
        prefetch_row(w, targets, i + AHEAD)
        add_row(dh, b, (probability[b, t] - labels[t]) * rate, w, targets[i])


@jit_cpu
def _dot_sigmoid_loss_backward_cpu_kernel(
    thread: int,
    n_threads: int,
    scored: Scored,
    rate: np.float32,
    stale_ids: Int64,
    dh: Float32,
    dw: Float32,
) -> int:
    w, h, targets, labels, probability = scored
    if any_outside(stale_ids, w.shape[0]) or any_outside(targets, w.shape[0]):
        return 1
    batch = h.shape[0]
    for b in range(batch * thread // n_threads, batch * (thread + 1) // n_threads):
        _hidden_row(w, targets, labels, probability, rate, dh, b)
    columns = columns_of(dw, thread, n_threads)
    clear_columns(dw, stale_ids, columns)
    for b in range(batch):
        for t in range(labels.shape[0]):
            i = b * labels.shape[0] + t
            prefetch_row(dw, targets, i + AHEAD)
            add_columns(dw, targets[i], (probability[b, t] - labels[t]) * rate, h, b, columns)
    return 0


def dot_sigmoid_loss_backward_cpu(
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
    """Do what `dot_sigmoid_loss_backward_reference` does."""
    check_axes("w", w, 2)
    check_axes("targets", targets, 2)
    check_read("w", w, w.shape)
    check_read("h", h, (targets.shape[0], w.shape[1]))
    check_read("labels", labels, targets.shape[1:])
    check_read("probability", probability, targets.shape)
    check_written("dh", dh, h.shape)
    check_written("dw", dw, w.shape)
    stale, rows = flat_ids("stale_ids", stale_ids), flat_ids("targets", targets)
    rate = np.float32(dout / max(h.shape[0], 1))
    n_threads = threads_for((stale.shape[0] + rows.shape[0]) * w.shape[1], _WORK_PER_THREAD)
    scored = Scored(w=w, h=h, targets=rows, labels=labels, probability=probability)
    if run_on_threads(_dot_sigmoid_loss_backward_cpu_kernel, n_threads, tuple(scored), rate, stale, dh, dw):
        raise first_outside(w.shape[0], stale_ids=stale, targets=rows)
