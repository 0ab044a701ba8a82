"""Skip-gram on the GPU where each context has its own negatives: pairs are scored together, then moved in turn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.rows_cuda import warp_sum
from fastw2v_kernels.shared.span.contexts import PAIRS_PER_STEP
from fastw2v_kernels.shared.span.ring_cuda import slot_of
from fastw2v_kernels.shared.span.scoring_cuda import (
    draw_targets,
    list_one,
    load_rows,
    move_targets,
    score,
    set_error_coefs,
)
from fastw2v_kernels.shared.span.shape_cuda import DOTS, SpanShape
from fastw2v_kernels.shared.span.state_cuda import Model, Recent, Ring, WarpBuffers

_ZERO = np.float32(0)


@inline_cuda
def _place(step: WarpBuffers, g: int) -> WarpBuffers:
    """Return the buffers for the `g`-th pair of a step: an input row and its error coefficients."""
    return WarpBuffers(
        step.slot[g : g + 1],
        step.weight[g : g + 1],
        step.target,
        step.target_weight,
        step.error_coef[g : g + 1],
        step.node,
        step.node_coef,
        step.move,
    )


@inline_cuda
def _own_share(step: WarpBuffers) -> np.float32:
    """Return the part of an input row that its move has in it, since targets move in turn: 0 unless one is repeated.

    A target that is listed n times, with the error coefficient e each time, has one error coefficient of n e here. Its
    second place moves the input row by what the first has added to the target: e times the input row. All n places add
    0 + 1 + ... + (n - 1) times e^2.
    """
    share = _ZERO
    for k in range(np.uint32(cuda.laneid), step.target.shape[0], 32):
        n = step.target_weight[k]
        if n > 1:
            share += np.float32(n - 1) / np.float32(2 * n) * step.error_coef[0, k] * step.error_coef[0, k]
    total: np.float32 = warp_sum(share)
    return total


def _pair_mover(shape: SpanShape) -> Callable[..., None]:
    """Return the function of a kernel that moves the rows of one pair."""
    n_targets, n_strip, n_strips, n_row = shape.n_targets, shape.n_strip, shape.n_strips, shape.n_row
    stride = shape.stride

    @inline_cuda
    def move_strip(
        rows: Float32, moves: Float32, ring: Ring, step: WarpBuffers, share: np.float32, first_col: int
    ) -> None:
        begin = step.slot[0] * n_row + first_col + np.uint32(cuda.laneid)
        for p in range(n_strip):
            if first_col + 32 * p < n_row:
                x = ring.value[begin + 32 * p]
                move = share * x
                for k in range(n_targets):
                    move += step.error_coef[0, k] * rows[k, p]
                    moves[k, p] = step.error_coef[0, k] * x
                ring.value[begin + 32 * p] = x + move

    @inline_cuda
    def move_pair(model: Model, ring: Ring, step: WarpBuffers) -> None:
        rows = cuda.local.array((n_targets, n_strip), np.float32)
        moves = cuda.local.array((n_targets, n_strip), np.float32)
        share = _own_share(step)
        for s in range(n_strips):
            first_col = 32 * n_strip * s
            load_rows(rows, model.w_out, step.target, 0, first_col, stride)
            move_strip(rows, moves, ring, step, share, first_col)
            move_targets(moves, model, step, first_col, stride)
        cuda.syncwarp()

    return move_pair


def pairs_trainer(shape: SpanShape) -> Callable[..., float]:
    """Return the function of a kernel that trains each context of a centre against negatives of its own.

    Rows of targets are read twice, for the scores and for the moves: those of a whole step do not fit into registers.
    """
    n_tile, n_cols, n_tiles, stride = shape.n_tile, shape.n_cols, shape.n_tiles, shape.stride
    move_pair = _pair_mover(shape)

    @inline_cuda
    def score_pair(model: Model, ring: Ring, step: WarpBuffers, lr: np.float32) -> float:
        rows = cuda.local.array((n_tile, n_cols), np.float32)
        sums = cuda.local.array(DOTS, np.float32)
        cuda.syncwarp()
        for t in range(n_tiles):
            load_rows(rows, model.w_out, step.target, t * n_tile, 0, stride)
            score(rows, sums, ring.value, step.slot, step.error_coef, 1, t * n_tile)
            cuda.syncwarp()
        loss = set_error_coefs(step, 1, lr, model.with_loss)
        cuda.syncwarp()
        return loss

    @inline_cuda
    def train_pairs(
        model: Model, recent: Recent, ring: Ring, step: WarpBuffers, i: int, low: int, high: int, weight: np.float32
    ) -> float:
        loss, last_slot, n_pairs = 0.0, recent.id.shape[0] - 1, high - low - 1
        centre_id, centre_pos = recent.id[i & last_slot], recent.pos[i & last_slot]
        lr = weight * np.float32(model.lr_first + model.lr_step * centre_pos)
        for first in range(0, n_pairs, PAIRS_PER_STEP):
            last = min(first + PAIRS_PER_STEP, n_pairs)
            for p in range(first, last):
                pair = _place(step, p - first)
                list_one(pair, slot_of(recent.id[(low + p + (low + p >= i)) & last_slot], ring))
                draw_targets(model, pair, centre_id, centre_pos, p)
                loss += score_pair(model, ring, pair, lr)
            for p in range(first, last):
                pair = _place(step, p - first)
                draw_targets(model, pair, centre_id, centre_pos, p)
                cuda.syncwarp()
                move_pair(model, ring, pair)
        return loss

    return train_pairs
