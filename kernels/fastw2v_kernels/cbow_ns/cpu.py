"""CBOW with negative sampling on the CPU: explicit SIMD values, rows prefetched two centres ahead."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    HALF_LANES,
    LANES,
    N_REGISTERS,
    Shape,
    dot,
    fma_rows,
    hsum,
    keep_rolled,
    load,
    load_rows,
    load_strip,
    prefetch_far_rows,
    prefetch_far_strip,
    rows_of,
    single,
    splat,
    splats,
    store_rows,
    store_strip,
    tail,
    zero_strip,
)
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import check_tables, check_tokens, check_weights, checked_weights
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.path_cpu import PathBuffers
from fastw2v_kernels.shared.span.rates_cpu import move_at_rate, with_rates
from fastw2v_kernels.shared.span.scoring_cpu import (
    Centre,
    StepBuffers,
    Workspace,
    first_set,
    prepare,
    score_row,
    set_mask,
    step_buffers,
)
from fastw2v_kernels.shared.span.walk_cpu import (
    TOKENS_PER_PASS,
    KeptTokens,
    kept_tokens_buffer,
    lr_of,
    subsample,
    weighted,
)

# Registers hold a vector of each target row, the error coefficients, the hidden vector and its move.
_MOST_TARGETS = max(HALF_LANES, min(LANES, (N_REGISTERS - 3) // 2))


class Means(NamedTuple):
    """Whether the sum of the context rows, and the hidden vector's gradient, are divided by the number of contexts."""

    of_contexts: bool
    of_gradient: bool


@inline_cpu
def _set_hidden_strip(
    w_in: Float32,
    kept: KeptTokens,
    step: StepBuffers | PathBuffers,
    centre: Centre,
    scale: float,
    col: int,
    shape: Shape,
) -> None:
    """Write scale times the sum of the context rows to one strip of step.rows[0]."""
    hidden = zero_strip(shape)
    for j in range(centre.low, centre.high - 1):
        keep_rolled()
        hidden = hidden + load_strip(w_in, kept.id[j + (j >= centre.i)], col, shape)
    store_strip(step.rows, 0, col, hidden * scale)


@inline_cpu
def set_hidden_vector(
    w_in: Float32, kept: KeptTokens, step: StepBuffers | PathBuffers, centre: Centre, scale: float, shape: Shape
) -> None:
    """Write scale times the sum of the context rows to step.rows[0]."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        _set_hidden_strip(w_in, kept, step, centre, scale, vector * LANES, shape)
    if whole < shape.n_vectors:
        _set_hidden_strip(w_in, kept, step, centre, scale, whole * LANES, tail(shape))


@inline_cpu
def _update_targets(
    matrices: Matrices | RatedMatrices, step: StepBuffers, r: int, ahead: int, prefetch_row_id: int, shape: Shape
) -> None:
    """Move target rows by step.error_coef, put the hidden vector's move into step.rows[1], and prefetch later rows."""
    for t in range(shape.n_tiles):
        rows = rows_of(matrices.w_out, step.targets, r, t * shape.n_tile, shape)
        rows_ahead = rows_of(matrices.w_out, step.targets, ahead, t * shape.n_tile, shape)
        error_coef = splats(step.error_coef, t, 0, shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            prefetch_far_strip(matrices.w_in, prefetch_row_id, col, single(shape))
            prefetch_far_rows(rows_ahead, col, single(shape))
            out, move = load_rows(rows, col, single(shape)), zero_strip(single(shape))
            if t > 0:
                move = load_strip(step.rows, 1, col, single(shape))
            store_strip(step.rows, 1, col, dot(error_coef, out, move))
            store_rows(rows, col, fma_rows(error_coef, load(step.rows, 0, col), out))


@inline_cpu
def _move_strip(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    step: StepBuffers | PathBuffers,
    centre: Centre,
    scale: float,
    col: int,
    shape: Shape,
) -> None:
    """Move one strip of every context row by scale times the hidden vector's move, and times its rate if it has one."""
    move = load_strip(step.rows, 1, col, shape) * scale
    for j in range(centre.low, centre.high - 1):
        keep_rolled()
        row = kept.id[j + (j >= centre.i)]
        x = load_strip(matrices.w_in, row, col, shape)
        if shape.with_rates:
            move_at_rate(matrices, row, col, x, move)
        else:
            store_strip(matrices.w_in, row, col, x + move)


@inline_cpu
def move_contexts(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    step: StepBuffers | PathBuffers,
    centre: Centre,
    scale: float,
    shape: Shape,
) -> None:
    """Move every context row by scale times the hidden vector's move, step.rows[1]."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        _move_strip(matrices, kept, step, centre, scale, vector * LANES, shape)
    if whole < shape.n_vectors:
        _move_strip(matrices, kept, step, centre, scale, whole * LANES, tail(shape))


@inline_cpu
def score_centre(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    step: StepBuffers,
    centre: Centre,
    negative: int,
    means: Means,
    shape: Shape,
) -> float:
    """Set the hidden vector of a centre, and fill step.error_coef for it; return the loss by lane."""
    r = first_set(step, centre.i)
    share = 1.0 / (centre.high - centre.low - 1)
    set_hidden_vector(matrices.w_in, kept, step, centre, share if means.of_contexts else 1.0, shape)
    set_mask(step, r, negative, True, shape)
    loss: float = score_row(step.rows, 0, matrices.w_out, step, r, centre.lr, shape)
    return loss


@inline_cpu
def move_centre(
    matrices: Matrices | RatedMatrices, kept: KeptTokens, step: StepBuffers, centre: Centre, means: Means, shape: Shape
) -> None:
    """Move the targets and the contexts of a centre by step.error_coef."""
    share = 1.0 / (centre.high - centre.low - 1)
    _update_targets(
        matrices, step, first_set(step, centre.i), first_set(step, centre.i + 2), centre.prefetch_row_id, shape
    )
    move_contexts(matrices, kept, step, centre, share if means.of_gradient else 1.0, shape)


@inline_cpu
def train_centre(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    step: StepBuffers,
    centre: Centre,
    negative: int,
    means: Means,
    shape: Shape,
) -> float:
    """Train the example of a centre in one step; return the loss by lane."""
    loss: float = score_centre(matrices, kept, step, centre, negative, means, shape)
    if shape.moves_rows:
        move_centre(matrices, kept, step, centre, means, shape)
    return loss


@jit_cpu
def _cbow_ns_cpu_kernel(
    matrices: Matrices | RatedMatrices,
    tokens: TokenSource,
    sampler: Sampler,
    span: Span,
    means: Means,
    tally: Float64,
    workspace: Workspace,
    shape: Shape,
) -> None:
    (kept, step), window = workspace, tokens.window
    sentence = sentence_of(tokens.starts, span.begin)
    for first in range(span.begin, span.end, TOKENS_PER_PASS):
        bounds = subsample(kept, tokens, first, min(first + TOKENS_PER_PASS, span.end), sentence)
        sentence = bounds.sentence
        next_low = next_high = far_low = far_high = (
            bounds.first
        )  # an empty window; the literal 0 would have another type
        loss, n_pairs = 0.0, 0
        for i in range(window - 2, bounds.last):  # begins two centres early, to draw for the first
            low, high = next_low, next_high
            if i + 1 < bounds.last:
                next_low, next_high = far_low, far_high
            has_contexts, lr, found = high - low > 1, 0.0, splat(0.0)
            if has_contexts:  # without, the slot may hold no token
                lr = lr_of(tokens, span, kept.pos[i], shape)
            centre = Centre(i, low, high, kept.id[min(i + 2 + window, bounds.stop - 1)], lr)
            if has_contexts:
                found = score_centre(matrices, kept, step, centre, sampler.negative, means, shape)
            if i + 2 < bounds.last:  # the scores take long to become coefficients; draws need not wait for them
                far_low, far_high = prepare(kept, step, i + 2, bounds, tokens, sampler, shape)
            if has_contexts:
                if shape.moves_rows:
                    move_centre(matrices, kept, step, centre, means, shape)
                loss += weighted(hsum(found), tokens, kept.pos[i], shape)
                n_pairs += 1
        tally[0] += loss
        tally[1] += n_pairs
        tally[2] += bounds.last - window


def cbow_shape(stride: int, negative: int, with_loss: bool) -> Shape:
    """Return the sizes to compile for."""
    shape = Shape.of(stride, negative + 1, with_loss, most=_MOST_TARGETS)
    n_strips = -(-shape.n_vectors // min(N_REGISTERS - 2, 16))
    return replace(shape, n_strip=-(-shape.n_vectors // n_strips))


def hidden_strip(n_vectors: int) -> int:
    """Return how many vectors of the hidden vector are in registers at a time, the same number in each turn."""
    return -(-n_vectors // -(-n_vectors // (N_REGISTERS // 4)))


def cbow_ns_cpu(
    *,
    w_in: Float32,
    w_out: Float32,
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
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `cbow_ns_reference` does, on one core and without the GIL; without `moves_rows`, only tally."""
    matrices = Matrices(w_in=w_in, w_out=w_out)
    check_weights(matrices, tally)
    check_tokens(ids, starts, begin=begin, end=end)
    check_tables(w_in.shape[0], keep=keep, alias_prob=alias_prob, alias_id=alias_id)
    shape = replace(cbow_shape(w_in.shape[1], negative, with_loss), moves_rows=moves_rows)
    shape = replace(shape, with_rates=rate_in is not None, with_weights=centre_weight is not None)
    key, rated = epoch_key(seed, epoch), with_rates(matrices, rate_in)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step = step_buffers(shape, negative, n_sets=4, n_inputs=1)
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    workspace, means = Workspace(kept_tokens_buffer(window), step), Means(mean_context, mean_gradient)
    _cbow_ns_cpu_kernel(rated, tokens, sampler, span, means, tally, workspace, shape)
