"""One gradient step on the GPU, by one warp: input rows on chip against a positive and its negatives.

All scores are computed before any row moves. Then the input rows move in turn, each by the target rows as those before
it have moved them; what target rows move is added up and written at the end. Within a step a warp sees these moves at
the full rate. Target rows stay in registers from the scores to the moves if they fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared import rng
from fastw2v_kernels.shared.array_types import Float32, Int32, UInt32
from fastw2v_kernels.shared.cuda import alias_draw, random_bits, uniform
from fastw2v_kernels.shared.rows_cuda import ALL_LANES
from fastw2v_kernels.shared.span.rates_cuda import rate_of
from fastw2v_kernels.shared.span.ring_cuda import ballot, is_column, lower_lanes
from fastw2v_kernels.shared.span.shape_cuda import DOTS, SpanShape
from fastw2v_kernels.shared.span.state_cuda import Model, Recent, Ring, WarpBuffers

_NEGATIVE_DRAW = rng.NEGATIVE_DRAW
_ZERO, _ONE = np.float32(0), np.float32(1)


@inline_cuda
def list_one(step: WarpBuffers, slot: int) -> None:
    """Set the list of input rows to one slot."""
    if cuda.laneid == 0:
        step.slot[0] = slot
        step.weight[0] = _ONE


@inline_cuda
def gather(first: int, recent: Recent, ring: Ring, step: WarpBuffers, i: int, low: int, high: int) -> int:
    """List the slots of the words around the i-th token, after `first` others; return the length of the list."""
    n = first
    for g in range(ring.word.shape[0]):
        weight = 0
        for j in range(low, high):
            weight += (j != i) & (recent.id[j & (recent.id.shape[0] - 1)] == ring.word[g])
        found = ballot(weight > 0)
        if weight > 0:
            place = n + cuda.popc(found & lower_lanes())
            step.slot[place] = 32 * g + np.uint32(cuda.laneid)
            step.weight[place] = weight
        n += cuda.popc(found)
    return n


@inline_cuda
def gather_in_turn(recent: Recent, ring: Ring, step: WarpBuffers, i: int, low: int, high: int) -> int:
    """List the slots of the words around the i-th token, as they come; return the length of the list.

    There are at most 32 tokens from low to high.
    """
    last_slot = recent.id.shape[0] - 1
    own, is_first = low + int(np.uint32(cuda.laneid)), True
    for j in range(low, high):
        is_first &= (j >= own) | (j == i) | (recent.id[j & last_slot] != recent.id[own & last_slot])
    firsts = ballot(is_first & (own < high) & (own != i))
    for g in range(ring.word.shape[0]):
        weight = first = 0
        for j in range(high - 1, low - 1, -1):
            is_here = (j != i) & (recent.id[j & last_slot] == ring.word[g])
            weight += is_here
            first = j - low if is_here else first
        if weight > 0:
            place = cuda.popc(firsts & ((1 << first) - 1))
            step.slot[place] = 32 * g + np.uint32(cuda.laneid)
            step.weight[place] = weight
    n: int = cuda.popc(firsts)
    return n


@inline_cuda
def _weigh_targets(step: WarpBuffers) -> None:
    """Fill step.target_weight: a repeated negative counts once with its multiple, one that is the positive does not."""
    n_targets = step.target.shape[0]
    for first in range(0, n_targets, 32):
        k = first + np.uint32(cuda.laneid)
        if k < n_targets:
            n_before = n_after = 0
            for j in range(n_targets):
                is_same = step.target[j] == step.target[k]
                n_before += is_same & (j < k)
                n_after += is_same & (j > k)
            step.target_weight[k] = 0 if n_before > 0 else 1 if k == 0 else 1 + n_after


@inline_cuda
def draw_targets(model: Model, step: WarpBuffers, positive: int, token_pos: int, ordinal: int) -> None:
    """Fill step.target with the positive and the negatives of its `ordinal`-th example."""
    n_targets = step.target.shape[0]
    first_draw = _NEGATIVE_DRAW + ordinal * (n_targets - 1) - 1
    for first in range(0, n_targets, 32):
        k = first + np.uint32(cuda.laneid)
        if k < n_targets:
            u = uniform(random_bits(model.key, token_pos, first_draw + k))
            row = alias_draw(u, model.alias_prob, model.alias_id)
            step.target[k] = row if k > 0 else positive
    cuda.syncwarp()
    _weigh_targets(step)


@inline_cuda
def load_rows(rows: Float32, w_out: Float32, target: UInt32 | Int32, first: int, first_col: int, stride: int) -> None:
    """Read the rows listed in `target` from `first` on; of each, every 32nd column from `first_col` on."""
    for k in range(rows.shape[0]):
        row = target[min(first + k, target.shape[0] - 1)]
        for p in range(rows.shape[1]):
            rows[k, p] = _ZERO
            if is_column(first_col + 32 * p, stride):
                rows[k, p] = w_out[row, first_col + 32 * p + np.uint32(cuda.laneid)]


@inline_cuda
def _fold_lanes(low: np.float32, high: np.float32, bit: int) -> np.float32:
    """Sum of `low` over this lane and its partner, where the lane's number has not this bit; of `high` where it has.

    The choice is made by masks. From a condition the compiler would make two branches, with a shuffle in each.
    """
    upper = np.int32(-((cuda.laneid >> bit) & 1))
    a, b = cuda.libdevice.float_as_int(low), cuda.libdevice.float_as_int(high)
    own, other = (a & ~upper) | (b & upper), (a & upper) | (b & ~upper)
    total: np.float32 = cuda.shfl_xor_sync(ALL_LANES, cuda.libdevice.int_as_float(other), 1 << bit)
    total += cuda.libdevice.int_as_float(own)
    return total


@inline_cuda
def _sum_lanes(sums: Float32) -> np.float32:
    """Sum DOTS values over all lanes, by 9 shuffles and not 40; lane l gets sum number l // 4."""
    s0, s1 = _fold_lanes(sums[0], sums[4], 4), _fold_lanes(sums[1], sums[5], 4)
    s2, s3 = _fold_lanes(sums[2], sums[6], 4), _fold_lanes(sums[3], sums[7], 4)
    total: np.float32 = _fold_lanes(_fold_lanes(s0, s2, 3), _fold_lanes(s1, s3, 3), 2)
    total += cuda.shfl_xor_sync(ALL_LANES, total, 2)
    total += cuda.shfl_xor_sync(ALL_LANES, total, 1)
    return total


@inline_cuda
def score(
    rows: Float32, sums: Float32, value: Float32, slot: UInt32, error_coef: Float32, n_inputs: int, first: int
) -> None:
    """Fill error_coef with the scores of the rows in these slots of `value` against the target rows from `first` on.

    Values past the last target row are overwritten by the next tile.
    """
    lane, n_row = np.uint32(cuda.laneid), 32 * rows.shape[1]
    for c in range(n_inputs):
        begin = slot[c] * n_row + lane
        for k in range(DOTS):
            sums[k] = _ZERO
        for p in range(rows.shape[1]):
            x = value[begin + 32 * p]
            for k in range(rows.shape[0]):
                sums[k] += rows[k, p] * x
        error_coef[c, first + (lane >> 2)] = _sum_lanes(sums)


@inline_cuda
def set_error_coefs(step: WarpBuffers, n_inputs: int, lr: np.float32, with_loss: bool) -> float:
    """Turn scores into error coefficients, divided among the lanes; return the loss of this lane's scores."""
    n_targets = step.target.shape[0]
    loss = 0.0
    for pair in range(np.uint32(cuda.laneid), n_inputs * n_targets, 32):
        c = pair // n_targets
        k = pair - c * n_targets
        score = step.error_coef[c, k]
        is_right = (score >= 0) == (k == 0)
        decay = np.float32(math.exp(-abs(score)))  # at most 1, so that no score overflows
        error = (decay if is_right else _ONE) / (_ONE + decay)
        weight = step.weight[c] * step.target_weight[k]
        step.error_coef[c, k] = (error if k == 0 else -error) * (weight * lr)
        if with_loss and weight > 0:
            loss += weight * (np.float32(math.log1p(decay)) + (_ZERO if is_right else abs(score)))
    return loss


def _input_mover(n_row: int, replace: bool) -> Callable[..., None]:
    """Function of a kernel that moves input rows, or replaces them by their moves, for `gradient_step`."""

    @inline_cuda
    def move_inputs(
        rows: Float32,
        first: int,
        moves: Float32,
        error_coef: Float32,
        ring: Ring,
        step: WarpBuffers,
        n_inputs: int,
        first_col: int,
    ) -> None:
        """Move the input rows from column `first_col` on in turn, and add up the moves of the target rows.

        The columns of the target rows are in `rows` from place `first` on.
        """
        for c in range(n_inputs):
            begin = step.slot[c] * n_row + first_col + np.uint32(cuda.laneid)
            for k in range(moves.shape[0]):
                error_coef[k] = step.error_coef[c, k]
            for p in range(moves.shape[1]):
                if first_col + 32 * p < n_row:
                    x = ring.value[begin + 32 * p]
                    move = _ZERO
                    for k in range(moves.shape[0]):
                        move += error_coef[k] * (rows[k, first + p] + moves[k, p])
                        moves[k, p] += error_coef[k] * x
                    ring.value[begin + 32 * p] = move if replace else x + move

    return move_inputs


@inline_cuda
def move_targets(moves: Float32, model: Model, step: WarpBuffers, first_col: int, stride: int) -> None:
    """Add the moves of the target rows from column `first_col` on, and set them to 0."""
    for k in range(moves.shape[0]):
        row = step.target[k]
        rate = rate_of(model.rate_out, row)
        for p in range(moves.shape[1]):
            if is_column(first_col + 32 * p, stride):
                move = rate * moves[k, p]
                cuda.atomic.add(model.w_out, (row, first_col + 32 * p + np.uint32(cuda.laneid)), move)
            moves[k, p] = _ZERO


def gradient_step(shape: SpanShape, replace: bool) -> Callable[..., float]:
    """Return the function of a kernel that makes one gradient step.

    Parameters
    ----------
    shape : SpanShape
        Sizes to compile for.
    replace : bool
        True to replace input rows by their moves, False to add the moves.

    Returns
    -------
    callable
        `train(model, ring, step, n_inputs, lr)` for the rows in step.slot and step.target; returns this lane's share
        of the loss.
    """
    n_tile, n_cols, n_tiles, is_whole = shape.n_tile, shape.n_cols, shape.n_tiles, shape.is_whole
    n_targets, n_strip, n_strips, n_row = shape.n_targets, shape.n_strip, shape.n_strips, shape.n_row
    stride, move_inputs = shape.stride, _input_mover(n_row, replace)

    @inline_cuda
    def train(model: Model, ring: Ring, step: WarpBuffers, n_inputs: int, lr: np.float32) -> float:
        rows = cuda.local.array((n_tile, n_cols), np.float32)
        sums = cuda.local.array(DOTS, np.float32)
        moves = cuda.local.array((n_targets, n_strip), np.float32)
        error_coef = cuda.local.array(n_targets, np.float32)
        strip = rows if is_whole else cuda.local.array((n_targets, n_strip), np.float32)
        cuda.syncwarp()
        for t in range(n_tiles):
            load_rows(rows, model.w_out, step.target, t * n_tile, 0, stride)
            score(rows, sums, ring.value, step.slot, step.error_coef, n_inputs, t * n_tile)
            cuda.syncwarp()
        loss = set_error_coefs(step, n_inputs, lr, model.with_loss)
        cuda.syncwarp()
        for k in range(n_targets):
            for p in range(n_strip):
                moves[k, p] = _ZERO
        for s in range(n_strips):
            first_col = 32 * n_strip * s
            if not is_whole:
                load_rows(strip, model.w_out, step.target, 0, first_col, stride)
            first = n_strip * s if is_whole else 0
            move_inputs(strip, first, moves, error_coef, ring, step, n_inputs, first_col)
            move_targets(moves, model, step, first_col, stride)
        cuda.syncwarp()
        return loss

    return train
