"""Skip-gram on the CPU where each context has its own negatives: pairs are scored together, then moved in turn."""

from __future__ import annotations

import numpy as np

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
    prefetch_far_strip,
    prefetch_strip,
    rows_of,
    single,
    splat,
    store,
    store_strip,
    tail,
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
    n_strips = -(-n_vectors // ((N_REGISTERS - 4) // 3))
    return -(-n_vectors // n_strips)


@inline_cpu
def train_pairs(
    matrices: Matrices | RatedMatrices, kept: KeptTokens, step: StepBuffers, centre: Centre, negative: int, shape: Shape
) -> float:
    """Train each context of the centre against its own negatives; return the loss by lane."""
    i, low, high, prefetch_row_id, lr = centre
    loss: float = splat(0.0)
    r, n_pairs = first_set(step, i), high - low - 1
    r_far, n_far, far = first_set(step, i + 2), step.pairs.n_drawn[(i + 2) & 3], int(np.int64(0))
    if shape.moves_rows:
        prefetch_strip(matrices.w_in, prefetch_row_id, 0, whole_row(shape))
        prefetch_strip(matrices.w_out, step.targets[first_set(step, i + 1), 0], 0, whole_row(shape))
    for first in range(0, n_pairs, PAIRS_PER_STEP):
        last = min(first + PAIRS_PER_STEP, n_pairs)
        for p in range(first, last):
            step.inputs[p] = kept.id[low + p + (low + p >= i)]
        for p in range(first, last, 2):
            if shape.moves_rows:
                n_now = n_far * min(p + 2, n_pairs) // n_pairs
                far = _prefetch_far(matrices, step, r_far, far, n_now, negative, shape)
            _score_two(matrices, step, p, p - first, last, r, shape)
        for p in range(first, last, 2):
            loss = loss + _set_coefs_of_two(step, p, p - first, last, r, negative, lr, shape)
        if shape.moves_rows:
            _move_pairs(matrices, step, r, first, last, negative, shape)
    return loss


@inline_cpu
def _prefetch_far(
    matrices: Matrices | RatedMatrices, step: StepBuffers, r: int, begin: int, end: int, negative: int, shape: Shape
) -> int:
    """Prefetch the negatives of the sets r + begin to r + end; return `end`."""
    for pair in range(r + begin, r + end):
        for k in range(1, negative + 1):
            prefetch_far_strip(matrices.w_out, step.targets[pair, k], 0, whole_row(shape))
    return end


@inline_cpu
def _set_masks(step: StepBuffers, r: int, r_other: int, negative: int, shape: Shape) -> None:
    """Set the mask of two sets of targets to 0 for each negative that equals its positive, and else to 1."""
    for t in range(shape.n_tiles):
        store(step.mask, t, 0, load(step.valid, t, 0))
    if step.pairs.hits[r] | step.pairs.hits[r_other]:
        for k in range(1, negative + 1):
            if step.targets[r, k] == step.targets[r, 0]:
                step.mask[k // shape.n_tile, k % shape.n_tile] = 0.0
            if step.targets[r_other, k] == step.targets[r_other, 0]:
                step.mask[k // shape.n_tile, k % shape.n_tile + HALF_LANES] = 0.0


@inline_cpu
def _score_two(
    matrices: Matrices | RatedMatrices, step: StepBuffers, p: int, place: int, last: int, r: int, shape: Shape
) -> None:
    """Write the scores of the pairs p and p + 1 to step.error_coef from input row `place` on."""
    other = min(p + 1, last - 1)
    for t in range(shape.n_tiles):
        rows = rows_of(matrices.w_out, step.targets, r + p, t * shape.n_tile, shape)
        rows_other = rows_of(matrices.w_out, step.targets, r + other, t * shape.n_tile, shape)
        sums, sums_other = zeros(shape), zeros(shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            x, x_other = load(matrices.w_in, step.inputs[p], col), load(matrices.w_in, step.inputs[other], col)
            sums = fma_rows(load_rows(rows, col, single(shape)), x, sums)
            sums_other = fma_rows(load_rows(rows_other, col, single(shape)), x_other, sums_other)
        store(step.error_coef, t, place * HALF_LANES, hsum_pair(sums, sums_other))


@inline_cpu
def _set_coefs_of_two(
    step: StepBuffers, p: int, place: int, last: int, r: int, negative: int, lr: float, shape: Shape
) -> float:
    """Turn the scores of the pairs p and p + 1 into error coefficients; return the loss by lane."""
    loss: float = splat(0.0)
    other = min(p + 1, last - 1)
    weight = load(step.half, 0, 0) + load(step.half, 1, 0) * (other - p)
    _set_masks(step, r + p, r + other, negative, shape)
    for t in range(shape.n_tiles):
        scores = load(step.error_coef, t, place * HALF_LANES)
        tanh = set_error_coefs(step, t, place * HALF_LANES, scores, weight, lr)
        if shape.with_loss:
            loss = loss + losses_of(step, t, scores, tanh) * (weight * load(step.mask, t, 0))
    return loss


@inline_cpu
def _move_pairs(
    matrices: Matrices | RatedMatrices,
    step: StepBuffers,
    r: int,
    first: int,
    last: int,
    negative: int,
    shape: Shape,
) -> None:
    """Move the rows of the pairs first to last in turn, strip by strip."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        _move_strip(matrices, step, r, first, last, negative, vector * LANES, shape)
    if whole < shape.n_vectors:
        _move_strip(matrices, step, r, first, last, negative, whole * LANES, tail(shape))


@inline_cpu
def _move_strip(
    matrices: Matrices | RatedMatrices,
    step: StepBuffers,
    r: int,
    first: int,
    last: int,
    negative: int,
    col: int,
    shape: Shape,
) -> None:
    """Move one strip of the rows of the pairs first to last in turn. The centre's row is written after all of them.

    A negative that equals the centre has the error coefficient 0: it is written back as it was.
    """
    centre = load_strip(matrices.w_out, step.targets[r, 0], col, shape)
    for p in range(first, last):
        place = (p - first) * HALF_LANES
        x = load_strip(matrices.w_in, step.inputs[p], col, shape)
        coef = splat(step.error_coef[0, place])
        moved = centre * coef
        centre = centre + x * coef
        for t in range(shape.n_tiles):
            for k in range(max(0, 1 - t), min(shape.n_tile, negative + 1 - t * shape.n_tile)):
                target_id = step.targets[r + p, t * shape.n_tile + k]
                coef = splat(step.error_coef[t, place + k])
                target = load_strip(matrices.w_out, target_id, col, shape)
                moved = moved + target * coef
                store_strip(matrices.w_out, target_id, col, target + x * coef)
        if shape.with_rates:
            move_at_rate(matrices, step.inputs[p], col, x, moved)
        else:
            store_strip(matrices.w_in, step.inputs[p], col, x + moved)
    store_strip(matrices.w_out, step.targets[r, 0], col, centre)
