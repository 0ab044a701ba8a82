"""CBOW with negative sampling on the GPU: a warp trains a chunk of tokens, with the context rows on chip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared.arguments import check_axes
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import checked_weights
from fastw2v_kernels.shared.span.inputs import Span, TokenSource
from fastw2v_kernels.shared.span.launch_cuda import LaunchPlan, launch_span, span_kernel
from fastw2v_kernels.shared.span.plan_cuda import CHUNK_TOKENS, MAX_WARPS
from fastw2v_kernels.shared.span.rates_cuda import checked_rates
from fastw2v_kernels.shared.span.scoring_cuda import draw_targets, gather, gradient_step, list_one
from fastw2v_kernels.shared.span.shape_cuda import SpanShape, cbow_shape
from fastw2v_kernels.shared.span.state_cuda import Model, Recent, Ring, WarpBuffers, no_path


@inline_cuda
def set_hidden_vector(ring: Ring, step: WarpBuffers, n: int, hidden: int, n_row: int, scale: np.float32) -> None:
    """Write scale times the sum of the listed rows, except the first, to slot `hidden`."""
    for col in range(cuda.laneid, n_row, 32):
        total = np.float32(0)
        for c in range(1, n):
            total += step.weight[c] * ring.value[step.slot[c] * n_row + col]
        ring.value[hidden * n_row + col] = total * scale


@inline_cuda
def move_contexts(ring: Ring, step: WarpBuffers, n: int, hidden: int, n_row: int, scale: np.float32) -> None:
    """Add scale times the move in slot `hidden` to the listed rows, except the first."""
    for col in range(cuda.laneid, n_row, 32):
        move = ring.value[hidden * n_row + col] * scale
        for c in range(1, n):
            ring.value[step.slot[c] * n_row + col] += step.weight[c] * move


def negatives_trainer(shape: SpanShape, mean_context: bool, mean_gradient: bool) -> Callable[..., float]:
    """Return the function of a kernel that trains the hidden vector of a centre against it and its negatives."""
    train, hidden, n_row = gradient_step(shape, replace=True), shape.n_slots, shape.n_row

    @inline_cuda
    def train_centre(
        model: Model, recent: Recent, ring: Ring, step: WarpBuffers, i: int, low: int, high: int, weight: np.float32
    ) -> float:
        slot = i & (recent.id.shape[0] - 1)
        one, share = np.float32(1), np.float32(1.0 / (high - low - 1))
        list_one(step, hidden)
        n = gather(1, recent, ring, step, i, low, high)
        draw_targets(model, step, recent.id[slot], recent.pos[slot], 0)
        cuda.syncwarp()
        set_hidden_vector(ring, step, n, hidden, n_row, share if mean_context else one)
        lr = weight * np.float32(model.lr_first + model.lr_step * recent.pos[slot])
        loss = train(model, ring, step, 1, lr)
        move_contexts(ring, step, n, hidden, n_row, share if mean_gradient else one)
        cuda.syncwarp()
        return loss

    return train_centre


@cache
def _cbow_ns_cuda_kernel(shape: SpanShape, mean_context: bool, mean_gradient: bool) -> Callable[..., None]:
    return span_kernel(shape, negatives_trainer(shape, mean_context, mean_gradient), is_context_example=False)


def cbow_ns_cuda(
    *,
    w_in: Float32,
    w_out: Float32,
    ids: Int32,
    starts: Int64,
    keep: Float32,
    alias_prob: Float32,
    alias_id: Int32,
    begin: int,
    end: int,
    lr_first: float,
    lr_step: float,
    seed: int,
    epoch: int,
    window: int,
    negative: int,
    shrink_windows: bool,
    mean_context: bool,
    mean_gradient: bool,
    with_loss: bool,
    tally: Float64,
    chunk_tokens: int = CHUNK_TOKENS,
    max_warps: int = MAX_WARPS,
    rate_in: Float32 | None = None,
    rate_out: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Do what `cbow_ns_reference` does, by many warps at once; see `shared/span/launch_cuda.py`."""
    check_axes("w_in", w_in, 2)
    shape = cbow_shape(w_in.shape[1], negative, window)
    shape = replace(shape, with_weights=centre_weight is not None)
    key = epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    launch_span(
        _cbow_ns_cuda_kernel(shape, mean_context, mean_gradient),
        shape,
        tokens._replace(weight=checked_weights(centre_weight, len(ids), on_device=True)),
        model=Model(
            w_in=w_in,
            w_out=w_out,
            alias_prob=alias_prob,
            alias_id=alias_id,
            key=key,
            lr_first=lr_first,
            lr_step=lr_step,
            with_loss=with_loss,
            rate_in=checked_rates("rate_in", rate_in),
            rate_out=checked_rates("rate_out", rate_out),
            **no_path(w_out, starts, alias_id, alias_prob),
        ),
        span=Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step),
        tally=tally,
        plan=LaunchPlan(chunk_tokens, max_warps),
    )
