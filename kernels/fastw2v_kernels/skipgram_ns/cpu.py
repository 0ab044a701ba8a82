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
    add_rows,
    copy_ids,
    fma_both,
    hsum,
    load_rows,
    load_strip,
    prefetch_rows,
    prefetch_strip,
    rows_of,
    splat,
    store,
    store_strip,
    tail,
    zero_strip,
    zero_tile,
)
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import check_tables, check_tokens, check_weights, checked_weights
from fastw2v_kernels.shared.span.contexts import CONTEXTS_PER_STEP, contexts_per_step
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.path_cpu import PathBuffers
from fastw2v_kernels.shared.span.rates_cpu import move_at_rate, with_rates
from fastw2v_kernels.shared.span.scoring_cpu import (
    Centre,
    StepBuffers,
    Workspace,
    first_set,
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
    """Move one strip of input and target rows, and prefetch target rows of a later step."""
    prefetch_rows(ahead, col, shape)
    out, grads = load_rows(rows, col, shape), zero_tile(shape)
    for c in range(n):
        x = load_strip(matrices.w_in, step.inputs[c], col, shape)
        move = zero_strip(shape) if t == 0 else load_strip(step.rows, c, col, shape)
        if t == shape.n_tiles - 1:
            base = move if shape.with_rates else x + move
            moved, grads = fma_both(step.error_coef, t, c * HALF_LANES, out, x, base, grads, shape)
            if shape.with_rates:
                move_at_rate(matrices, step.inputs[c], col, x, moved)
            else:
                store_strip(matrices.w_in, step.inputs[c], col, moved)
        else:
            moved, grads = fma_both(step.error_coef, t, c * HALF_LANES, out, x, move, grads, shape)
            store_strip(step.rows, c, col, moved)
    add_rows(rows, col, grads)


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
    """Move input and target rows by step.error_coef. Both gradients of a strip stay in registers."""
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
def _train_contexts(
    matrices: Matrices | RatedMatrices, kept: KeptTokens, step: StepBuffers, centre: Centre, reach: int, shape: Shape
) -> float:
    """Train the tokens low to high except the centre in one step, at most `reach` on each side; return the losses."""
    r = first_set(step, centre.i)
    n = gather(kept, step, centre.low, centre.high, centre.i, reach)
    loss: float = score_rows(matrices.w_in, matrices.w_out, step, n, r, centre.lr, shape)
    if shape.moves_rows:
        _update(matrices, step, n, r, first_set(step, centre.i + 2), centre.prefetch_row_id, shape)
    return loss


@inline_cpu
def _train_groups(
    matrices: Matrices | RatedMatrices, kept: KeptTokens, step: StepBuffers, centre: Centre, reach: int, shape: Shape
) -> float:
    """Train each `reach` contexts of the centre in one step, all with the same negatives; return the loss by lane."""
    i, low, high, prefetch_row_id, lr = centre
    loss: float = splat(0.0)
    n_contexts = high - low - 1
    for first in range(0, n_contexts, reach):
        begin, end = low + first, low + min(first + reach, n_contexts)
        group = Centre(i, begin + (begin >= i), end + (end > i), prefetch_row_id, lr)
        loss = loss + _train_contexts(matrices, kept, step, group, reach, shape)
    return loss


@inline_cpu
def train_negatives(
    matrices: Matrices | RatedMatrices,
    workspace: Workspace,
    centre: Centre,
    next_centre: int,
    window: int,
    negative: int,
    shape: Shape,
) -> float:
    """Train the contexts of a centre against it and its negatives; return the loss by lane."""
    kept, step = workspace
    if shape.share_negatives:
        set_mask(step, first_set(step, centre.i), negative, shape)
        train = _train_contexts if shape.one_step else _train_groups
        reach = window if shape.one_step else CONTEXTS_PER_STEP
        loss: float = train(matrices, kept, step, centre, reach, shape)
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
                next_centre = i + 1
                if shape.with_weights and next_high - next_low < 2:  # of explicit pairs, every other token
                    next_centre = i + 2
                found = train_negatives(matrices, workspace, centre, next_centre, window, sampler.negative, shape)
                loss += weighted(hsum(found), tokens, kept.pos[i], shape)
                n_pairs += high - low - 1
        tally[0] += loss
        tally[1] += n_pairs
        tally[2] += bounds.last - window


def skipgram_shape(stride: int, negative: int, window: int, *, share_negatives: bool, with_loss: bool) -> Shape:
    """Return the sizes to compile for."""
    one_step = contexts_per_step(window) == 2 * window or not share_negatives
    shape = Shape.of(stride, negative + 1, with_loss, share_negatives, one_step)
    if not share_negatives:
        return replace(shape, n_strip=strip_of_pairs(shape.n_vectors))
    if 4 * shape.n_tile + 4 < N_REGISTERS:  # registers for two vectors of target rows and gradients, and 4 more
        shape = replace(shape, n_strip=2)
    return shape


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
    shape = skipgram_shape(w_in.shape[1], negative, window, share_negatives=share_negatives, with_loss=with_loss)
    shape = replace(shape, with_rates=rate_in is not None, with_weights=centre_weight is not None)
    shape = replace(shape, moves_rows=moves_rows)
    key, rated = epoch_key(seed, epoch), with_rates(matrices, rate_in)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step = step_buffers(shape, negative, n_sets=target_sets(share_negatives, window), n_inputs=2 * window)
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    workspace = Workspace(kept_tokens_buffer(window), step)
    _skipgram_ns_cpu_kernel(rated, tokens, sampler, span, tally, workspace, shape)
