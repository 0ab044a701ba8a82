"""Skip-gram with negative sampling on the CPU: explicit SIMD values, rows asked for one centre ahead."""

from __future__ import annotations

from fastw2v_kernels._jit_cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    LANES,
    SLOTS,
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
def _gather(block: TokenBlock, step: Step, low: int, high: int, i: int) -> int:
    """List the context rows of centre i, a repeated one once with its multiple; return how many there are."""
    n = 0
    for j in range(low, high):
        if j == i:
            continue
        c = 0
        while c < n and step.inputs[0, c] != block.id[j]:
            c += 1
        if c == n:
            step.inputs[0, n] = block.id[j]
            step.weight[n] = 0.0
            n += 1
        step.weight[c] += 1.0
    return n


@inline_cpu
def _update(w_in: Float32, w_out: Float32, step: Step, r: int, n_inputs: int, shape: Shape) -> None:
    """Move input and target rows along step.coef. Both gradients of a chunk of columns stay in registers."""
    for col in range(0, shape.n_chunks * LANES, LANES):
        for t in range(shape.n_tiles):
            rows = rows_of(w_out, step.targets, r, t * shape.n_tile, shape)
            out, grads = load_rows(rows, col), zeros(shape)
            for c in range(n_inputs):
                coef = splats(step.coef, t, c * SLOTS, shape)
                x = load(w_in, step.inputs[0, c], col)
                grads = fma_rows(coef, x, grads)
                move = dot(coef, out, splat(0.0) if t == 0 else load(step.rows, c, col))
                if t == shape.n_tiles - 1:
                    store(w_in, step.inputs[0, c], col, x + move)
                else:
                    store(step.rows, c, col, move)
            add_rows(rows, col, grads)


@inline_cpu
def _train_step(
    w_in: Float32, w_out: Float32, step: Step, r: int, n: int, lr: float, negative: int, shape: Shape
) -> float:
    step.inputs[0, n] = step.inputs[
        0, n - 1
    ]  # scores are made two rows at a time: an odd one gets a partner of weight 0
    step.weight[n] = 0.0
    set_mask(step, r, negative, shape)
    loss = score(w_in, w_out, step, r, n, lr, shape)
    _update(w_in, w_out, step, r, n, shape)
    return loss


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
    share_negatives: bool,
    shape: Shape,
) -> float:
    """One step for all contexts of centre i, or one for each; return the loss."""
    r = first_set(step, i)
    if share_negatives:
        n = _gather(block, step, low, high, i)
        return _train_step(w_in, w_out, step, r, n, lr, negative, shape)
    loss = 0.0
    for j in range(low, high):
        if j != i:
            step.inputs[0, 0] = block.id[j]
            step.weight[0] = 1.0
            loss += _train_step(w_in, w_out, step, r, 1, lr, negative, shape)
            r += 1
    return loss


@jit_cpu
def _skipgram_ns_cpu_kernel(
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
    share_negatives: bool,
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
                    w_in, w_out, block, step, i + 1, bounds, sampler, window, shrink_windows, share_negatives, shape
                )
            if high - low > 1:
                lr = lr_first + lr_step * block.pos[i]
                tally[0] += _train_centre(
                    w_in, w_out, block, step, i, low, high, lr, sampler.negative, share_negatives, shape
                )
                tally[1] += high - low - 1
        tally[2] += bounds.last - window


def skipgram_ns_cpu(
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
) -> None:
    """Do what `skipgram_ns_reference` does, on one core and without the GIL."""
    shape = Shape.of(w_in.shape[1], negative + 1, with_loss)
    sampler = new_sampler(alias_prob, alias_id, seed, epoch, negative)
    step = new_step(shape, negative, n_sets=2 if share_negatives else 4 * window, n_inputs=2 * window)
    _skipgram_ns_cpu_kernel(
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
        share_negatives,
        tally,
        new_block(window),
        step,
        shape,
    )
