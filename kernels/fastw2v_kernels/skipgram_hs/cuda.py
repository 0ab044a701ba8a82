"""Skip-gram with hierarchical softmax on the GPU: a warp trains a chunk of tokens, with the context rows on chip."""

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
from fastw2v_kernels.shared.span.contexts import contexts_per_step
from fastw2v_kernels.shared.span.inputs import Span, TokenSource
from fastw2v_kernels.shared.span.launch_cuda import LaunchPlan, launch_span, span_kernel
from fastw2v_kernels.shared.span.path_cuda import path_step
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.plan_cuda import CHUNK_TOKENS, MAX_WARPS
from fastw2v_kernels.shared.span.rates_cuda import checked_rates
from fastw2v_kernels.shared.span.scoring_cuda import gather
from fastw2v_kernels.shared.span.shape_cuda import SpanShape, skipgram_shape
from fastw2v_kernels.shared.span.state_cuda import Model, Recent, Ring, WarpBuffers, noise_or
from fastw2v_kernels.skipgram_ns.cuda import negatives_trainer


@cache
def _skipgram_hs_cuda_kernel(shape: SpanShape, share_negatives: bool) -> Callable[..., None]:
    train, n_per_step = path_step(shape, replace=False), contexts_per_step(shape.window)
    train_negatives, with_negatives = negatives_trainer(shape, share_negatives), shape.n_targets > 1

    @inline_cuda
    def train_contexts(
        model: Model, recent: Recent, ring: Ring, step: WarpBuffers, i: int, low: int, high: int, weight: np.float32
    ) -> float:
        """Train each `n_per_step` contexts against the path in one step, and all of them with negatives then."""
        loss, n_contexts, slot = 0.0, high - low - 1, i & (recent.id.shape[0] - 1)
        lr = weight * np.float32(model.lr_first + model.lr_step * recent.pos[slot])
        for first in range(0, n_contexts, n_per_step):
            start, stop = low + first, low + min(first + n_per_step, n_contexts)
            n = gather(0, recent, ring, step, i, start + (start >= i), stop + (stop > i))
            loss += train(model, ring, step, recent.id[slot], n, lr)
        if with_negatives:
            loss += train_negatives(model, recent, ring, step, i, low, high, weight)
        return loss

    return span_kernel(shape, train_contexts, is_context_example=True)


def skipgram_hs_cuda(
    *,
    w_in: Float32,
    w_node: Float32,
    ids: Int32,
    starts: Int64,
    keep: Float32,
    path_starts: Int64,
    path_steps: Int32,
    begin: int,
    end: int,
    lr_first: float,
    lr_step: float,
    seed: int,
    epoch: int,
    window: int,
    shrink_windows: bool,
    with_loss: bool,
    tally: Float64,
    negative: int = 0,
    share_negatives: bool = True,
    w_out: Float32 | None = None,
    alias_prob: Float32 | None = None,
    alias_id: Int32 | None = None,
    chunk_tokens: int = CHUNK_TOKENS,
    max_warps: int = MAX_WARPS,
    rate_in: Float32 | None = None,
    rate_out: Float32 | None = None,
    rate_node: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Do what `skipgram_hs_reference` does, by many warps at once; see `shared/span/launch_cuda.py`."""
    check_axes("w_in", w_in, 2)
    shape = skipgram_shape(w_in.shape[1], negative, window, share_negatives=share_negatives, hs=1)
    shape = replace(shape, with_weights=centre_weight is not None)
    key = epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    launch_span(
        _skipgram_hs_cuda_kernel(shape, share_negatives),
        shape,
        tokens._replace(weight=checked_weights(centre_weight, len(ids), on_device=True)),
        model=Model(
            w_in=w_in,
            **noise_or(negative, w_out, alias_prob, alias_id, w_node=w_node, keep=keep, path_steps=path_steps),
            key=key,
            lr_first=lr_first,
            lr_step=lr_step,
            with_loss=with_loss,
            rate_in=checked_rates("rate_in", rate_in),
            rate_out=checked_rates("rate_out", rate_out),
            w_node=w_node,
            paths=Paths(path_starts, path_steps),
            rate_node=checked_rates("rate_node", rate_node),
        ),
        span=Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step),
        tally=tally,
        plan=LaunchPlan(chunk_tokens, max_warps),
    )
