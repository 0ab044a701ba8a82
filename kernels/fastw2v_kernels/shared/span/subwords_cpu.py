"""Hidden vectors made of subword rows, and their gradient steps, for skip-gram and CBOW on the CPU.

In a step all target rows are read before any of them is written, so that a row may be listed several times.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import (
    HALF_LANES,
    LANES,
    N_REGISTERS,
    Shape,
    add_rows,
    dot,
    fma_rows,
    hsum_single,
    load,
    load_rows,
    load_strip,
    prefetch,
    prefetch_element,
    prefetch_far_strip,
    prefetch_strip,
    rows_of,
    single,
    splat,
    splats,
    store,
    store_strip,
    tail,
    zero_strip,
    zero_tile,
    zeros,
)
from fastw2v_kernels.shared import rng
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.cpu import alias_draw, random_bits, softplus, tanh_half, uniform
from fastw2v_kernels.shared.memory import CACHE_LINE, aligned, cache_per_thread
from fastw2v_kernels.shared.sigmoid import LOG_COEFFICIENTS
from fastw2v_kernels.shared.span.inputs import Matrices, Sampler
from fastw2v_kernels.shared.span.subwords import Subwords
from fastw2v_kernels.shared.span.walk_cpu import KeptTokens

_NEGATIVE_DRAW = rng.NEGATIVE_DRAW
HIDDEN, MOVE, FIRST = 0, 1, 2  # rows of SubwordStep.rows


class SubwordStep(NamedTuple):
    """Working memory of the gradient steps of one centre.

    negatives : int64[4, n_negatives], drawn for a centre, the next ones, and so on in turn
    targets : int64[1, n_tiles * n_tile], output rows: positives, negatives, copies of the first to fill the last tile
    n_positive, n_terms : float32[1, n_tiles * n_tile + ...], how often each target is a positive, and in the loss
    of_tile : float32[1, LANES], ones in the lanes of a tile
    error_coef : float32[n_tiles, LANES], lr * (n_positive - n_terms * sigmoid(score)) for each target
    rows : float32[3, n_vectors * LANES], the hidden vector; its move in all steps of the centre; and as it was at first
    log_coefficients : float32[8], what `softplus` takes
    """

    negatives: Int64
    targets: Int64
    n_positive: Float32
    n_terms: Float32
    of_tile: Float32
    error_coef: Float32
    rows: Float32
    log_coefficients: Float32


class SubwordWorkspace(NamedTuple):
    """Working memory of a thread: tokens that survived subsampling, and the buffers of a centre."""

    kept: KeptTokens
    step: SubwordStep


def subword_shape(stride: int, n_targets: int, with_loss: bool) -> Shape:
    """Return the shape for rows of `stride` floats: as many targets in a tile as are spread evenly over the tiles."""
    n_vectors = stride // LANES
    n_tiles, n_strips = -(-n_targets // HALF_LANES), -(-n_vectors // (N_REGISTERS // 4))
    return Shape(n_vectors, -(-n_targets // n_tiles), 1, with_loss, n_strip=-(-n_vectors // n_strips))


@cache_per_thread
def subword_step(shape: Shape, negative: int, n_positives: int) -> SubwordStep:
    """Return buffers for steps with up to `n_positives` positives."""
    n_tiles = -(-(n_positives + negative) // shape.n_tile)
    log_coefficients = aligned((len(LOG_COEFFICIENTS),))
    log_coefficients[:] = LOG_COEFFICIENTS
    of_tile = aligned((1, LANES))
    of_tile[0, : shape.n_tile] = 1
    return SubwordStep(
        negatives=aligned((4, negative), np.int64),
        targets=aligned((1, n_tiles * shape.n_tile + 1), np.int64),
        n_positive=aligned((1, (n_tiles + 2) * LANES)),
        n_terms=aligned((1, (n_tiles + 2) * LANES)),
        of_tile=of_tile,
        error_coef=aligned((n_tiles, LANES)),
        rows=aligned((3, shape.n_vectors * LANES)),
        log_coefficients=log_coefficients,
    )


@inline_cpu
def draw_negatives(step: SubwordStep, i: int, token_pos: int, ordinal: int, sampler: Sampler) -> None:
    """Draw the negatives of the `ordinal`-th example of centre i, which is at `token_pos`."""
    first_draw = _NEGATIVE_DRAW + ordinal * sampler.negative
    for k in range(sampler.negative):
        bits = random_bits(sampler.key, token_pos, first_draw + k)
        step.negatives[i & 3, k] = alias_draw(uniform(bits), sampler.alias_prob, sampler.alias_id)


@inline_cpu
def prefetch_targets(w_out: Float32, step: SubwordStep, i: int, context_id: int, shape: Shape) -> None:
    """Prefetch the output rows of the negatives of centre i, and of one context."""
    for col in range(0, shape.n_vectors * LANES, CACHE_LINE):
        prefetch(w_out, context_id, col)
        for k in range(step.negatives.shape[1]):
            prefetch(w_out, step.negatives[i & 3, k], col)


@inline_cpu
def prefetch_lists(subwords: Subwords, soon_id: int, later_id: int) -> None:
    """Prefetch the list of rows of one word, and where that of another begins."""
    begin = subwords.row_starts[soon_id]
    prefetch_element(subwords.row_ids, begin)
    prefetch_element(subwords.row_ids, subwords.row_starts[soon_id + 1] - 1)
    prefetch_element(subwords.row_starts, later_id)


@inline_cpu
def set_targets(
    step: SubwordStep,
    kept: KeptTokens,
    first: int,
    stop: int,
    i: int,
    skipped: int,
    share: float,
    shape: Shape,
) -> int:
    """List kept tokens first to stop, except `skipped`, and the negatives of centre i; return the number of tiles.

    A negative counts as `share` for each positive that it differs from.
    """
    n_positives = 0
    for j in range(first, stop):
        step.targets[0, n_positives] = kept.id[j]
        n_positives += j != skipped
    n = n_positives + step.negatives.shape[1]
    for k in range(n_positives, n):
        step.targets[0, k] = step.negatives[i & 3, k - n_positives]
    n_tiles: int = (n + shape.n_tile - 1) // shape.n_tile
    for k in range(n, n_tiles * shape.n_tile):
        step.targets[0, k] = step.targets[0, 0]
    for k in range(0, n_tiles * shape.n_tile, LANES):
        store(step.n_positive, 0, k, splat(0.0))
        store(step.n_terms, 0, k, splat(0.0))
    for k in range(n_positives):
        step.n_positive[0, k] = 1.0
        step.n_terms[0, k] = 1.0
    for k in range(n_positives, n):
        step.n_terms[0, k] = n_positives * share
    for j in range(n_positives):
        for k in range(n_positives, n):
            if step.targets[0, k] == step.targets[0, j]:
                step.n_terms[0, k] -= share
    return n_tiles


class Ahead(NamedTuple):
    """Rows of w_in that a later step needs: row_ids[first:stop]. A share of them is prefetched in each of the sweeps.

    All at once they would wait for each other: a core has few places for lines that are on their way.
    """

    row_ids: Int32
    first: int
    stop: int
    share: int


@inline_cpu
def rows_ahead(subwords: Subwords, word: int, n_sweeps: int) -> Ahead:
    """Return the rows of a word, to be prefetched in this number of sweeps."""
    first, stop = subwords.row_starts[word], subwords.row_starts[word + 1]
    return Ahead(subwords.row_ids, first, stop, (stop - first + n_sweeps - 1) // n_sweeps)


@inline_cpu
def prefetch_ahead(w_in: Float32, ahead: Ahead, sweep: int, shape: Shape) -> None:
    """Prefetch the rows of a sweep."""
    first, whole = ahead.first + sweep * ahead.share, shape.n_vectors // shape.n_strip * shape.n_strip
    for r in range(first, min(first + ahead.share, ahead.stop)):
        for vector in range(0, whole, shape.n_strip):
            prefetch_strip(w_in, ahead.row_ids[r], vector * LANES, shape)
        if whole < shape.n_vectors:
            prefetch_strip(w_in, ahead.row_ids[r], whole * LANES, tail(shape))


@inline_cpu
def prefetch_far(a: Float32, row: int, shape: Shape) -> None:
    """Prefetch a row, but not into the first cache, which has no room for all rows of a group."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        prefetch_far_strip(a, row, vector * LANES, shape)
    if whole < shape.n_vectors:
        prefetch_far_strip(a, row, whole * LANES, tail(shape))


@inline_cpu
def prefetch_share(w_in: Float32, subwords: Subwords, word: int, k: int, shape: Shape) -> None:
    """Prefetch part k of 3 of the rows of a word."""
    first = subwords.row_starts[word]
    n_rows = subwords.row_starts[word + 1] - first
    for r in range(first + n_rows * k // 3, first + n_rows * (k + 1) // 3):
        prefetch_far(w_in, subwords.row_ids[r], shape)


@inline_cpu
def set_error_coefs(step: SubwordStep, t: int, scores: float, lr: float, shape: Shape) -> float:
    """Fill step.error_coef for the scores (a SIMD value) of tile `t`; return the loss by lane."""
    tanh, n_terms = tanh_half(scores), load(step.n_terms, 0, t * shape.n_tile)
    n_positive = load(step.n_positive, 0, t * shape.n_tile)
    store(step.error_coef, t, 0, (n_positive - (tanh * 0.5 + 0.5) * n_terms) * lr)
    loss: float = splat(0.0)
    if shape.with_loss:
        losses = softplus(scores, tanh, step.log_coefficients) * n_terms
        loss = (losses - n_positive * scores) * load(step.of_tile, 0, 0)
    return loss


@inline_cpu
def train_targets(matrices: Matrices, step: SubwordStep, n_tiles: int, ahead: Ahead, lr: float, shape: Shape) -> float:
    """Add the move of the hidden vector to that of the earlier steps, and move the target rows; return the losses."""
    w_in, w_out = matrices
    loss: float = splat(0.0)
    for t in range(n_tiles):
        rows, sums = rows_of(w_out, step.targets, 0, t * shape.n_tile, shape), zeros(shape)
        prefetch_ahead(w_in, ahead, 3 * t, shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            sums = fma_rows(load_rows(rows, col, single(shape)), load(step.rows, HIDDEN, col), sums)
        loss = loss + set_error_coefs(step, t, hsum_single(sums), lr, shape)
        if shape.moves_rows:
            coefs = splats(step.error_coef, t, 0, shape)
            prefetch_ahead(w_in, ahead, 3 * t + 1, shape)
            for col in range(0, shape.n_vectors * LANES, LANES):
                move = load_strip(step.rows, MOVE, col, single(shape))
                store_strip(step.rows, MOVE, col, dot(coefs, load_rows(rows, col, single(shape)), move))
    if shape.moves_rows:
        for t in range(n_tiles):
            rows, coefs = rows_of(w_out, step.targets, 0, t * shape.n_tile, shape), splats(step.error_coef, t, 0, shape)
            prefetch_ahead(w_in, ahead, 3 * t + 2, shape)
            for col in range(0, shape.n_vectors * LANES, LANES):
                add_rows(rows, col, fma_rows(coefs, load(step.rows, HIDDEN, col), zero_tile(single(shape))))
    return loss


@inline_cpu
def follow_move(step: SubwordStep, shape: Shape) -> None:
    """Move the hidden vector to where the steps so far have brought it."""
    for col in range(0, shape.n_vectors * LANES, LANES):
        store(step.rows, HIDDEN, col, load(step.rows, FIRST, col) + load(step.rows, MOVE, col))


@inline_cpu
def _sum_strip(w_in: Float32, subwords: Subwords, word: int, sums: Float32, slot: int, col: int, shape: Shape) -> None:
    total = zero_strip(shape)
    for r in range(subwords.row_starts[word], subwords.row_starts[word + 1]):
        total = total + load_strip(w_in, subwords.row_ids[r], col, shape)
    store_strip(sums, slot, col, total)


@inline_cpu
def sum_word(w_in: Float32, subwords: Subwords, word: int, sums: Float32, slot: int, shape: Shape) -> None:
    """Write the sum of the rows of a word to row `slot` of sums."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        _sum_strip(w_in, subwords, word, sums, slot, vector * LANES, shape)
    if whole < shape.n_vectors:
        _sum_strip(w_in, subwords, word, sums, slot, whole * LANES, tail(shape))


@inline_cpu
def _move_strip(
    w_in: Float32, subwords: Subwords, word: int, moves: Float32, slot: int, col: int, shape: Shape
) -> None:
    move = load_strip(moves, slot, col, shape)
    for r in range(subwords.row_starts[word], subwords.row_starts[word + 1]):
        row = subwords.row_ids[r]
        store_strip(w_in, row, col, load_strip(w_in, row, col, shape) + move)


@inline_cpu
def move_rows(w_in: Float32, subwords: Subwords, word: int, moves: Float32, slot: int, shape: Shape) -> None:
    """Add row `slot` of moves to each row of a word."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        _move_strip(w_in, subwords, word, moves, slot, vector * LANES, shape)
    if whole < shape.n_vectors:
        _move_strip(w_in, subwords, word, moves, slot, whole * LANES, tail(shape))


@inline_cpu
def begin_steps(step: SubwordStep, scale: float, shape: Shape) -> None:
    """Multiply the hidden vector, which is a sum so far, and set its move to 0."""
    for col in range(0, shape.n_vectors * LANES, LANES):
        hidden = load(step.rows, HIDDEN, col) * scale
        store(step.rows, HIDDEN, col, hidden)
        store(step.rows, FIRST, col, hidden)
        store(step.rows, MOVE, col, splat(0.0))
