"""Skip-gram on the CPU where each context has its own negatives: pairs are scored together, then moved in turn."""

from __future__ import annotations

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import (
    HALF_LANES,
    LANES,
    N_REGISTERS,
    Shape,
    fma_rows,
    hsum_pair,
    load,
    load_rows,
    load_strip,
    move_in_turn,
    prefetch_strip,
    rows_of,
    single,
    splat,
    store,
    store_strip,
    tail,
    zero_strip,
    whole_row,
    zeros,
)
from fastw2v_kernels.shared.span.contexts import PAIRS_PER_STEP
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices
from fastw2v_kernels.shared.span.rates_cpu import move_at_rate
from fastw2v_kernels.shared.span.scoring_cpu import (
    Centre,
    StepBuffers,
    first_set,
    losses_of,
    set_error_coefs,
)
from fastw2v_kernels.shared.span.walk_cpu import KeptTokens


def strip_of_pairs(n_vectors: int) -> int:
    """Return how many vectors of a row are in registers together, as even as they can be divided."""
    n_strips = -(-n_vectors // ((N_REGISTERS - 4) // 2))
    return -(-n_vectors // n_strips)


@inline_cpu
def train_pairs(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    step: StepBuffers,
    centre: Centre,
    next_centre: int,
    negative: int,
    shape: Shape,
) -> float:
    """Train each context of the centre against its own negatives; return the loss by lane."""
    i, low, high, prefetch_row_id, lr = centre
    loss: float = splat(0.0)
    r, n_pairs = first_set(step, i), high - low - 1
    r_next = first_set(step, next_centre)
    if shape.moves_rows:
        prefetch_strip(matrices.w_in, prefetch_row_id, 0, whole_row(shape))
        prefetch_strip(matrices.w_out, step.targets[r_next, 0], 0, whole_row(shape))
    for first in range(0, n_pairs, PAIRS_PER_STEP):
        last = min(first + PAIRS_PER_STEP, n_pairs)
        for p in range(first, last):
            step.inputs[p] = kept.id[low + p + (low + p >= i)]
        step.inputs[last] = step.inputs[last - 1]
        for p in range(first, last, 2):
            loss = loss + _score_two(matrices, step, p, p - first, last, r, negative, lr, shape)
        if shape.moves_rows:
            for p in range(first, last):
                ahead = p + PAIRS_PER_STEP
                r_ahead = r + ahead if ahead < n_pairs else r_next + (ahead - n_pairs)
                _move_pair(matrices, step, step.inputs[p], p - first, r + p, r_ahead, shape)
    return loss


@inline_cpu
def _set_masks(step: StepBuffers, r: int, r_other: int, negative: int, shape: Shape) -> None:
    """Set the mask of two sets of targets to 0 for each negative that equals its positive, and else to 1."""
    for t in range(shape.n_tiles):
        store(step.mask, t, 0, load(step.valid, t, 0))
    for k in range(1, negative + 1):
        if step.targets[r, k] == step.targets[r, 0]:
            step.mask[k // shape.n_tile, k % shape.n_tile] = 0.0
        if step.targets[r_other, k] == step.targets[r_other, 0]:
            step.mask[k // shape.n_tile, k % shape.n_tile + HALF_LANES] = 0.0


@inline_cpu
def _score_two(
    matrices: Matrices | RatedMatrices,
    step: StepBuffers,
    p: int,
    place: int,
    last: int,
    r: int,
    negative: int,
    lr: float,
    shape: Shape,
) -> float:
    """Fill step.error_coef for the pairs p and p + 1 from input row `place` on; return the loss by lane."""
    loss: float = splat(0.0)
    other = min(p + 1, last - 1)
    weight = load(step.half, 0, 0) + load(step.half, 1, 0) * (other - p)
    _set_masks(step, r + p, r + other, negative, shape)
    for t in range(shape.n_tiles):
        rows = rows_of(matrices.w_out, step.targets, r + p, t * shape.n_tile, shape)
        rows_other = rows_of(matrices.w_out, step.targets, r + other, t * shape.n_tile, shape)
        sums, sums_other = zeros(shape), zeros(shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            x, x_other = load(matrices.w_in, step.inputs[p], col), load(matrices.w_in, step.inputs[other], col)
            sums = fma_rows(load_rows(rows, col, single(shape)), x, sums)
            sums_other = fma_rows(load_rows(rows_other, col, single(shape)), x_other, sums_other)
        scores = hsum_pair(sums, sums_other)
        tanh = set_error_coefs(step, t, place, scores, weight, lr)
        if shape.with_loss:
            loss = loss + losses_of(step, t, scores, tanh) * (weight * load(step.mask, t, 0))
    return loss


@inline_cpu
def _move_pair(
    matrices: Matrices | RatedMatrices, step: StepBuffers, row: int, place: int, r: int, r_ahead: int, shape: Shape
) -> None:
    """Move the targets of a pair in turn, and its input row; prefetch the targets of a later pair."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        _move_strip(matrices, step, row, place, r, r_ahead, vector * LANES, shape)
    if whole < shape.n_vectors:
        _move_strip(matrices, step, row, place, r, r_ahead, whole * LANES, tail(shape))


@inline_cpu
def _move_strip(
    matrices: Matrices | RatedMatrices,
    step: StepBuffers,
    row: int,
    place: int,
    r: int,
    r_ahead: int,
    col: int,
    shape: Shape,
) -> None:
    x = load_strip(matrices.w_in, row, col, shape)
    moved = zero_strip(shape) if shape.with_rates else load_strip(matrices.w_in, row, col, shape)
    for t in range(shape.n_tiles):
        rows = rows_of(matrices.w_out, step.targets, r, t * shape.n_tile, shape)
        ahead = rows_of(matrices.w_out, step.targets, r_ahead, t * shape.n_tile, shape)
        moved = move_in_turn(step.error_coef, t, place * HALF_LANES, rows, ahead, col, x, moved, shape)
    if shape.with_rates:
        move_at_rate(matrices, row, col, x, moved)
    else:
        store_strip(matrices.w_in, row, col, moved)
