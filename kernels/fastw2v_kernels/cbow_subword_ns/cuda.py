"""CBOW with subwords and negative sampling on the GPU: a warp carries the sums of the tokens' rows along the window."""

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
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape, cbow_subword_shape
from fastw2v_kernels.shared.span.subword_state_cuda import TokenGroup, WarpMemory, set_positives
from fastw2v_kernels.shared.span.subword_step_cuda import subword_step
from fastw2v_kernels.shared.span.subword_walk_cuda import centre_lister
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, Subwords

_ZERO, _ONE = np.float32(0), np.float32(1)


@inline_cuda
def _share_of(memory: WarpMemory, i: int, low: int, high: int) -> np.float32:
    """Return 1 divided by the number of rows of all contexts."""
    n_rows, recent = 0, memory.recent
    for j in range(low, high):
        n_rows += recent.n_rows[j & (recent.id.shape[0] - 1)] if j != i else 0
    return _ONE / np.float32(n_rows)


def _hidden_setter(shape: SubwordShape) -> Callable[..., None]:
    """Return the function of a kernel that sets the hidden vector to `scale` times the sum of the contexts' rows."""
    n_slots, n_row = shape.n_slots, shape.n_row
    begin = n_slots * n_row

    @inline_cuda
    def set_hidden_vector(memory: WarpMemory, i: int, low: int, high: int, scale: np.float32) -> None:
        vectors = memory.vectors
        for col in range(int(np.uint32(cuda.laneid)), n_row, 32):
            total = _ZERO
            for j in range(low, high):
                if j != i:
                    total += vectors.value[j % n_slots * n_row + col]
            vectors.value[begin + col] = total * scale
            vectors.move[begin + col] = _ZERO

    return set_hidden_vector


def _context_mover(shape: SubwordShape) -> Callable[..., None]:
    """Return the function of a kernel that adds `scale` times the hidden vector's move to those of the contexts."""
    n_slots, n_row = shape.n_slots, shape.n_row
    begin = n_slots * n_row

    @inline_cuda
    def move_contexts(memory: WarpMemory, i: int, low: int, high: int, scale: np.float32) -> None:
        recent, vectors, _ = memory
        for j in range(low, high):
            if j != i:
                n_rows = np.float32(recent.n_rows[j & (recent.id.shape[0] - 1)])
                for col in range(int(np.uint32(cuda.laneid)), n_row, 32):
                    move, place = vectors.move[begin + col] * scale, j % n_slots * n_row + col
                    vectors.move[place] += move
                    vectors.value[place] += n_rows * move

    return move_contexts


def context_trainer(
    shape: SubwordShape, train_positive: Callable[..., float], *, mean_context: bool, mean_gradient: bool
) -> Callable[..., float]:
    """Return the function of a kernel that trains a hidden vector of the carried sums, and moves these.

    `train_positive(model, memory, i)` trains the hidden vector; the i-th token is the positive of centre 0.
    """
    set_hidden_vector, move_contexts = _hidden_setter(shape), _context_mover(shape)

    @inline_cuda
    def train_contexts(model: Model, memory: WarpMemory, i: int, low: int, high: int) -> float:
        share = _share_of(memory, i, low, high)
        set_hidden_vector(memory, i, low, high, share if mean_context else _ONE)
        loss: float = train_positive(model, memory, i)
        move_contexts(memory, i, low, high, share if mean_gradient else _ONE)
        return loss

    return train_contexts


def negatives_trainer(shape: SubwordShape) -> Callable[..., float]:
    """Return the `train_positive` of `context_trainer` for the centre and its negatives."""
    train, n_negatives = subword_step(shape, is_path=False), shape.n_negatives

    @inline_cuda
    def train_positive(model: Model, memory: WarpMemory, i: int) -> float:
        recent = memory.recent
        token_pos = recent.pos[i & (recent.id.shape[0] - 1)]
        n = list_words(model, memory, 1, i, i + 1, token_pos, (0, n_negatives))
        loss: float = train(model.w_out, model.rate_out, memory, 1, n, model.with_loss)
        return loss

    return train_positive


def carrying_kernel(shape: SubwordShape, train_centre: Callable[..., float]) -> Callable[..., None]:
    """Return the kernel that carries the sums along; `train_centre` trains a centre as `train_contexts` does."""
    list_centres, sum_rows, move_rows = centre_lister(shape), row_summer(shape), row_mover(shape)
    n_slots = shape.n_slots

    @inline_cuda
    def reach(model: Model, subwords: Subwords, memory: WarpMemory, begin: int, end: int) -> None:
        """Sum the rows of tokens begin to end, which the window reaches now."""
        for j in range(begin, end):
            sum_rows(model, subwords, memory, j, j % n_slots, _ONE)

    @inline_cuda
    def leave(model: Model, subwords: Subwords, memory: WarpMemory, begin: int, end: int) -> None:
        """Move the rows of tokens begin to end, which the window has left."""
        for j in range(max(begin, 0), end):
            move_rows(model, subwords, memory, j, j % n_slots)

    @inline_cuda
    def train_group(
        tokens: TokenSource, model: Model, subwords: Subwords, memory: WarpMemory, group: TokenGroup
    ) -> tuple[float, int]:
        i, window, step, loss, n_examples = group.begin, tokens.window, memory.step, 0.0, 0
        begin = 0 if i == group.first else min(i + window, group.n_read)
        reach(model, subwords, memory, begin, min(i + window + 1, group.n_read))
        if list_centres(tokens, model, memory, group) > 0:
            low, high, n_examples = step.bounds[0, 0], step.bounds[0, 1], 1
            set_positives(step, 0, i, i + 1, -1)
            cuda.syncwarp()
            loss = train_centre(model, memory, i, low, high)
        leave(model, subwords, memory, i - window, i - window + 1)
        cuda.syncwarp()
        return loss, n_examples

    @inline_cuda
    def finish(model: Model, subwords: Subwords, memory: WarpMemory, group: TokenGroup) -> None:
        leave(model, subwords, memory, group.begin - (n_slots - 1) // 2, min(group.begin + n_slots // 2, group.n_read))

    return subword_kernel(shape, train_group, finish)


@cache
def _cbow_subword_ns_cuda_kernel(shape: SubwordShape, mean_context: bool, mean_gradient: bool) -> Callable[..., None]:
    train = context_trainer(shape, negatives_trainer(shape), mean_context=mean_context, mean_gradient=mean_gradient)
    return carrying_kernel(shape, train)


def cbow_subword_ns_cuda(
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
    mean_context: bool,
    mean_gradient: bool,
    with_loss: bool,
    tally: Float64,
    chunk_tokens: int = TOKENS_PER_BLOCK,
    max_warps: int = MAX_WARPS,
    rate_in: Float32 | None = None,
    rate_out: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Do what `cbow_subword_ns_reference` does, by many warps at once; see `subword_launch_cuda`."""
    check_axes("w_in", w_in, 2)
    shape = cbow_subword_shape(w_in.shape[1], negative, window)
    shape, key = replace(shape, with_weights=centre_weight is not None), epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    launch_subwords(
        _cbow_subword_ns_cuda_kernel(shape, mean_context, mean_gradient),
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
