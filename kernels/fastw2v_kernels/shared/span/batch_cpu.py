"""Mini-batches on the CPU: threads divide the steps to score them, then the columns to move the rows.

Scores come from the rows as they were before the batch, so it does not matter which thread computes them. Each column
of a row is moved by one thread, for all steps in their order. So the results are the same bits for every number of
threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import HALF_LANES, LANES, Shape, hsum, prefetch, prefetch_rows, rows_of, single
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.memory import aligned
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler, TokenSource
from fastw2v_kernels.shared.span.scoring_cpu import StepBuffers, draw_targets
from fastw2v_kernels.shared.span.walk_cpu import Bounds, KeptTokens, window_of

_STEPS, _PAIRS, _KEPT = 0, 1, 2
_LINE = 16  # of int64


class Batch(NamedTuple):
    """The steps of a mini-batch, for each thread those that it scores, and which of the threads this is.

    targets : int64[n_threads, n_sets, n_tiles * n_tile], output rows of each set of targets
    target_set : int64[n_threads, n_steps], the set of each step
    inputs : int32[n_threads, n_steps, ...], input rows of each step
    n_inputs : int64[n_threads, n_steps], their number
    error_coef : float32[n_threads, n_steps, n_tiles, ...], as in `StepBuffers`
    loss : float64[n_threads, n_steps], loss of each step
    all_losses : float64[n_threads * n_steps], the losses of all threads in a row
    counts : int64[n_threads, ...], steps, pairs, kept tokens
    arrived : int64[...], for `wait_for_all`
    n_tokens : int, tokens in a batch; a batch ends at a multiple of them
    """

    targets: Int64
    target_set: Int64
    inputs: Int32
    n_inputs: Int64
    error_coef: Float32
    loss: Float64
    all_losses: Float64
    counts: Int64
    arrived: Int64
    n_tokens: int
    thread: int
    n_threads: int


class Steps(NamedTuple):
    """How many steps and sets of targets a centre has at most; and a step, input rows and rows that are scored."""

    n_sets: int
    n_steps: int
    n_inputs: int
    n_scored: int


def new_batch(shape: Shape, steps: Steps, n_tokens: int, n_threads: int) -> Batch:
    """Return room for the steps of `n_tokens` tokens, which `n_threads` threads share."""
    n_centres = -(-n_tokens // n_threads)
    n_steps, t = n_centres * steps.n_steps, n_threads
    return Batch(
        targets=aligned((t, n_centres * steps.n_sets, shape.n_tiles * shape.n_tile), np.int64),
        target_set=aligned((t, n_steps), np.int64),
        inputs=aligned((t, n_steps, 2 * steps.n_inputs + LANES), np.int32),
        n_inputs=aligned((t, n_steps), np.int64),
        error_coef=aligned((t, n_steps, shape.n_tiles, (steps.n_scored + 2) * HALF_LANES)),
        loss=aligned((t, n_steps), np.float64),
        all_losses=aligned((t * n_steps,), np.float64),
        counts=aligned((t, _LINE), np.int64),
        arrived=aligned((_LINE,), np.int64),
        n_tokens=n_tokens,
        thread=0,
        n_threads=n_threads,
    )


@inline_cpu
def step_of(batch: Batch, scratch: StepBuffers, thread: int, s: int) -> StepBuffers:
    """Return buffers for step `s` of a thread: the batch's own, and for the rest those of `scratch`."""
    return StepBuffers(
        targets=batch.targets[thread],
        draws=scratch.draws,
        inputs=batch.inputs[thread, s],
        weight=scratch.weight,
        label=scratch.label,
        valid=scratch.valid,
        half=scratch.half,
        mask=scratch.mask,
        error_coef=batch.error_coef[thread, s],
        rows=scratch.rows,
        log_coefficients=scratch.log_coefficients,
        pairs=scratch.pairs,
    )


@inline_cpu
def begin_batch(batch: Batch) -> None:
    """Forget this thread's steps of the batch before."""
    for k in range(3):
        batch.counts[batch.thread, k] = 0


@inline_cpu
def n_steps(batch: Batch) -> int:
    """Return how many steps this thread has added to the batch."""
    n: int = batch.counts[batch.thread, _STEPS]
    return n


@inline_cpu
def next_step(batch: Batch, scratch: StepBuffers) -> StepBuffers:
    """Return buffers for this thread's next step."""
    return step_of(batch, scratch, batch.thread, batch.counts[batch.thread, _STEPS])


@inline_cpu
def add_step(batch: Batch, n: int, r: int, loss: float) -> None:
    """Add the step that is in the buffers of `next_step`: `n` input rows, target set `r`, the loss by lane."""
    thread, s = batch.thread, batch.counts[batch.thread, _STEPS]
    batch.n_inputs[thread, s] = n
    batch.target_set[thread, s] = r
    batch.loss[thread, s] = hsum(loss)
    batch.counts[thread, _STEPS] = s + 1


@inline_cpu
def weigh_losses(batch: Batch, first: int, tokens: TokenSource, token_pos: int, shape: Shape) -> None:
    """Multiply the losses of this thread's steps from `first` on, which are of one centre, by its weight."""
    if shape.with_weights:
        for s in range(first, batch.counts[batch.thread, _STEPS]):
            batch.loss[batch.thread, s] *= tokens.weight[token_pos]


@inline_cpu
def count(batch: Batch, n_pairs: int, n_kept: int) -> None:
    """Count the pairs and the kept tokens of this thread's part of the batch."""
    batch.counts[batch.thread, _PAIRS] = n_pairs
    batch.counts[batch.thread, _KEPT] = n_kept


@inline_cpu
def add_counts(batch: Batch, tally: Float64) -> None:
    """Add the losses of all steps, and the counts of all threads, to the tally.

    The compiler may sum a loop in any order. So the losses are first put in one row, whatever thread they are from.
    """
    n, loss = 0, 0.0
    for thread in range(batch.n_threads):
        for s in range(batch.counts[thread, _STEPS]):
            batch.all_losses[n + s] = batch.loss[thread, s]
        n += batch.counts[thread, _STEPS]
        tally[1] += batch.counts[thread, _PAIRS]
        tally[2] += batch.counts[thread, _KEPT]
    for s in range(n):
        loss += batch.all_losses[s]
    tally[0] += loss


@inline_cpu
def part(begin: int, end: int, thread: int, n_threads: int) -> tuple[int, int]:
    """Return the bounds of a thread's part of begin to end."""
    n = end - begin
    return begin + n * thread // n_threads, begin + n * (thread + 1) // n_threads


@inline_cpu
def draw_ahead(
    matrices: Matrices | RatedMatrices,
    kept: KeptTokens,
    step: StepBuffers,
    i: int,
    bounds: Bounds,
    tokens: TokenSource,
    sampler: Sampler,
    shape: Shape,
) -> tuple[int, int]:
    """Draw the targets of centre i, prefetch them and a context row, and return the bounds of its window."""
    low, high = window_of(kept, i, bounds, tokens, shape)
    first = first_set(i, tokens.window, shape)
    for r in range(first, first + (1 if shape.share_negatives else high - low - 1)):
        draw_targets(step, r, kept.id[i], kept.pos[i], r - first, sampler, shape)
        for t in range(shape.n_tiles):
            rows = rows_of(matrices.w_out, step.targets, r, t * shape.n_tile, shape)
            for col in range(0, shape.n_vectors * LANES, LANES):
                prefetch_rows(rows, col, single(shape))
    context_id = kept.id[min(i + tokens.window, bounds.stop - 1)]
    for col in range(0, shape.n_vectors * LANES, LANES):
        prefetch(matrices.w_in, context_id, col)
    return low, high


@inline_cpu
def first_set(i: int, window: int, shape: Shape) -> int:
    """Return the first target set of centre i, the kept token in slot i; slot `window` has the first centre."""
    return (i - window) * (1 if shape.share_negatives else 2 * window)
