"""Skip-gram with negative sampling on the CPU: explicit SIMD values, rows prefetched two centres ahead."""

from __future__ import annotations

from dataclasses import replace

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    HALF_LANES,
    LANES,
    N_REGISTERS,
    Rows,
    Shape,
    copy_ids,
    fma_both,
    hsum,
    load_rows,
    load_strip,
    prefetch_far_rows,
    prefetch_strip,
    rows_of,
    splat,
    store,
    store_rows,
    store_strip,
    tail,
    zero_strip,
)
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import check_tables, check_tokens, check_weights, checked_weights
from fastw2v_kernels.shared.span.contexts import SCORED_TOGETHER
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.path_cpu import PathBuffers
from fastw2v_kernels.shared.span.rates_cpu import move_at_rate, with_rates
from fastw2v_kernels.shared.span.scoring_cpu import (
    Centre,
    StepBuffers,
    Workspace,
    first_set,
    lanes_of,
    prepare,
    score_rows,
    set_mask,
    step_buffers,
)
from fastw2v_kernels.shared.span.walk_cpu import (
    TOKENS_PER_PASS,
    KeptTokens,
    kept_tokens_buffer,
    lr_of,
    note_repeats,
    subsample,
    weighted,
)
from fastw2v_kernels.skipgram_ns.pairs_cpu import strip_of_pairs, train_pairs

# Registers hold a sum for each target and each of two input rows, a vector of these rows, and one of a target row.
_MOST_TARGETS = max(HALF_LANES, min(LANES, (N_REGISTERS - 3) // 2))


@inline_cpu
def gather(kept: KeptTokens, step: StepBuffers | PathBuffers, low: int, high: int, i: int, reach: int) -> int:
    """List the rows of the tokens low to high except centre i, and return how many; a repeated row is listed once.

    There are at most `reach` on each side of the centre. Rows are scored in pairs, so an odd one gets a partner of
    weight 0.
    """
    if kept.repeat[high - 1] < low:  # no word occurs twice: copy those left of the centre, then those right of it
        centre = i if low <= i < high else high
        n = high - low - (centre < high)
        for c in range(0, reach, LANES):
            copy_ids(step.inputs, c, kept.id, low + c)
            store(step.weight, 0, c, splat(1.0))
            store(step.weight, 0, reach + c, splat(1.0))
        for c in range(0, reach, LANES):
            copy_ids(step.inputs, centre - low + c, kept.id, centre + 1 + c)
    else:
        n = _gather_repeated(kept, step, low, high, i)
    step.inputs[n] = kept.id[i]
    step.weight[0, n] = 0.0
    return n


@inline_cpu
def _gather_repeated(kept: KeptTokens, step: StepBuffers | PathBuffers, low: int, high: int, i: int) -> int:
    n = 0
    for j in range(low, high):
        if j == i:
            continue
        c = 0
        while c < n and step.inputs[c] != kept.id[j]:
            c += 1
        if c == n:
            step.inputs[n] = kept.id[j]
            step.weight[0, n] = 0.0
            n += 1
        step.weight[0, c] += 1.0
    return n


@inline_cpu
def update_strip(
    matrices: Matrices | RatedMatrices,
    step: StepBuffers,
    n: int,
    t: int,
    rows: Rows,
    ahead: Rows,
    col: int,
    shape: Shape,
) -> None:
    """Move one strip of input rows in turn, and of the target rows with each; prefetch target rows of a later step."""
    prefetch_far_rows(ahead, col, shape)
    out = load_rows(rows, col, shape)
    for c in range(n):
        x = load_strip(matrices.w_in, step.inputs[c], col, shape)
        move = zero_strip(shape) if t == 0 else load_strip(step.rows, c, col, shape)
        if t == shape.n_tiles - 1:
            base = move if shape.with_rates else x + move
            moved, out = fma_both(step.error_coef, t, c * lanes_of(shape), out, x, base, out, shape)
            if shape.with_rates:
                move_at_rate(matrices, step.inputs[c], col, x, moved)
            else:
                store_strip(matrices.w_in, step.inputs[c], col, moved)
        else:
            moved, out = fma_both(step.error_coef, t, c * lanes_of(shape), out, x, move, out, shape)
            store_strip(step.rows, c, col, moved)
    store_rows(rows, col, out)


@inline_cpu
def _update(
    matrices: Matrices | RatedMatrices,
    step: StepBuffers,
    n: int,
    r: int,
    ahead: int,
    prefetch_row_id: int,
    shape: Shape,
) -> None:
    """Move input and target rows by step.error_coef. The target rows of a strip stay in registers."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for t in range(shape.n_tiles):
        rows = rows_of(matrices.w_out, step.targets, r, t * shape.n_tile, shape)
        rows_ahead = rows_of(matrices.w_out, step.targets, ahead, t * shape.n_tile, shape)
        for vector in range(0, whole, shape.n_strip):
            prefetch_strip(matrices.w_in, prefetch_row_id, vector * LANES, shape)
            update_strip(matrices, step, n, t, rows, rows_ahead, vector * LANES, shape)
        if whole < shape.n_vectors:
            prefetch_strip(matrices.w_in, prefetch_row_id, whole * LANES, tail(shape))
            update_strip(matrices, step, n, t, rows, rows_ahead, whole * LANES, tail(shape))


@inline_cpu
def group_of(centre: Centre, first: int) -> Centre:
    """Return the centre with only those of its contexts that are scored together, from the `first`-th on."""
    i, low, high, prefetch_row_id, lr = centre
    begin, end = low + first, min(low + first + SCORED_TOGETHER, high - 1)  # of the contexts, without the centre
    return Centre(i, begin + (begin >= i), end + (end > i), prefetch_row_id, lr)


@inline_cpu
def _train_contexts(
    matrices: Matrices | RatedMatrices, kept: KeptTokens, step: StepBuffers, centre: Centre, reach: int, shape: Shape
) -> float:
    """Train the contexts of the centre in groups, at most `reach` on each side in one; return the loss by lane."""
    loss: float = splat(0.0)
    r, ahead = first_set(step, centre.i), first_set(step, centre.i + 2)
    for first in range(0, centre.high - centre.low - 1, SCORED_TOGETHER):
        group = group_of(centre, first)
        n = gather(kept, step, group.low, group.high, group.i, reach)
        loss = loss + score_rows(matrices.w_in, matrices.w_out, step, n, r, centre.lr, shape)
        if shape.moves_rows:
            _update(matrices, step, n, r, ahead, centre.prefetch_row_id, shape)
    return loss


@inline_cpu
def train_negatives(
    matrices: Matrices | RatedMatrices,
    workspace: Workspace,
    centre: Centre,
    window: int,
    negative: int,
    shape: Shape,
) -> float:
    """Train the contexts of a centre against it and its negatives; return the loss by lane."""
    kept, step = workspace
    if shape.share_negatives:
        set_mask(step, first_set(step, centre.i), negative, True, shape)
        loss: float = _train_contexts(matrices, kept, step, centre, min(window, SCORED_TOGETHER), shape)
    else:
        loss = train_pairs(matrices, kept, step, centre, negative, shape)
    return loss


@jit_cpu
def _skipgram_ns_cpu_kernel(
    matrices: Matrices | RatedMatrices,
    tokens: TokenSource,
    sampler: Sampler,
    span: Span,
    tally: Float64,
    workspace: Workspace,
    shape: Shape,
) -> None:
    (kept, step), window = workspace, tokens.window
    sentence = sentence_of(tokens.starts, span.begin)
    for first in range(span.begin, span.end, TOKENS_PER_PASS):
        bounds = subsample(kept, tokens, first, min(first + TOKENS_PER_PASS, span.end), sentence)
        sentence = bounds.sentence
        note_repeats(kept, bounds)
        next_low = next_high = far_low = far_high = (
            bounds.first
        )  # an empty window; the literal 0 would have another type
        loss, n_pairs = 0.0, 0
        for i in range(window - 2, bounds.last):  # begins two centres early, to draw for the first
            low, high = next_low, next_high
            if i + 1 < bounds.last:
                next_low, next_high = far_low, far_high
            if i + 2 < bounds.last:
                far_low, far_high = prepare(kept, step, i + 2, bounds, tokens, sampler, shape)
            if high - low > 1:
                prefetch_row_id = kept.id[min(i + 2 + window, bounds.stop - 1)]
                centre = Centre(i, low, high, prefetch_row_id, lr_of(tokens, span, kept.pos[i], shape))
                found = train_negatives(matrices, workspace, centre, window, sampler.negative, shape)
                loss += weighted(hsum(found), tokens, kept.pos[i], shape)
                n_pairs += high - low - 1
        tally[0] += loss
        tally[1] += n_pairs
        tally[2] += bounds.last - window


def skipgram_shape(stride: int, negative: int, *, share_negatives: bool, with_loss: bool) -> Shape:
    """Return the sizes to compile for: large tiles, unless smaller ones need fewer rows to fill the last."""
    limits = (_MOST_TARGETS, HALF_LANES) if share_negatives else (HALF_LANES,)
    shapes = [Shape.of(stride, negative + 1, with_loss, share_negatives, most=most) for most in limits]
    shape = min(shapes, key=lambda shape: shape.n_tiles * shape.n_tile)
    return replace(shape, n_strip=tile_strip(shape) if share_negatives else strip_of_pairs(shape.n_vectors))


def tile_strip(shape: Shape) -> int:
    """Return how many vectors of a tile's rows are in registers together.

    There are registers for a strip of the target rows, of an input row and of its move, and one for an error
    coefficient. With 32 registers a third vector costs more, in copies of registers, than it saves.
    """
    most = 2 if N_REGISTERS == 32 else shape.n_vectors
    return min(most, (N_REGISTERS - 1) // (shape.n_tile + 2), shape.n_vectors)


def n_listed(share_negatives: bool, window: int) -> int:
    """Return the most contexts of a centre that are listed at a time."""
    return min(2 * window, SCORED_TOGETHER) if share_negatives else 2 * window


def target_sets(share_negatives: bool, window: int) -> int:
    """Return how many sets of targets are drawn ahead."""
    return 4 if share_negatives else 8 * window


def skipgram_ns_cpu(
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
    share_negatives: bool,
    with_loss: bool,
    tally: Float64,
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `skipgram_ns_reference` does, on one core and without the GIL; without `moves_rows`, only tally."""
    matrices = Matrices(w_in=w_in, w_out=w_out)
    check_weights(matrices, tally)
    check_tokens(ids, starts, begin=begin, end=end)
    check_tables(w_in.shape[0], keep=keep, alias_prob=alias_prob, alias_id=alias_id)
    shape = skipgram_shape(w_in.shape[1], negative, share_negatives=share_negatives, with_loss=with_loss)
    shape = replace(shape, with_rates=rate_in is not None, with_weights=centre_weight is not None)
    shape = replace(shape, moves_rows=moves_rows)
    key, rated = epoch_key(seed, epoch), with_rates(matrices, rate_in)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step = step_buffers(
        shape, negative, n_sets=target_sets(share_negatives, window), n_inputs=n_listed(share_negatives, window)
    )
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    workspace = Workspace(kept_tokens_buffer(window), step)
    _skipgram_ns_cpu_kernel(rated, tokens, sampler, span, tally, workspace, shape)
