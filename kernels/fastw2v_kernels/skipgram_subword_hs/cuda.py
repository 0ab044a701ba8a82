"""Skip-gram with subwords and hierarchical softmax on the GPU: a warp trains a chunk, the hidden vector on chip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from fastw2v_kernels._jit.cuda import inline_cuda
from fastw2v_kernels.shared.arguments import check_axes
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import checked_weights
from fastw2v_kernels.shared.span.inputs import Span, TokenSource
from fastw2v_kernels.shared.span.launch_cuda import LaunchPlan
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.plan_cuda import MAX_WARPS
from fastw2v_kernels.shared.span.rates_cuda import checked_rates
from fastw2v_kernels.shared.span.state_cuda import Model, noise_or
from fastw2v_kernels.shared.span.subword_launch_cuda import launch_subwords, subword_kernel
from fastw2v_kernels.shared.span.subword_lists_cuda import list_nodes
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape, skipgram_subword_shape
from fastw2v_kernels.shared.span.subword_state_cuda import WarpMemory, set_positives
from fastw2v_kernels.shared.span.subword_step_cuda import subword_step
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, Subwords
from fastw2v_kernels.skipgram_subword_ns.cuda import centre_trainer, follow_move, negatives_trainer, nothing_left


def _paths_trainer(shape: SubwordShape) -> Callable[..., float]:
    """Return the function of a kernel that trains hidden vector 0 against the paths to the contexts of its centre."""
    train, n_row, n_per_step = subword_step(shape, is_path=True), shape.n_row, shape.n_paths

    @inline_cuda
    def train_paths(model: Model, memory: WarpMemory, i: int, low: int, high: int) -> float:
        _, vectors, step = memory
        loss, n_contexts = 0.0, high - low - 1
        for first in range(0, n_contexts, n_per_step):
            start, stop = low + first, low + min(first + n_per_step, n_contexts)
            set_positives(step, 0, start + (start >= i), stop + (stop > i), i)
            n = list_nodes(model.paths, memory)
            loss += train(model.w_node, model.rate_node, memory, 1, n, model.with_loss)
            follow_move(vectors, n_row)
        return loss

    return train_paths


@cache
def _skipgram_subword_hs_cuda_kernel(shape: SubwordShape, share_negatives: bool) -> Callable[..., None]:
    train_paths, train_negatives = _paths_trainer(shape), negatives_trainer(shape, share_negatives)
    with_negatives = shape.n_negatives > 0

    @inline_cuda
    def train_steps(model: Model, memory: WarpMemory, i: int, low: int, high: int) -> float:
        loss: float = train_paths(model, memory, i, low, high)
        if with_negatives:
            loss += train_negatives(model, memory, i, low, high)
        return loss

    return subword_kernel(shape, centre_trainer(shape, train_steps), nothing_left)


def skipgram_subword_hs_cuda(
    *,
    w_in: Float32,
    w_node: Float32,
    row_ids: Int32,
    row_starts: Int64,
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
    chunk_tokens: int = TOKENS_PER_BLOCK,
    max_warps: int = MAX_WARPS,
    rate_in: Float32 | None = None,
    rate_out: Float32 | None = None,
    rate_node: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Do what `skipgram_subword_hs_reference` does, by many warps at once; see `subword_launch_cuda`."""
    check_axes("w_in", w_in, 2)
    check_axes("w_node", w_node, 2)
    shape = skipgram_subword_shape(w_in.shape[1], negative, window, share_negatives=share_negatives, hs=1)
    shape, key = replace(shape, with_weights=centre_weight is not None), epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    launch_subwords(
        _skipgram_subword_hs_cuda_kernel(shape, share_negatives),
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
        subwords=Subwords(row_ids=row_ids, row_starts=row_starts),
        span=Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step),
        tally=tally,
        plan=LaunchPlan(chunk_tokens, max_warps),
    )
