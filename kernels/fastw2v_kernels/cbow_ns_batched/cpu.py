"""CBOW with negative sampling in mini-batches on the CPU, by threads that each call the kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    LANES,
    Shape,
    add_rows,
    dot,
    fma_rows,
    load_rows,
    load_strip,
    prefetch_rows,
    prefetch_strip,
    rows_of,
    splats,
    store_strip,
    tail,
    wait_for_all,
    zero_strip,
    zero_tile,
)
from fastw2v_kernels.cbow_ns.cpu import Means, set_hidden_vector
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
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.rates_cpu import move_at_rate, with_rates
from fastw2v_kernels.shared.span.scoring_cpu import Centre, StepBuffers, Workspace, score_row, set_mask, step_buffers
from fastw2v_kernels.shared.span.walk_cpu import KeptTokens, kept_tokens_buffer, lr_of, subsample

_STRIP = 2  # vectors of a row that are in registers together, and that one thread moves


class Work(NamedTuple):
    """What a call trains, and how."""

    span: Span
    means: Means


class Example(NamedTuple):
    """An example that is moved: `n` contexts, target set `r`, and what is prefetched: a later target set and row."""

    n: int
    r: int
    ahead: int
    prefetch_row_id: int


@inline_cpu
def _score_example(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    batch: Batch,
    scratch: StepBuffers,
    centre: Centre,
    r: int,
    of_contexts: bool,
    shape: Shape,
) -> None:
    """Score the example of a centre, and list its contexts."""
    step, n = next_step(batch, scratch), centre.high - centre.low - 1
    for c in range(n):
        j = centre.low + c
        step.inputs[c] = kept.id[j + (j >= centre.i)]
    set_hidden_vector(matrices.w_in, kept, step, centre, 1.0 / n if of_contexts else 1.0, shape)
    add_step(batch, n, r, score_row(step.rows, 0, matrices.w_out, step, r, centre.lr, shape))


@inline_cpu
def _score_part(
    matrices: Matrices | RatedMatrices,
    tokens: TokenSource,
    sampler: Sampler,
    span: Span,
    of_contexts: bool,
    batch: Batch,
    workspace: Workspace,
    shape: Shape,
) -> None:
    """Score the centres at token positions begin to end."""
    (kept, scratch), window = workspace, tokens.window
    bounds = subsample(kept, tokens, span.begin, span.end, sentence_of(tokens.starts, span.begin))
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
            set_mask(step, r, sampler.negative, False, shape)
            centre = Centre(i, low, high, 0, lr_of(tokens, span, kept.pos[i], shape))
            _score_example(matrices, kept, batch, scratch, centre, r, of_contexts, shape)
            weigh_losses(batch, first, tokens, kept.pos[i], shape)
            n_pairs += 1
    count(batch, n_pairs, bounds.last - window)


@inline_cpu
def _move_strip(
    matrices: Matrices | RatedMatrices,
    step: StepBuffers,
    example: Example,
    means: Means,
    col: int,
    shape: Shape,
) -> None:
    """Move one strip of the rows of an example, and prefetch that of a later one."""
    n, r, ahead, prefetch_row_id = example
    share = 1.0 / n
    prefetch_strip(matrices.w_in, prefetch_row_id, col, shape)
    hidden, move = zero_strip(shape), zero_strip(shape)
    for c in range(n):
        hidden = hidden + load_strip(matrices.w_in, step.inputs[c], col, shape)
    hidden = hidden * (share if means.of_contexts else 1.0)
    for t in range(shape.n_tiles):
        rows = rows_of(matrices.w_out, step.targets, r, t * shape.n_tile, shape)
        prefetch_rows(rows_of(matrices.w_out, step.targets, ahead, t * shape.n_tile, shape), col, shape)
        error_coef = splats(step.error_coef, t, 0, shape)
        move = dot(error_coef, load_rows(rows, col, shape), move)
        add_rows(rows, col, fma_rows(error_coef, hidden, zero_tile(shape)))
    move = move * (share if means.of_gradient else 1.0)
    for c in range(n):
        x = load_strip(matrices.w_in, step.inputs[c], col, shape)
        if shape.with_rates:
            move_at_rate(matrices, step.inputs[c], col, x, move)
        else:
            store_strip(matrices.w_in, step.inputs[c], col, x + move)


@inline_cpu
def _move_rows(
    matrices: Matrices | RatedMatrices,
    batch: Batch,
    scratch: StepBuffers,
    means: Means,
    thread: int,
    s: int,
    shape: Shape,
) -> None:
    """Move this thread's columns of the rows of an example."""
    step, n = step_of(batch, scratch, thread, s), batch.n_inputs[thread, s]
    later = min(s + 2, batch.counts[thread, 0] - 1)
    prefetch_row_id = batch.inputs[thread, later, batch.n_inputs[thread, later] - 1]
    example = Example(n, batch.target_set[thread, s], batch.target_set[thread, later], prefetch_row_id)
    n_whole = shape.n_vectors // shape.n_strip
    first, last = part(0, -(-shape.n_vectors // shape.n_strip), batch.thread, batch.n_threads)
    for strip in range(first, min(last, n_whole)):
        _move_strip(matrices, step, example, means, strip * shape.n_strip * LANES, shape)
    if n_whole < last:
        _move_strip(matrices, step, example, means, n_whole * shape.n_strip * LANES, tail(shape))


@jit_cpu
def _cbow_ns_batched_cpu_kernel(
    matrices: Matrices | RatedMatrices,
    tokens: TokenSource,
    sampler: Sampler,
    work: Work,
    tally: Float64,
    batch: Batch,
    workspace: Workspace,
    shape: Shape,
) -> None:
    span, means = work
    begin = span.begin
    while begin < span.end:
        end = min((begin // batch.n_tokens + 1) * batch.n_tokens, span.end)
        first, last = part(begin, end, batch.thread, batch.n_threads)
        begin_batch(batch)
        if first < last:
            share = Span(span.epoch, first, last, span.lr_first, span.lr_step)
            _score_part(matrices, tokens, sampler, share, means.of_contexts, batch, workspace, shape)
        wait_for_all(batch.arrived, batch.n_threads)
        for thread in range(batch.n_threads):
            for s in range(batch.counts[thread, 0]):
                _move_rows(matrices, batch, workspace.step, means, thread, s, shape)
        if batch.thread == 0:
            add_counts(batch, tally)
        wait_for_all(batch.arrived, batch.n_threads)
        begin = end


def cbow_batch(stride: int, *, window: int, negative: int, batch_tokens: int, n_threads: int) -> Batch:
    """Return the memory that `n_threads` threads share which call `cbow_ns_batched_cpu` for the same span.

    Each passes it with its own number: ``batch._replace(thread=k)``.
    """
    steps = Steps(n_sets=1, n_steps=1, n_inputs=2 * window, n_scored=1)
    return new_batch(Shape.of(stride, negative + 1, False), steps, batch_tokens, n_threads)


_own_batch = cache_per_thread(cbow_batch)


def cbow_ns_batched_cpu(
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
    batch_tokens: int,
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
    batch: Batch | None = None,
) -> None:
    """Do what `cbow_ns_batched_reference` does, on one core and without the GIL.

    With `batch`, the memory of several threads, each of these must make the same call at the same time, for each waits
    for the others. The results do not depend on their number.
    """
    matrices = Matrices(w_in=w_in, w_out=w_out)
    check_weights(matrices, tally)
    check_tokens(ids, starts, begin=begin, end=end)
    check_tables(w_in.shape[0], keep=keep, alias_prob=alias_prob, alias_id=alias_id)
    check_batch(batch_tokens, None if batch is None else batch.n_tokens)
    shape = Shape.of(w_in.shape[1], negative + 1, with_loss)
    shape = replace(shape, n_strip=min(_STRIP, shape.n_vectors))
    shape = replace(shape, with_rates=rate_in is not None, with_weights=centre_weight is not None)
    if batch is None:
        sizes = {"window": window, "negative": negative, "batch_tokens": batch_tokens}
        batch = _own_batch(w_in.shape[1], **sizes, n_threads=1)
    key, rated = epoch_key(seed, epoch), with_rates(matrices, rate_in)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step = step_buffers(shape, negative, n_sets=1, n_inputs=1)
    work = Work(Span(epoch, begin, end, lr_first, lr_step), Means(mean_context, mean_gradient))
    workspace = Workspace(kept_tokens_buffer(window), step)
    _cbow_ns_batched_cpu_kernel(rated, tokens, sampler, work, tally, batch, workspace, shape)
