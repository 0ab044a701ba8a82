"""Skip-gram with negative sampling in mini-batches on the CPU, by threads that each call the kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import LANES, Shape, prefetch_strip, rows_of, tail, wait_for_all
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.memory import cache_per_thread
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.batch_cpu import (
    Batch,
    Steps,
    add_counts,
    add_step,
    begin_batch,
    count,
    draw_ahead,
    first_set,
    n_steps,
    new_batch,
    next_step,
    part,
    step_of,
    weigh_losses,
)
from fastw2v_kernels.shared.span.checks import check_batch, check_tables, check_tokens, check_weights, checked_weights
from fastw2v_kernels.shared.span.contexts import SCORED_TOGETHER
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.rates_cpu import with_rates
from fastw2v_kernels.shared.span.scoring_cpu import (
    Centre,
    StepBuffers,
    Workspace,
    score_row,
    score_rows,
    set_mask,
    step_buffers,
)
from fastw2v_kernels.shared.span.walk_cpu import KeptTokens, kept_tokens_buffer, lr_of, note_repeats, subsample
from fastw2v_kernels.skipgram_ns.cpu import gather, group_of, tile_strip, update_strip


@inline_cpu
def _score_contexts(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    batch: Batch,
    scratch: StepBuffers,
    centre: Centre,
    r: int,
    reach: int,
    shape: Shape,
) -> None:
    """Score the contexts of the centre in groups, each of which is a step, at most `reach` on each side in one."""
    for first in range(0, centre.high - centre.low - 1, SCORED_TOGETHER):
        step, group = next_step(batch, scratch), group_of(centre, first)
        n = gather(kept, step, group.low, group.high, group.i, reach)
        add_step(batch, n, r, score_rows(matrices.w_in, matrices.w_out, step, n, r, centre.lr, shape))


@inline_cpu
def _score_pairs(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    batch: Batch,
    scratch: StepBuffers,
    centre: Centre,
    r: int,
    negative: int,
    shape: Shape,
) -> None:
    """Score each context of the centre in a step with its own negatives."""
    i, low, high, _, lr = centre
    for j in range(low, high):
        if j != i:
            step = next_step(batch, scratch)
            step.inputs[0] = kept.id[j]
            set_mask(step, r, negative, True, shape)
            one = int(np.int64(1))  # a literal has another type, for which functions would be compiled again
            add_step(batch, one, r, score_row(matrices.w_in, kept.id[j], matrices.w_out, step, r, lr, shape))
            r += 1


@inline_cpu
def _score_part(
    matrices: Matrices | RatedMatrices,
    tokens: TokenSource,
    sampler: Sampler,
    span: Span,
    batch: Batch,
    workspace: Workspace,
    shape: Shape,
) -> None:
    """Score the centres at token positions begin to end."""
    (kept, scratch), window = workspace, tokens.window
    bounds = subsample(kept, tokens, span.begin, span.end, sentence_of(tokens.starts, span.begin))
    note_repeats(kept, bounds)
    next_low = next_high = far_low = far_high = bounds.first  # an empty window; the literal 0 would have another type
    n_pairs = 0
    for i in range(window - 2, bounds.last):  # begins two centres early, to draw for the first
        low, high = next_low, next_high
        if i + 1 < bounds.last:
            next_low, next_high = far_low, far_high
        if i + 2 < bounds.last:
            step = next_step(batch, scratch)
            far_low, far_high = draw_ahead(matrices, kept, step, i + 2, bounds, tokens, sampler, shape)
        if high - low > 1:
            r, step, first = first_set(i, window, shape), next_step(batch, scratch), n_steps(batch)
            centre = Centre(i, low, high, 0, lr_of(tokens, span, kept.pos[i], shape))
            if shape.share_negatives:
                set_mask(step, r, sampler.negative, True, shape)
                _score_contexts(matrices, kept, batch, scratch, centre, r, min(window, SCORED_TOGETHER), shape)
            else:
                _score_pairs(matrices, kept, batch, scratch, centre, r, sampler.negative, shape)
            weigh_losses(batch, first, tokens, kept.pos[i], shape)
            n_pairs += high - low - 1
    count(batch, n_pairs, bounds.last - window)


@inline_cpu
def _move_rows(
    matrices: Matrices | RatedMatrices, batch: Batch, scratch: StepBuffers, thread: int, s: int, shape: Shape
) -> None:
    """Move this thread's columns of the rows of a step, and prefetch those of a later one."""
    step, n, r = step_of(batch, scratch, thread, s), batch.n_inputs[thread, s], batch.target_set[thread, s]
    later = min(s + 2, batch.counts[thread, 0] - 1)
    ahead, context_id = batch.target_set[thread, later], batch.inputs[thread, later, batch.n_inputs[thread, later] - 1]
    n_whole = shape.n_vectors // shape.n_strip
    first, last = part(0, -(-shape.n_vectors // shape.n_strip), batch.thread, batch.n_threads)
    for t in range(shape.n_tiles):
        rows = rows_of(matrices.w_out, step.targets, r, t * shape.n_tile, shape)
        rows_ahead = rows_of(matrices.w_out, step.targets, ahead, t * shape.n_tile, shape)
        for strip in range(first, min(last, n_whole)):
            col = strip * shape.n_strip * LANES
            prefetch_strip(matrices.w_in, context_id, col, shape)
            update_strip(matrices, step, n, t, rows, rows_ahead, col, shape)
        if n_whole < last:
            col = n_whole * shape.n_strip * LANES
            prefetch_strip(matrices.w_in, context_id, col, tail(shape))
            update_strip(matrices, step, n, t, rows, rows_ahead, col, tail(shape))


@jit_cpu
def _skipgram_ns_batched_cpu_kernel(
    matrices: Matrices | RatedMatrices,
    tokens: TokenSource,
    sampler: Sampler,
    span: Span,
    tally: Float64,
    batch: Batch,
    workspace: Workspace,
    shape: Shape,
) -> None:
    begin = span.begin
    while begin < span.end:
        end = min((begin // batch.n_tokens + 1) * batch.n_tokens, span.end)
        first, last = part(begin, end, batch.thread, batch.n_threads)
        begin_batch(batch)
        if first < last:
            share = Span(span.epoch, first, last, span.lr_first, span.lr_step)
            _score_part(matrices, tokens, sampler, share, batch, workspace, shape)
        wait_for_all(batch.arrived, batch.n_threads)
        for thread in range(batch.n_threads):
            for s in range(batch.counts[thread, 0]):
                _move_rows(matrices, batch, workspace.step, thread, s, shape)
        if batch.thread == 0:
            add_counts(batch, tally)
        wait_for_all(batch.arrived, batch.n_threads)
        begin = end


def _batched_shape(stride: int, negative: int, *, share_negatives: bool, with_loss: bool) -> Shape:
    """Return the sizes to compile for."""
    shape = Shape.of(stride, negative + 1, with_loss, share_negatives)
    return replace(shape, n_strip=tile_strip(shape))


def _n_scored(share_negatives: bool, window: int) -> int:
    """Return the most contexts of a step."""
    return min(2 * window, SCORED_TOGETHER) if share_negatives else 1


def skipgram_batch(
    stride: int, *, window: int, negative: int, share_negatives: bool, batch_tokens: int, n_threads: int
) -> Batch:
    """Return the memory that `n_threads` threads share which call `skipgram_ns_batched_cpu` for the same span.

    Each passes it with its own number: ``batch._replace(thread=k)``.
    """
    shape = _batched_shape(stride, negative, share_negatives=share_negatives, with_loss=False)
    n_contexts = _n_scored(share_negatives, window)
    n_sets, n_steps = 1 if share_negatives else 2 * window, -(-2 * window // n_contexts)
    steps = Steps(n_sets=n_sets, n_steps=n_steps, n_inputs=n_contexts, n_scored=n_contexts)
    return new_batch(shape, steps, batch_tokens, n_threads)


_own_batch = cache_per_thread(skipgram_batch)


def skipgram_ns_batched_cpu(
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
    batch_tokens: int,
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
    batch: Batch | None = None,
) -> None:
    """Do what `skipgram_ns_batched_reference` does, on one core and without the GIL.

    With `batch`, the memory of several threads, each of these must make the same call at the same time, for each waits
    for the others. The results do not depend on their number.
    """
    matrices = Matrices(w_in=w_in, w_out=w_out)
    check_weights(matrices, tally)
    check_tokens(ids, starts, begin=begin, end=end)
    check_tables(w_in.shape[0], keep=keep, alias_prob=alias_prob, alias_id=alias_id)
    check_batch(batch_tokens, None if batch is None else batch.n_tokens)
    shape = _batched_shape(w_in.shape[1], negative, share_negatives=share_negatives, with_loss=with_loss)
    shape = replace(shape, with_rates=rate_in is not None, with_weights=centre_weight is not None)
    if batch is None:
        batch = _own_batch(
            w_in.shape[1],
            window=window,
            negative=negative,
            share_negatives=share_negatives,
            batch_tokens=batch_tokens,
            n_threads=1,
        )
    key, rated = epoch_key(seed, epoch), with_rates(matrices, rate_in)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step = step_buffers(shape, negative, n_sets=1, n_inputs=_n_scored(share_negatives, window))
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    workspace = Workspace(kept_tokens_buffer(window), step)
    _skipgram_ns_batched_cpu_kernel(rated, tokens, sampler, span, tally, batch, workspace, shape)
