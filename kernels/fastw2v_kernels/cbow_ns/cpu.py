"""CBOW with negative sampling on the CPU: explicit SIMD values, rows asked for one centre ahead."""

from __future__ import annotations

from fastw2v_kernels._jit_cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    LANES,
    Shape,
    add_rows,
    dot,
    fma_rows,
    load,
    load_rows,
    rows_of,
    splat,
    splats,
    store,
    zeros,
)
from fastw2v_kernels._types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.scoring_cpu import Sampler, Step, first_set, new_sampler, new_step, prepare, score, set_mask
from fastw2v_kernels.shared.span_cpu import BLOCK_TOKENS, TokenBlock, fill_block, new_block, sentence_of


@inline_cpu
def _hide(
    w_in: Float32, block: TokenBlock, step: Step, low: int, high: int, i: int, scale: float, shape: Shape
) -> None:
    """Put scale times the sum of the context rows into step.rows[0]."""
    for col in range(0, shape.n_chunks * LANES, LANES):
        hidden = splat(0.0)
        for j in range(low, high):
            if j != i:
                hidden = hidden + load(w_in, block.id[j], col)
        store(step.rows, 0, col, hidden * scale)


@inline_cpu
def _update(
    w_in: Float32,
    w_out: Float32,
    block: TokenBlock,
    step: Step,
    r: int,
    low: int,
    high: int,
    i: int,
    scale: float,
    shape: Shape,
) -> None:
    """Move target rows, and every context row by scale times the hidden vector's move."""
    for col in range(0, shape.n_chunks * LANES, LANES):
        hidden, move = load(step.rows, 0, col), splat(0.0)
        for t in range(shape.n_tiles):
            rows = rows_of(w_out, step.targets, r, t * shape.n_tile, shape)
            coef = splats(step.coef, t, 0, shape)
            move = dot(coef, load_rows(rows, col), move)
            add_rows(rows, col, fma_rows(coef, hidden, zeros(shape)))
        move = move * scale
        for j in range(low, high):
            if j != i:
                store(w_in, block.id[j], col, load(w_in, block.id[j], col) + move)


@inline_cpu
def _train_centre(
    w_in: Float32,
    w_out: Float32,
    block: TokenBlock,
    step: Step,
    i: int,
    low: int,
    high: int,
    lr: float,
    negative: int,
    mean_context: bool,
    mean_gradient: bool,
    shape: Shape,
) -> float:
    """One step for the example of centre i; return the loss."""
    r = first_set(step, i)
    share = 1.0 / (high - low - 1)
    set_mask(step, r, negative, shape)
    _hide(w_in, block, step, low, high, i, share if mean_context else 1.0, shape)
    loss = score(step.rows, w_out, step, r, 1, lr, shape)
    _update(w_in, w_out, block, step, r, low, high, i, share if mean_gradient else 1.0, shape)
    return loss


@jit_cpu
def _cbow_ns_cpu_kernel(
    w_in: Float32,
    w_out: Float32,
    ids: Int32,
    starts: Int64,
    keep: Float32,
    sampler: Sampler,
    begin: int,
    end: int,
    lr_first: float,
    lr_step: float,
    window: int,
    shrink_windows: bool,
    mean_context: bool,
    mean_gradient: bool,
    tally: Float64,
    block: TokenBlock,
    step: Step,
    shape: Shape,
) -> None:
    sentence = sentence_of(starts, begin)
    for first in range(begin, end, BLOCK_TOKENS):
        bounds = fill_block(
            block, ids, starts, keep, sampler.key, window, first, min(first + BLOCK_TOKENS, end), sentence
        )
        sentence = bounds.sentence
        next_low = next_high = 0
        for i in range(window - 1, bounds.last):  # one turn ahead of the first centre, to draw for it
            low, high = next_low, next_high
            if i + 1 < bounds.last:
                next_low, next_high = prepare(
                    w_in, w_out, block, step, i + 1, bounds, sampler, window, shrink_windows, True, shape
                )
            if high - low > 1:
                lr = lr_first + lr_step * block.pos[i]
                tally[0] += _train_centre(
                    w_in, w_out, block, step, i, low, high, lr, sampler.negative, mean_context, mean_gradient, shape
                )
                tally[1] += 1
        tally[2] += bounds.last - window


def cbow_ns_cpu(
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
) -> None:
    """Do what `cbow_ns_reference` does, on one core and without the GIL."""
    shape = Shape.of(w_in.shape[1], negative + 1, with_loss)
    sampler = new_sampler(alias_prob, alias_id, seed, epoch, negative)
    step = new_step(shape, negative, n_sets=2, n_inputs=1)
    step.weight[0] = 1  # the one input row of a step is step.rows[0]; its partner has weight 0
    _cbow_ns_cpu_kernel(
        w_in,
        w_out,
        ids,
        starts,
        keep,
        sampler,
        begin,
        end,
        lr_first,
        lr_step,
        window,
        shrink_windows,
        mean_context,
        mean_gradient,
        tally,
        new_block(window),
        step,
        shape,
    )
