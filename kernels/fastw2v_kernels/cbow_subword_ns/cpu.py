"""CBOW with subwords and negative sampling on the CPU: the sums of the tokens' rows are carried along the window."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import LANES, Shape, hsum, load_strip, splat, store, store_strip, tail, zero_strip
from fastw2v_kernels.cbow_ns.cpu import Means
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.memory import aligned, cache_per_thread
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import check_tables, check_tokens, checked_weights
from fastw2v_kernels.shared.span.inputs import Matrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.scoring_cpu import Centre
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, Subwords, check_matrices, check_subwords
from fastw2v_kernels.shared.span.subwords_cpu import (
    HIDDEN,
    MOVE,
    SubwordStep,
    draw_negatives,
    move_rows,
    prefetch_lists,
    prefetch_targets,
    rows_ahead,
    set_targets,
    subword_shape,
    subword_step,
    sum_word,
    train_targets,
)
from fastw2v_kernels.shared.span.walk_cpu import (
    KeptTokens,
    kept_tokens_buffer,
    lr_of,
    subsample,
    weighted,
    window_of,
)


class Carried(NamedTuple):
    """What is carried along the window: slot i of the kept tokens has row i modulo the number of rows, a power of two.

    sums : float32[n, n_vectors * LANES], sums of the rows of a token, which follow its moves
    moves : float32[n, n_vectors * LANES], what each of its rows moves when the window leaves it
    """

    sums: Float32
    moves: Float32


class CarryingWorkspace(NamedTuple):
    """Working memory of a thread: tokens that survived subsampling, buffers of a centre, and what is carried."""

    kept: KeptTokens
    step: SubwordStep
    carried: Carried


@cache_per_thread
def carried_buffers(shape: Shape, window: int) -> Carried:
    """Return buffers for what is carried along windows."""
    n = 1 << (2 * window).bit_length()  # at least 2 window + 1
    return Carried(aligned((n, shape.n_vectors * LANES)), aligned((n, shape.n_vectors * LANES)))


@inline_cpu
def _sum_strip(carried: Carried, step: SubwordStep, centre: Centre, scale: float, col: int, shape: Shape) -> None:
    hidden, mask = zero_strip(shape), carried.sums.shape[0] - 1
    for j in range(centre.low, centre.high):
        if j != centre.i:
            hidden = hidden + load_strip(carried.sums, j & mask, col, shape)
    store_strip(step.rows, HIDDEN, col, hidden * scale)
    store_strip(step.rows, MOVE, col, zero_strip(shape))


@inline_cpu
def _move_strip(
    carried: Carried,
    subwords: Subwords,
    kept: KeptTokens,
    step: SubwordStep,
    centre: Centre,
    scale: float,
    col: int,
    shape: Shape,
) -> None:
    move, mask = load_strip(step.rows, MOVE, col, shape) * scale, carried.sums.shape[0] - 1
    for j in range(centre.low, centre.high):
        if j != centre.i:
            n_rows = subwords.row_starts[kept.id[j] + 1] - subwords.row_starts[kept.id[j]]
            total, moves = (
                load_strip(carried.sums, j & mask, col, shape),
                load_strip(carried.moves, j & mask, col, shape),
            )
            store_strip(carried.sums, j & mask, col, total + move * float(n_rows))
            store_strip(carried.moves, j & mask, col, moves + move)


@inline_cpu
def share_of(subwords: Subwords, kept: KeptTokens, centre: Centre) -> float:
    """Return 1 divided by the number of rows of all contexts."""
    n_rows = 0
    for j in range(centre.low, centre.high):
        n_rows += subwords.row_starts[kept.id[j] + 1] - subwords.row_starts[kept.id[j]]
    n_rows -= subwords.row_starts[kept.id[centre.i] + 1] - subwords.row_starts[kept.id[centre.i]]
    share: float = 1.0 / n_rows
    return share


@inline_cpu
def set_hidden_vector(carried: Carried, step: SubwordStep, centre: Centre, scale: float, shape: Shape) -> None:
    """Set the hidden vector to the sum of the contexts' rows times `scale`, and its move to 0."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        _sum_strip(carried, step, centre, scale, vector * LANES, shape)
    if whole < shape.n_vectors:
        _sum_strip(carried, step, centre, scale, whole * LANES, tail(shape))


@inline_cpu
def move_contexts(
    carried: Carried,
    subwords: Subwords,
    kept: KeptTokens,
    step: SubwordStep,
    centre: Centre,
    scale: float,
    shape: Shape,
) -> None:
    """Add the hidden vector's move times `scale` to those of the contexts' rows."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        _move_strip(carried, subwords, kept, step, centre, scale, vector * LANES, shape)
    if whole < shape.n_vectors:
        _move_strip(carried, subwords, kept, step, centre, scale, whole * LANES, tail(shape))


@inline_cpu
def train_centre(
    matrices: Matrices, subwords: Subwords, workspace: CarryingWorkspace, centre: Centre, means: Means, shape: Shape
) -> float:
    """Train the example of a centre; return the loss by lane."""
    (kept, step, carried), i = workspace, centre.i
    share = share_of(subwords, kept, centre)
    set_hidden_vector(carried, step, centre, share if means.of_contexts else 1.0, shape)
    n_tiles = set_targets(step, kept, i, i + 1, i, -1, 1.0, shape)
    ahead = rows_ahead(subwords, centre.prefetch_row_id, 3 * n_tiles)
    loss: float = train_targets(matrices, step, n_tiles, ahead, centre.lr, shape)
    if shape.moves_rows:
        move_contexts(carried, subwords, kept, step, centre, share if means.of_gradient else 1.0, shape)
    return loss


@inline_cpu
def reach(w_in: Float32, subwords: Subwords, workspace: CarryingWorkspace, slot: int, stop: int, shape: Shape) -> None:
    """Sum the rows of the token in a slot, if there is one."""
    if slot < stop:
        kept, carried = workspace.kept, workspace.carried
        row = slot & (carried.sums.shape[0] - 1)
        prefetch_lists(subwords, kept.id[min(slot + 2, stop - 1)], kept.id[min(slot + 3, stop - 1)])
        sum_word(w_in, subwords, kept.id[slot], carried.sums, row, shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            store(carried.moves, row, col, splat(0.0))


@inline_cpu
def leave(w_in: Float32, subwords: Subwords, workspace: CarryingWorkspace, slot: int, first: int, shape: Shape) -> None:
    """Move the rows of the token in a slot, if it was reached."""
    if shape.moves_rows and slot >= first:
        moves = workspace.carried.moves
        move_rows(w_in, subwords, workspace.kept.id[slot], moves, slot & (moves.shape[0] - 1), shape)


@jit_cpu
def _cbow_subword_ns_cpu_kernel(
    matrices: Matrices,
    subwords: Subwords,
    tokens: TokenSource,
    sampler: Sampler,
    walk: tuple[Span, Means],
    tally: Float64,
    workspace: CarryingWorkspace,
    shape: Shape,
) -> None:
    (span, means), (w_in, w_out), (kept, step, _), window = walk, matrices, workspace, tokens.window
    sentence = sentence_of(tokens.starts, span.begin)
    first = span.begin
    while first < span.end:
        end = min((first // TOKENS_PER_BLOCK + 1) * TOKENS_PER_BLOCK, span.end)
        bounds = subsample(kept, tokens, first, end, sentence)
        first, sentence = end, bounds.sentence
        next_low = next_high = bounds.first  # an empty window; the literal 0 would have another type
        loss, n_examples = 0.0, 0
        for slot in range(bounds.first, 2 * window):
            reach(w_in, subwords, workspace, slot, bounds.stop, shape)
        for i in range(window - 1, bounds.last):  # begins a centre early, to draw for the first
            low, high = next_low, next_high
            if i + 1 < bounds.last:
                next_low, next_high = window_of(kept, i + 1, bounds, tokens, shape)
                draw_negatives(step, i + 1, kept.pos[i + 1], 0, sampler)
                prefetch_targets(w_out, step, i + 1, kept.id[i + 1], shape)
            if i >= window:
                reach(w_in, subwords, workspace, i + window, bounds.stop, shape)
            if high - low > 1:
                next_id = kept.id[min(i + window + 1, bounds.stop - 1)]
                centre = Centre(i, low, high, next_id, lr_of(tokens, span, kept.pos[i], shape))
                found = hsum(train_centre(matrices, subwords, workspace, centre, means, shape))
                loss += weighted(found, tokens, kept.pos[i], shape)
                n_examples += 1
            if i >= window:
                leave(w_in, subwords, workspace, i - window, bounds.first, shape)
        for slot in range(bounds.last - window, min(bounds.last + window, bounds.stop)):
            leave(w_in, subwords, workspace, slot, bounds.first, shape)
        tally[0] += loss
        tally[1] += n_examples
        tally[2] += bounds.last - window


def cbow_subword_ns_cpu(
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
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `cbow_subword_ns_reference` does, on one core, without the GIL; without `moves_rows`, only tally."""
    matrices, subwords = Matrices(w_in=w_in, w_out=w_out), Subwords(row_ids=row_ids, row_starts=row_starts)
    check_matrices(matrices, tally)
    check_subwords(subwords, matrices)
    check_tokens(ids, starts, begin=begin, end=end)
    check_tables(w_out.shape[0], keep=keep, alias_prob=alias_prob, alias_id=alias_id)
    shape = replace(subword_shape(w_in.shape[1], negative + 1, with_loss), moves_rows=moves_rows)
    shape = replace(shape, with_weights=centre_weight is not None)
    key = epoch_key(seed, epoch)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step = subword_step(shape, negative, 1)
    workspace = CarryingWorkspace(kept_tokens_buffer(window), step, carried_buffers(shape, window))
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    walk = (span, Means(mean_context, mean_gradient))
    _cbow_subword_ns_cpu_kernel(matrices, subwords, tokens, sampler, walk, tally, workspace, shape)
