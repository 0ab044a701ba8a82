"""Skip-gram with subwords on the CPU, a group of neighbouring centres at a time, which share their negatives.

All centres of a group make one gradient step: all scores are taken before a row moves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import (
    HALF_LANES,
    LANES,
    Shape,
    add_rows,
    dot,
    fma_both,
    fma_rows,
    hsum_pair,
    hsum_single,
    load,
    load_rows,
    load_strip,
    rows_of,
    single,
    small_tile,
    splat,
    splats,
    store,
    store_strip,
    zero_tile,
    zeros,
)
from fastw2v_kernels.shared import rng
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.cpu import alias_draw, random_bits, softplus, tanh_half, uniform
from fastw2v_kernels.shared.memory import aligned, cache_per_thread
from fastw2v_kernels.shared.sigmoid import LOG_COEFFICIENTS
from fastw2v_kernels.shared.span.inputs import Matrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.subwords import NEGATIVE_SETS, POSITIONS_PER_GROUP, Subwords
from fastw2v_kernels.shared.span.subwords_cpu import move_rows, prefetch_far, prefetch_lists, prefetch_share, sum_word
from fastw2v_kernels.shared.span.walk_cpu import Bounds, KeptTokens, lr_of, window_of

_NEGATIVE_DRAW = rng.NEGATIVE_DRAW
_SHARE = 1.0 / NEGATIVE_SETS


class Group(NamedTuple):
    """Working memory of a group of centres; those without contexts are left out.

    drawn : int32[2, n_negatives + LANES], different negatives of this group and of the next, in turn
    negatives : int64[2, n_tiles * n_tile], the same, and copies of the first to fill the last tile
    times : float32[2 n_tiles, LANES], how often each of them was drawn
    n_terms : float32[n_tiles, n_lanes], how often each negative counts in the loss of each centre, HALF_LANES a centre
    error_coef : float32[n_tiles, n_lanes], lr * -n_terms * sigmoid(score) of negatives
    contexts : int64[n, ...], the contexts of a centre, and copies of the first to fill the last tile
    context_coef : float32[n, ...], lr * (1 - sigmoid(score)) of contexts
    slots : int64[n, 3], the kept token of a centre, and the bounds of its window
    rates : float32[2, n + LANES], learning rate and weight of each centre
    hidden, moves : float32[n + 1, n_vectors * LANES], the hidden vector of each centre, and its move
    first_lanes : float32[HALF_LANES + 1, LANES], ones in the first lanes, as many as the number of the row
    half : float32[2, LANES], ones in the lanes of the first, and of the second, of two centres
    log_coefficients : float32[8], what `softplus` takes
    """

    drawn: Int32
    negatives: Int64
    times: Float32
    n_terms: Float32
    error_coef: Float32
    contexts: Int64
    context_coef: Float32
    slots: Int64
    rates: Float32
    hidden: Float32
    moves: Float32
    first_lanes: Float32
    half: Float32
    log_coefficients: Float32


@cache_per_thread
def group_buffers(shape: Shape, n_negatives: int, window: int) -> Group:
    """Return buffers for groups with this number of negatives."""
    n, n_tiles = POSITIONS_PER_GROUP, -(-n_negatives // shape.n_tile)
    log_coefficients, half = aligned((len(LOG_COEFFICIENTS),)), aligned((2, LANES))
    log_coefficients[:] = LOG_COEFFICIENTS
    half[0, :HALF_LANES] = half[1, HALF_LANES:] = 1
    first_lanes = aligned((HALF_LANES + 1, LANES))
    first_lanes[:] = np.arange(LANES) < np.arange(HALF_LANES + 1)[:, None]
    return Group(
        drawn=aligned((2, n_negatives + LANES), np.int32),
        negatives=aligned((2, n_tiles * shape.n_tile), np.int64),
        times=aligned((2 * n_tiles, LANES)),
        n_terms=aligned((n_tiles, (n + 2) * HALF_LANES)),
        error_coef=aligned((n_tiles, (n + 2) * HALF_LANES)),
        contexts=aligned((n, 2 * window + LANES), np.int64),
        context_coef=aligned((n, 2 * window + 2 * LANES)),
        slots=aligned((n, 3), np.int64),
        rates=aligned((2, n + LANES)),
        hidden=aligned((n + 1, shape.n_vectors * LANES)),
        moves=aligned((n + 1, shape.n_vectors * LANES)),
        first_lanes=first_lanes,
        half=half,
        log_coefficients=log_coefficients,
    )


@inline_cpu
def group_end(kept: KeptTokens, begin: int, last: int) -> int:
    """Return the slot behind the group that begins at a slot."""
    end = begin
    while end < last and kept.pos[end] // POSITIONS_PER_GROUP == kept.pos[begin] // POSITIONS_PER_GROUP:
        end += 1
    return end


@inline_cpu
def draw_for_group(group: Group, r: int, token_pos: int, sampler: Sampler, shape: Shape) -> None:
    """Draw set `r`, the negatives of the group that has this position; one that is drawn again is not listed again."""
    n_tiles, n = group.n_terms.shape[0], 0
    first_pos = token_pos // POSITIONS_PER_GROUP * POSITIONS_PER_GROUP
    for t in range(n_tiles):
        store(group.times, r * n_tiles + t, 0, splat(0.0))
    for draw in range(sampler.negative):
        bits = random_bits(sampler.key, first_pos, _NEGATIVE_DRAW + draw)
        row = alias_draw(uniform(bits), sampler.alias_prob, sampler.alias_id)
        k = 0
        while k < n and group.drawn[r, k] != row:
            k += 1
        group.drawn[r, k] = row
        group.times[r * n_tiles + k // shape.n_tile, k % shape.n_tile] += 1.0
        n = max(n, k + 1)
    for k in range(n_tiles * shape.n_tile):
        group.negatives[r, k] = group.drawn[r, k if k < n else 0]
    for k in range(n, sampler.negative):
        group.drawn[r, k] = -1


@inline_cpu
def list_centres(
    group: Group,
    kept: KeptTokens,
    slots: tuple[int, int],
    bounds: Bounds,
    tokens: TokenSource,
    span: Span,
    shape: Shape,
) -> int:
    """List the centres of slots begin to end that have contexts, with their windows and rates; return their number."""
    n = 0
    for i in range(*slots):
        low, high = window_of(kept, i, bounds, tokens, shape)
        group.slots[n, 0], group.slots[n, 1], group.slots[n, 2] = i, low, high
        group.rates[0, n] = lr_of(tokens, span, kept.pos[i], shape)
        group.rates[1, n] = tokens.weight[kept.pos[i]] if shape.with_weights else 1.0
        k = 0
        for j in range(low, high):
            group.contexts[n, k] = kept.id[j]
            k += j != i
        for fill in range(k, k + HALF_LANES):
            group.contexts[n, fill] = group.contexts[n, 0]
        n += high - low > 1
    return n


@inline_cpu
def _count_terms(group: Group, kept: KeptTokens, n: int, r: int, shape: Shape) -> None:
    """Set how often each negative counts for each centre: once for each context that it differs from, in its share."""
    n_tiles, low, high = group.n_terms.shape[0], group.slots[0, 1], group.slots[0, 2]
    for g in range(n):
        low, high = min(low, group.slots[g, 1]), max(high, group.slots[g, 2])
        n_contexts = group.slots[g, 2] - group.slots[g, 1] - 1
        for t in range(n_tiles):
            store(group.n_terms, t, g * HALF_LANES, load(group.times, r * n_tiles + t, 0) * (n_contexts * _SHARE))
    for j in range(low, high):
        n_equal = 0
        for k in range(group.drawn.shape[1] - LANES):
            n_equal += group.drawn[r, k] == kept.id[j]
        if n_equal > 0:
            k = 0
            while group.drawn[r, k] != kept.id[j]:
                k += 1
            t, lane = k // shape.n_tile, k % shape.n_tile
            for g in range(n):
                if group.slots[g, 1] <= j < group.slots[g, 2] and j != group.slots[g, 0]:
                    group.n_terms[t, g * HALF_LANES + lane] -= group.times[r * n_tiles + t, lane] * _SHARE


@inline_cpu
def _of_both(group: Group, row: int, g: int) -> float:
    """Return a rate of centres g and g + 1, on the lanes of each."""
    both: float = load(group.half, 0, 0) * group.rates[row, g] + load(group.half, 1, 0) * group.rates[row, g + 1]
    return both


@inline_cpu
def _score_negatives(w_out: Float32, group: Group, n: int, r: int, shape: Shape) -> float:
    """Fill group.error_coef, for two centres at a time; return the loss by lane."""
    loss: float = splat(0.0)
    for t in range(group.n_terms.shape[0]):
        rows = rows_of(w_out, group.negatives, r, t * shape.n_tile, shape)
        for g in range(0, n, 2):
            sums, sums_next = zeros(shape), zeros(shape)
            for col in range(0, shape.n_vectors * LANES, LANES):
                out = load_rows(rows, col, single(shape))
                sums = fma_rows(out, load(group.hidden, g, col), sums)
                sums_next = fma_rows(out, load(group.hidden, g + 1, col), sums_next)
            scores, n_terms = hsum_pair(sums, sums_next), load(group.n_terms, t, g * HALF_LANES)
            tanh = tanh_half(scores)
            store(group.error_coef, t, g * HALF_LANES, (tanh * -0.5 - 0.5) * (n_terms * _of_both(group, 0, g)))
            if shape.with_loss:
                loss = loss + softplus(scores, tanh, group.log_coefficients) * (n_terms * _of_both(group, 1, g))
    return loss


@inline_cpu
def _tiles_of(group: Group, g: int, shape: Shape) -> tuple[int, int]:
    """Return how many large and small tiles hold the contexts of a centre."""
    n = group.slots[g, 2] - group.slots[g, 1] - 1
    rest = n % shape.n_tile
    return n // shape.n_tile + (rest > shape.n_small_tile), 0 < rest <= shape.n_small_tile


@inline_cpu
def _score_tile(w_out: Float32, group: Group, g: int, first: int, shape: Shape) -> float:
    """Fill group.context_coef for the contexts of a tile, from number `first` on; return the loss by lane."""
    rows, sums = rows_of(w_out, group.contexts, g, first, shape), zeros(shape)
    for col in range(0, shape.n_vectors * LANES, LANES):
        sums = fma_rows(load_rows(rows, col, single(shape)), load(group.hidden, g, col), sums)
    n_left = group.slots[g, 2] - group.slots[g, 1] - 1 - first
    scores, mask = hsum_single(sums), load(group.first_lanes, min(n_left, shape.n_tile), 0)
    tanh = tanh_half(scores)
    store(group.context_coef, g, first, (tanh * -0.5 + 0.5) * (mask * group.rates[0, g]))
    loss: float = splat(0.0)
    if shape.with_loss:
        loss = (softplus(scores, tanh, group.log_coefficients) - scores) * (mask * group.rates[1, g])
    return loss


@inline_cpu
def _score_contexts(w_out: Float32, group: Group, g: int, shape: Shape) -> float:
    """Fill group.context_coef for a centre; return the loss by lane."""
    loss: float = splat(0.0)
    n_large, n_small = _tiles_of(group, g, shape)
    for t in range(n_large):
        loss = loss + _score_tile(w_out, group, g, t * shape.n_tile, shape)
    if n_small > 0:
        loss = loss + _score_tile(w_out, group, g, n_large * shape.n_tile, small_tile(shape))
    return loss


@inline_cpu
def _add_contexts(w_out: Float32, group: Group, g: int, first: int, shape: Shape) -> None:
    """Add what the contexts of a tile contribute to the move of their centre's hidden vector."""
    rows, coefs = rows_of(w_out, group.contexts, g, first, shape), splats(group.context_coef, g, first, shape)
    for col in range(0, shape.n_vectors * LANES, LANES):
        move = load_strip(group.moves, g, col, single(shape))
        store_strip(group.moves, g, col, dot(coefs, load_rows(rows, col, single(shape)), move))


@inline_cpu
def _move_contexts(w_out: Float32, group: Group, g: int, first: int, shape: Shape) -> None:
    """Move the rows of the contexts of a tile."""
    rows, coefs = rows_of(w_out, group.contexts, g, first, shape), splats(group.context_coef, g, first, shape)
    for col in range(0, shape.n_vectors * LANES, LANES):
        add_rows(rows, col, fma_rows(coefs, load(group.hidden, g, col), zero_tile(single(shape))))


@inline_cpu
def _move_negatives(w_out: Float32, group: Group, n: int, r: int, shape: Shape) -> None:
    """Move the rows of the negatives, and add to the moves of all hidden vectors."""
    for t in range(group.n_terms.shape[0]):
        rows = rows_of(w_out, group.negatives, r, t * shape.n_tile, shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            out, grads = load_rows(rows, col, single(shape)), zero_tile(single(shape))
            for g in range(n):
                hidden = load_strip(group.hidden, g, col, single(shape))
                move = load_strip(group.moves, g, col, single(shape))
                move, grads = fma_both(group.error_coef, t, g * HALF_LANES, out, hidden, move, grads, single(shape))
                store_strip(group.moves, g, col, move)
            add_rows(rows, col, grads)


@inline_cpu
def _sum_rows(w_in: Float32, subwords: Subwords, kept: KeptTokens, group: Group, n: int, shape: Shape) -> None:
    """Set the hidden vectors of the centres, that of one more to 0, and their moves to 0."""
    for g in range(n):
        word = kept.id[group.slots[g, 0]]
        sum_word(w_in, subwords, word, group.hidden, g, shape)
        scale = 1.0 / (subwords.row_starts[word + 1] - subwords.row_starts[word])
        for col in range(0, shape.n_vectors * LANES, LANES):
            store(group.hidden, g, col, load(group.hidden, g, col) * scale)
            store(group.moves, g, col, splat(0.0))
    for col in range(0, shape.n_vectors * LANES, LANES):
        store(group.hidden, n, col, splat(0.0))


@inline_cpu
def prefetch_group(
    w_out: Float32,
    subwords: Subwords,
    kept: KeptTokens,
    group: Group,
    r: int,
    slots: tuple[int, int],
    bounds: Bounds,
    shape: Shape,
) -> None:
    """Prefetch the rows of w_out that the group in slots begin to end needs, with negatives of set `r`."""
    (begin, end), n_reached = slots, (group.contexts.shape[1] - LANES) // 2
    for j in range(begin, end):
        prefetch_lists(subwords, kept.id[j], kept.id[min(j + POSITIONS_PER_GROUP, bounds.stop - 1)])
    for k in range(group.negatives.shape[1]):
        prefetch_far(w_out, group.negatives[r, k], shape)
    for j in range(min(begin + n_reached, bounds.stop), min(end + n_reached, bounds.stop)):
        prefetch_far(w_out, kept.id[j], shape)


@inline_cpu
def train_group(
    matrices: Matrices,
    subwords: Subwords,
    kept: KeptTokens,
    group: Group,
    n: int,
    r: int,
    next_slots: tuple[int, int],
    shape: Shape,
) -> float:
    """Train the `n` centres of a group, with the negatives of set `r`; return the loss by lane."""
    w_in, w_out = matrices
    next_begin, next_end = next_slots
    _sum_rows(w_in, subwords, kept, group, n, shape)
    _count_terms(group, kept, n, r, shape)
    loss = _score_negatives(w_out, group, n, r, shape)
    for g in range(n):
        if next_begin + g < next_end:
            prefetch_share(w_in, subwords, kept.id[next_begin + g], 0, shape)
        loss = loss + _score_contexts(w_out, group, g, shape)
    if shape.moves_rows:
        for g in range(n):
            if next_begin + g < next_end:
                prefetch_share(w_in, subwords, kept.id[next_begin + g], 1, shape)
            n_large, n_small = _tiles_of(group, g, shape)
            for t in range(n_large):
                _add_contexts(w_out, group, g, t * shape.n_tile, shape)
            if n_small > 0:
                _add_contexts(w_out, group, g, n_large * shape.n_tile, small_tile(shape))
        _move_negatives(w_out, group, n, r, shape)
        for g in range(n):
            if next_begin + g < next_end:
                prefetch_share(w_in, subwords, kept.id[next_begin + g], 2, shape)
            n_large, n_small = _tiles_of(group, g, shape)
            for t in range(n_large):
                _move_contexts(w_out, group, g, t * shape.n_tile, shape)
            if n_small > 0:
                _move_contexts(w_out, group, g, n_large * shape.n_tile, small_tile(shape))
            move_rows(w_in, subwords, kept.id[group.slots[g, 0]], group.moves, g, shape)
    return loss
