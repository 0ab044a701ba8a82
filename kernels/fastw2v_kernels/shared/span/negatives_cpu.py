"""Negative sampling as a second loss of kernels whose first is hierarchical softmax, on the CPU."""

from __future__ import annotations

from typing import NamedTuple

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import Shape
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler
from fastw2v_kernels.shared.span.pairs_cpu import begin_pairs, end_pairs
from fastw2v_kernels.shared.span.scoring_cpu import StepBuffers, draw_targets, first_set
from fastw2v_kernels.shared.span.walk_cpu import KeptTokens


class Negatives(NamedTuple):
    """What a step with negatives needs; kernels with None in its place are compiled without negatives."""

    matrices: Matrices | RatedMatrices
    sampler: Sampler
    step: StepBuffers
    shape: Shape


@inline_cpu
def draw_negatives(negatives: Negatives, kept: KeptTokens, i: int, n_contexts: int) -> None:
    """Draw the targets of centre i."""
    step, sampler, shape = negatives.step, negatives.sampler, negatives.shape
    if shape.share_negatives:
        draw_targets(step, first_set(step, i), kept.id[i], kept.pos[i], 0, sampler, shape)
    else:
        begin_pairs(step.pairs, kept.pos[i], n_contexts, sampler)
        end_pairs(step.targets, step.pairs, i, kept.id[i], n_contexts, sampler)
