"""Targets of an example, scores of input rows against them, and error coefficients, for skip-gram and CBOW."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import (
    HALF_LANES,
    LANES,
    Shape,
    fma_rows,
    fma_two,
    hsum_pair,
    hsum_single,
    load,
    load_rows,
    pair_of,
    prefetch_element,
    rows_of,
    single,
    splat,
    store,
    zeros,
)
from fastw2v_kernels.shared import rng
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import alias_draw, random_bits, softplus, tanh_half, uniform
from fastw2v_kernels.shared.memory import aligned, cache_per_thread
from fastw2v_kernels.shared.sigmoid import LOG_COEFFICIENTS
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.pairs_cpu import PairBuffers, begin_pairs, end_pairs, pair_buffers
from fastw2v_kernels.shared.span.walk_cpu import Bounds, KeptTokens, window_of

_NEGATIVE_DRAW = rng.NEGATIVE_DRAW
_DRAWN_TOGETHER = 8


class Centre(NamedTuple):
    """A centre and its window: slot `i` of the kept tokens, and the slots low to high.

    prefetch_row_id : int, row of w_in that a later window needs
    lr : float, learning rate
    """

    i: int
    low: int
    high: int
    prefetch_row_id: int
    lr: float


class StepBuffers(NamedTuple):
    """Working memory of one gradient step: `n` input rows against one set of target rows.

    targets : int64[n_sets, n_tiles * n_tile], output rows: positive, negatives, copies of the positive to fill the tile
    draws : float64[at least n_tiles * n_tile], columns of the alias table, with the fractions that choose a row of two
    inputs : int32[2 n + LANES], rows of w_in, each once
    weight : float32[1, 2 n + LANES], how often each input row occurs
    label, valid : float32[n_tiles, LANES], the positive's lanes; the lanes that hold a target
    half : float32[2, LANES], ones in the lanes of the first, and of the second, of two input rows
    mask : float32[n_tiles, LANES], how often each target counts
    error_coef : float32[n_tiles, (n + 2) * lanes_of(shape)], lr * (label - sigmoid(score)) by tile, row and target
    rows : float32[n + 1, n_vectors * LANES], a move, or a hidden vector, for each input row
    log_coefficients : float32[8], what `softplus` takes
    pairs : PairBuffers, for draws of negatives for each pair
    """

    targets: Int64
    draws: Float64
    inputs: Int32
    weight: Float32
    label: Float32
    valid: Float32
    half: Float32
    mask: Float32
    error_coef: Float32
    rows: Float32
    log_coefficients: Float32
    pairs: PairBuffers


class Workspace(NamedTuple):
    """Working memory of a thread: tokens that survived subsampling, and the buffers of a gradient step."""

    kept: KeptTokens
    step: StepBuffers


def step_buffers(shape: Shape, negative: int, *, n_sets: int, n_inputs: int) -> StepBuffers:
    """Return buffers for steps of up to `n_inputs` input rows, with `n_sets` sets of targets drawn ahead."""
    step = _new_step_buffers(shape, negative, n_sets=n_sets, n_inputs=n_inputs)
    step.targets[:] = 0  # the kernel prefetches rows before it draws them, and old numbers may be no rows here
    return step


@cache_per_thread
def _new_step_buffers(shape: Shape, negative: int, *, n_sets: int, n_inputs: int) -> StepBuffers:
    lanes = LANES if shape.n_tile > HALF_LANES else HALF_LANES  # of an input row
    target = np.arange(shape.n_tiles)[:, None] * shape.n_tile + np.arange(lanes)
    used = (np.arange(lanes) < shape.n_tile) & (target <= negative)
    log_coefficients = aligned((len(LOG_COEFFICIENTS),))
    log_coefficients[:] = LOG_COEFFICIENTS
    label, valid, mask, half = (aligned((n, LANES)) for n in (shape.n_tiles, shape.n_tiles, shape.n_tiles, 2))
    label[0, ::lanes] = 1
    valid[:] = np.tile(used, LANES // lanes)
    half[0, :lanes] = half[1, lanes:] = 1
    return StepBuffers(
        targets=aligned((n_sets, shape.n_tiles * shape.n_tile), np.int64),
        draws=aligned((_n_drawn(shape.n_tiles * shape.n_tile),), np.float64),
        inputs=aligned((2 * n_inputs + LANES,), np.int32),
        weight=aligned((1, 2 * n_inputs + LANES)),
        label=label,
        valid=valid,
        half=half,
        mask=mask,
        error_coef=aligned((shape.n_tiles, (n_inputs + 2) * lanes)),
        rows=aligned((n_inputs + 1, shape.n_vectors * LANES)),
        log_coefficients=log_coefficients,
        pairs=pair_buffers(shape, negative, n_sets),
    )


def _n_drawn(n_targets: int) -> int:
    """Return how many numbers `begin_draws` computes: whole SIMD vectors of them, enough for the negatives."""
    return (n_targets + _DRAWN_TOGETHER - 1) // _DRAWN_TOGETHER * _DRAWN_TOGETHER


_n_drawn_cpu = inline_cpu(_n_drawn)


@inline_cpu
def begin_draws(step: StepBuffers, token_pos: int, sampler: Sampler, shape: Shape) -> None:
    """Draw the columns of the alias table for the negatives at `token_pos`, and prefetch them.

    The first loop becomes SIMD code, for the number of its turns is known when it is compiled.
    """
    n_rows = sampler.alias_prob.shape[0]
    for draw in range(_n_drawn_cpu(shape.n_tiles * shape.n_tile)):
        step.draws[draw] = uniform(random_bits(sampler.key, token_pos, _NEGATIVE_DRAW + draw)) * n_rows
    for draw in range(shape.n_tiles * shape.n_tile - 1):
        prefetch_element(sampler.alias_prob, np.int64(step.draws[draw]))
        prefetch_element(sampler.alias_id, np.int64(step.draws[draw]))


@inline_cpu
def end_draws(step: StepBuffers, r: int, positive: int, sampler: Sampler, shape: Shape) -> None:
    """Fill set `r` with the positive, and with the negatives that `begin_draws` began to draw: `draw_targets`' rows."""
    step.targets[r, 0] = positive
    for k in range(1, shape.n_tiles * shape.n_tile):
        scaled = step.draws[k - 1]
        column = np.int64(scaled)
        slot = np.uint64(column)  # without a sign, Numba need not ask whether it counts from the end
        is_other = np.int64(scaled - column >= sampler.alias_prob[slot])
        row = column + (np.int64(sampler.alias_id[slot]) - column) * is_other
        step.targets[r, k] = row if k <= sampler.negative else positive


@inline_cpu
def draw_targets(
    step: StepBuffers, r: int, positive: int, token_pos: int, ordinal: int, sampler: Sampler, shape: Shape
) -> None:
    """Fill set `r` with the positive and the negatives of its `ordinal`-th example."""
    first_draw = _NEGATIVE_DRAW + ordinal * sampler.negative
    for k in range(shape.n_tile * shape.n_tiles):
        row = positive
        if 0 < k <= sampler.negative:
            bits = random_bits(sampler.key, token_pos, first_draw + k - 1)
            row = alias_draw(uniform(bits), sampler.alias_prob, sampler.alias_id)
        step.targets[r, k] = row


@inline_cpu
def first_set(step: StepBuffers, i: int) -> int:
    """Return the first target set of centre i. The sets of the next two centres may already be drawn."""
    n_sets: int = step.targets.shape[0]
    return (i & 3) * (n_sets // 4)


@inline_cpu
def prepare(
    kept: KeptTokens,
    step: StepBuffers,
    i: int,
    bounds: Bounds,
    tokens: TokenSource,
    sampler: Sampler,
    shape: Shape,
) -> tuple[int, int]:
    """Draw the targets of centre i, and return the bounds of its window. The centres of a pass come in their order."""
    if shape.share_negatives:
        low, high = window_of(kept, i, bounds, tokens, shape)
        if i == tokens.window:
            begin_draws(step, kept.pos[i], sampler, shape)
        end_draws(step, first_set(step, i), kept.id[i], sampler, shape)
        begin_draws(step, kept.pos[i + 1], sampler, shape)
    else:
        if i == tokens.window:
            _begin_pairs(kept, step.pairs, i, bounds, tokens, sampler, shape)
        low, high = step.pairs.window[0], step.pairs.window[1]
        end_pairs(step.targets, step.pairs, i, kept.id[i], max(high - low - 1, 0), sampler)
        if i + 1 < bounds.last:
            _begin_pairs(kept, step.pairs, i + 1, bounds, tokens, sampler, shape)
    return low, high


@inline_cpu
def _begin_pairs(
    kept: KeptTokens, pairs: PairBuffers, i: int, bounds: Bounds, tokens: TokenSource, sampler: Sampler, shape: Shape
) -> None:
    """Find the window of centre i, and begin to draw the negatives of its pairs."""
    low, high = window_of(kept, i, bounds, tokens, shape)
    pairs.window[0], pairs.window[1] = low, high
    begin_pairs(pairs, kept.pos[i], max(high - low - 1, 0), sampler)


@inline_cpu
def set_mask(step: StepBuffers, r: int, negative: int, merges: bool, shape: Shape) -> None:
    """Set how often each target of set `r` counts: 0 for a negative that equals the positive.

    With `merges`, and with several tiles, a repeated negative counts once with its multiple. Without, it is listed
    repeatedly: then all rows must be read before any is written.
    """
    for t in range(shape.n_tiles):
        store(step.mask, t, 0, load(step.valid, t, 0))
    for k in range(1, negative + 1):
        j = 0
        while j < k and step.targets[r, j] != step.targets[r, k]:
            j += 1 if merges or shape.n_tiles > 1 else k
        if j < k:
            if j > 0:
                scale_mask(step, j, step.mask[j // shape.n_tile, j % shape.n_tile] + 1.0, shape)
            scale_mask(step, k, 0.0, shape)


@inline_cpu
def scale_mask(step: StepBuffers, k: int, value: float, shape: Shape) -> None:
    """Set the mask of target `k` for the one or two input rows of a vector."""
    step.mask[k // shape.n_tile, k % shape.n_tile] = value
    if shape.n_tile <= HALF_LANES:
        step.mask[k // shape.n_tile, k % shape.n_tile + HALF_LANES] = value


@inline_cpu
def score_rows(w_in: Float32, w_out: Float32, step: StepBuffers, n: int, r: int, lr: float, shape: Shape) -> float:
    """Fill step.error_coef for the `n` input rows and target set `r`, two rows at a time; return the loss by lane."""
    loss: float = splat(0.0)
    for t in range(shape.n_tiles):
        rows, losses = rows_of(w_out, step.targets, r, t * shape.n_tile, shape), splat(0.0)
        for c in range(0, n, 2):
            sums, sums_next, pair = zeros(shape), zeros(shape), pair_of(w_in, step.inputs, c)
            for col in range(0, shape.n_vectors * LANES, LANES):
                sums, sums_next = fma_two(rows, pair, col, sums, sums_next)
            if shape.n_tile > HALF_LANES:
                losses = losses + _end_scores(step, t, c, hsum_single(sums), _weight_of(step, c), lr, shape)
                weight = _weight_of(step, c + 1)
                losses = losses + _end_scores(step, t, c + 1, hsum_single(sums_next), weight, lr, shape)
            else:
                losses = losses + _end_scores(step, t, c, hsum_pair(sums, sums_next), _pair_weight(step, c), lr, shape)
        if shape.with_loss:
            loss = loss + losses * load(step.mask, t, 0)
    return loss


@inline_cpu
def score_row(a: Float32, row: int, w_out: Float32, step: StepBuffers, r: int, lr: float, shape: Shape) -> float:
    """Fill step.error_coef for row `row` of `a` alone and target set `r`; return the loss by lane."""
    loss: float = splat(0.0)
    for t in range(shape.n_tiles):
        rows = rows_of(w_out, step.targets, r, t * shape.n_tile, shape)
        sums = zeros(shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            sums = fma_rows(load_rows(rows, col, single(shape)), load(a, row, col), sums)
        scores = hsum_single(sums)
        tanh = set_error_coefs(step, t, 0, scores, load(step.half, 0, 0), lr)
        if shape.with_loss:
            loss = loss + losses_of(step, t, scores, tanh) * (load(step.half, 0, 0) * load(step.mask, t, 0))
    return loss


@inline_cpu
def lanes_of(shape: Shape) -> int:
    """Return how many columns of step.error_coef belong to an input row: half a vector, or one if a tile needs more."""
    return LANES if shape.n_tile > HALF_LANES else HALF_LANES


@inline_cpu
def _end_scores(step: StepBuffers, t: int, c: int, scores: float, weight: float, lr: float, shape: Shape) -> float:
    """Fill step.error_coef for the scores of input row `c`, or of c and c + 1; return their losses by lane."""
    losses: float = splat(0.0)
    tanh = set_error_coefs(step, t, c * lanes_of(shape), scores, weight, lr)
    if shape.with_loss:
        losses = losses_of(step, t, scores, tanh) * weight
    return losses


@inline_cpu
def _weight_of(step: StepBuffers, c: int) -> float:
    """Return how often input row `c` occurs, on all lanes (a SIMD value)."""
    weight: float = splat(step.weight[0, c])
    return weight


@inline_cpu
def _pair_weight(step: StepBuffers, c: int) -> float:
    """Return how often input rows `c` and c + 1 occur, on the lanes of each (a SIMD value)."""
    weight: float = load(step.half, 0, 0) * step.weight[0, c] + load(step.half, 1, 0) * step.weight[0, c + 1]
    return weight


@inline_cpu
def set_error_coefs(step: StepBuffers, t: int, place: int, scores: float, weight: float, lr: float) -> float:
    """Fill step.error_coef of tile `t` from column `place` on, for the scores (SIMD values); return tanh_half."""
    mask = load(step.mask, t, 0) * weight
    tanh = tanh_half(scores)
    store(step.error_coef, t, place, (load(step.label, t, 0) - (tanh * 0.5 + 0.5)) * (mask * lr))
    return tanh


@inline_cpu
def losses_of(step: StepBuffers, t: int, scores: float, tanh: float) -> float:
    """Return the losses of the scores of tile `t`, to be multiplied by mask and weight.

    They share `tanh_half` and the weight with the error coefficients, and nothing computed from these two: LLVM would
    round it in another order than without the loss, and vectors would differ.
    """
    losses: float = softplus(scores, tanh, step.log_coefficients) - load(step.label, t, 0) * scores
    return losses
