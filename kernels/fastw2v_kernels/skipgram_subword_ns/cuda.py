"""Skip-gram with subwords and negative sampling on the GPU: a warp trains a chunk, with the hidden vectors on chip."""

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
from fastw2v_kernels.shared.span.launch_cuda import LaunchPlan
from fastw2v_kernels.shared.span.plan_cuda import MAX_WARPS
from fastw2v_kernels.shared.span.rates_cuda import checked_rates
from fastw2v_kernels.shared.span.state_cuda import Model, no_path
from fastw2v_kernels.shared.span.subword_launch_cuda import launch_subwords, subword_kernel
from fastw2v_kernels.shared.span.subword_lists_cuda import list_words
from fastw2v_kernels.shared.span.subword_rows_cuda import row_mover, row_summer
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape, skipgram_subword_shape
from fastw2v_kernels.shared.span.subword_state_cuda import TokenGroup, Vectors, WarpMemory, set_positives
from fastw2v_kernels.shared.span.subword_step_cuda import subword_step
from fastw2v_kernels.shared.span.subword_walk_cuda import centre_lister
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, Subwords

_ONE = np.float32(1)


@inline_cuda
def nothing_left(model: Model, subwords: Subwords, memory: WarpMemory, group: TokenGroup) -> None:
    """Do nothing at the end of a chunk: all moves have reached their rows."""


@inline_cuda
def _mean_share(memory: WarpMemory, i: int) -> np.float32:
    """Return 1 divided by the number of rows of the i-th token."""
    return _ONE / np.float32(memory.recent.n_rows[i & (memory.recent.id.shape[0] - 1)])


@inline_cuda
def keep_first(vectors: Vectors, n_row: int) -> None:
    """Write hidden vector 0 to place 1 as well, as it was at first."""
    for col in range(int(np.uint32(cuda.laneid)), n_row, 32):
        vectors.value[n_row + col] = vectors.value[col]


@inline_cuda
def follow_move(vectors: Vectors, n_row: int) -> None:
    """Move hidden vector 0 to where the steps so far have brought it."""
    for col in range(int(np.uint32(cuda.laneid)), n_row, 32):
        vectors.value[col] = vectors.value[n_row + col] + vectors.move[col]


def negatives_trainer(shape: SubwordShape, share_negatives: bool) -> Callable[..., float]:
    """Return the function of a kernel that trains hidden vector 0 against the contexts of its centre and negatives."""
    train, n_row = subword_step(shape, is_path=False), shape.n_row
    n_per_step, n_negatives = shape.n_positives, shape.n_negatives

    @inline_cuda
    def train_negatives(model: Model, memory: WarpMemory, i: int, low: int, high: int) -> float:
        recent, vectors, step = memory
        token_pos = recent.pos[i & (recent.id.shape[0] - 1)]
        loss, n_contexts = 0.0, high - low - 1
        for first in range(0, n_contexts, n_per_step):
            start, stop = low + first, low + min(first + n_per_step, n_contexts)
            start, stop = start + (start >= i), stop + (stop > i)
            set_positives(step, 0, start, stop, i)
            first_draw = 0 if share_negatives else first * n_negatives
            n = list_words(model, memory, 1, start, stop, token_pos, (first_draw, first_draw + n_negatives))
            loss += train(model.w_out, model.rate_out, memory, 1, n, model.with_loss)
            follow_move(vectors, n_row)
        return loss

    return train_negatives


def centre_trainer(shape: SubwordShape, train_steps: Callable[..., float]) -> Callable[..., tuple[float, int]]:
    """Return the `train_group` of `chunk_trainer` for groups of one centre, which makes all steps of `train_steps`."""
    list_centres, sum_rows, move_rows = centre_lister(shape), row_summer(shape), row_mover(shape)
    n_row = shape.n_row

    @inline_cuda
    def train_group(
        tokens: TokenSource, model: Model, subwords: Subwords, memory: WarpMemory, group: TokenGroup
    ) -> tuple[float, int]:
        loss, n_contexts = 0.0, 0
        _, vectors, step = memory
        if list_centres(tokens, model, memory, group) > 0:
            low, high, i = step.bounds[0, 0], step.bounds[0, 1], group.begin
            n_contexts = high - low - 1
            sum_rows(model, subwords, memory, i, 0, _mean_share(memory, i))
            keep_first(vectors, n_row)
            loss = train_steps(model, memory, i, low, high)
            move_rows(model, subwords, memory, i, 0)
        cuda.syncwarp()
        return loss, n_contexts

    return train_group


def _group_trainer(shape: SubwordShape) -> Callable[..., tuple[float, int]]:
    """Return the `train_group` of `chunk_trainer` where the centres of a group make one step."""
    list_centres, sum_rows, move_rows = centre_lister(shape), row_summer(shape), row_mover(shape)
    train, n_group, n_negatives = subword_step(shape, is_path=False), shape.n_group, shape.n_negatives

    @inline_cuda
    def train_group(
        tokens: TokenSource, model: Model, subwords: Subwords, memory: WarpMemory, group: TokenGroup
    ) -> tuple[float, int]:
        loss, n_contexts = 0.0, 0
        recent, _, step = memory
        n_centres = list_centres(tokens, model, memory, group)
        if n_centres > 0:
            low, high = step.bounds[0, 0], step.bounds[0, 1]
            for c in range(n_centres):
                low, high = min(low, step.bounds[c, 0]), max(high, step.bounds[c, 1])
                n_contexts += step.bounds[c, 1] - step.bounds[c, 0] - 1
                sum_rows(model, subwords, memory, step.bounds[c, 2], c, _mean_share(memory, step.bounds[c, 2]))
            first_pos = recent.pos[group.begin & (recent.id.shape[0] - 1)] // n_group * n_group
            n = list_words(model, memory, n_centres, low, high, first_pos, (0, n_negatives))
            loss = train(model.w_out, model.rate_out, memory, n_centres, n, model.with_loss)
            for c in range(n_centres):
                move_rows(model, subwords, memory, step.bounds[c, 2], c)
        cuda.syncwarp()
        return loss, n_contexts

    return train_group


@cache
def _skipgram_subword_ns_cuda_kernel(shape: SubwordShape, share_negatives: bool) -> Callable[..., None]:
    if shape.n_group > 1:
        return subword_kernel(shape, _group_trainer(shape), nothing_left)
    return subword_kernel(shape, centre_trainer(shape, negatives_trainer(shape, share_negatives)), nothing_left)


def skipgram_subword_ns_cuda(
    *,
    w_in: Float32,
    w_out: Float32,
    row_ids: Int32,
    row_starts: Int64,
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
    in_groups: bool,
    with_loss: bool,
    tally: Float64,
    chunk_tokens: int = TOKENS_PER_BLOCK,
    max_warps: int = MAX_WARPS,
    rate_in: Float32 | None = None,
    rate_out: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Do what `skipgram_subword_ns_reference` does, by many warps at once; see `subword_launch_cuda`."""
    check_axes("w_in", w_in, 2)
    shape = skipgram_subword_shape(
        w_in.shape[1], negative, window, share_negatives=share_negatives, in_groups=in_groups
    )
    shape, key = replace(shape, with_weights=centre_weight is not None), epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    launch_subwords(
        _skipgram_subword_ns_cuda_kernel(shape, share_negatives),
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
        subwords=Subwords(row_ids=row_ids, row_starts=row_starts),
        span=Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step),
        tally=tally,
        plan=LaunchPlan(chunk_tokens, max_warps),
    )
