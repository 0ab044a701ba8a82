"""Skip-gram with negative sampling on the GPU: a warp trains a chunk of tokens, with the context rows on chip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from fastw2v_kernels._jit.cuda import inline_cuda
from fastw2v_kernels.shared.arguments import check_axes
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import checked_weights
from fastw2v_kernels.shared.span.contexts import SCORED_TOGETHER
from fastw2v_kernels.shared.span.inputs import Span, TokenSource
from fastw2v_kernels.shared.span.launch_cuda import LaunchPlan, launch_span, span_kernel
from fastw2v_kernels.shared.span.plan_cuda import CHUNK_TOKENS, MAX_WARPS
from fastw2v_kernels.shared.span.rates_cuda import checked_rates
from fastw2v_kernels.shared.span.scoring_cuda import draw_targets, gather_in_turn, gradient_step
from fastw2v_kernels.shared.span.shape_cuda import SpanShape, skipgram_shape
from fastw2v_kernels.shared.span.state_cuda import Model, Recent, Ring, WarpBuffers, no_path
from fastw2v_kernels.skipgram_ns.pairs_cuda import pairs_trainer


def negatives_trainer(shape: SpanShape, share_negatives: bool) -> Callable[..., float]:
    """Return the function of a kernel that trains the contexts of a centre against it and its negatives."""
    if not share_negatives:
        return pairs_trainer(shape)
    train = gradient_step(shape, replace=False)

    @inline_cuda
    def train_together(
        model: Model, recent: Recent, ring: Ring, step: WarpBuffers, i: int, low: int, high: int, weight: np.float32
    ) -> float:
        """Train the contexts in groups that are scored together; a word that occurs twice in one counts twice."""
        loss, n_contexts, slot = 0.0, high - low - 1, i & (recent.id.shape[0] - 1)
        lr = weight * np.float32(model.lr_first + model.lr_step * recent.pos[slot])
        draw_targets(model, step, recent.id[slot], recent.pos[slot], 0)
        for first in range(0, n_contexts, SCORED_TOGETHER):
            start, stop = low + first, low + min(first + SCORED_TOGETHER, n_contexts)
            n = gather_in_turn(recent, ring, step, i, start + (start >= i), stop + (stop > i))
            loss += train(model, ring, step, n, lr)
        return loss

    return train_together


@cache
def _skipgram_ns_cuda_kernel(shape: SpanShape, share_negatives: bool) -> Callable[..., None]:
    return span_kernel(shape, negatives_trainer(shape, share_negatives), is_context_example=True)


def skipgram_ns_cuda(
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
    share_negatives: bool,
    with_loss: bool,
    tally: Float64,
    chunk_tokens: int = CHUNK_TOKENS,
    max_warps: int = MAX_WARPS,
    rate_in: Float32 | None = None,
    rate_out: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Do what `skipgram_ns_reference` does, by many warps at once; see `shared/span/launch_cuda.py`."""
    check_axes("w_in", w_in, 2)
    shape = skipgram_shape(w_in.shape[1], negative, window, share_negatives=share_negatives)
    shape = replace(shape, with_weights=centre_weight is not None)
    key = epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    launch_span(
        _skipgram_ns_cuda_kernel(shape, share_negatives),
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
