"""The contexts of a gradient step on the CPU, as a list of rows."""

from __future__ import annotations

from fastw2v_kernels._jit_cpu import inline_cpu
from fastw2v_kernels._simd import LANES, copy_ids, splat, store
from fastw2v_kernels.shared.scoring_cpu import Step
from fastw2v_kernels.shared.span_cpu import TokenBlock


@inline_cpu
def gather(block: TokenBlock, step: Step, low: int, high: int, i: int, reach: int) -> int:
    """List the rows of the tokens low to high but for centre i, a repeated one once with its multiple; return how many.

    There are at most `reach` on each side of the centre. Scores are made two rows at a time: an odd one gets a partner
    of weight 0.
    """
    if block.repeat[high - 1] < low:  # no word twice: those left of the centre, then those right of it
        centre = i if low <= i < high else high
        n = high - low - (centre < high)
        for c in range(0, reach, LANES):
            copy_ids(step.inputs, c, block.id, low + c)
            store(step.weight, 0, c, splat(1.0))
            store(step.weight, 0, reach + c, splat(1.0))
        for c in range(0, reach, LANES):
            copy_ids(step.inputs, centre - low + c, block.id, centre + 1 + c)
    else:
        n = _gather_repeated(block, step, low, high, i)
    step.inputs[n] = block.id[i]
    step.weight[0, n] = 0.0
    return n


@inline_cpu
def _gather_repeated(block: TokenBlock, step: Step, low: int, high: int, i: int) -> int:
    n = 0
    for j in range(low, high):
        if j == i:
            continue
        c = 0
        while c < n and step.inputs[c] != block.id[j]:
            c += 1
        if c == n:
            step.inputs[n] = block.id[j]
            step.weight[0, n] = 0.0
            n += 1
        step.weight[0, c] += 1.0
    return n
