"""Draws of negatives for each pair of a centre and a context, on the CPU."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import Shape, prefetch_far_element
from fastw2v_kernels.shared import rng
from fastw2v_kernels.shared.array_types import Float64, Int64
from fastw2v_kernels.shared.cpu import random_bits, uniform
from fastw2v_kernels.shared.memory import aligned
from fastw2v_kernels.shared.span.inputs import Sampler

_NEGATIVE_DRAW = rng.NEGATIVE_DRAW


class PairBuffers(NamedTuple):
    """Working memory for the draws of a centre's pairs. There are sets of targets for four centres.

    window : int64[2], slots low to high of the centre whose draws have begun
    n_drawn : int64[4], sets that are drawn of each of these centres
    draws : float64[most draws of a centre], columns of the alias table, with the fractions that choose a row of two
    rows : int64[more than these], the rows drawn with them
    hits : int64[n_sets], 1 if a negative of this set equals its positive, else 0
    """

    window: Int64
    n_drawn: Int64
    draws: Float64
    rows: Int64
    hits: Int64


def pair_buffers(shape: Shape, negative: int, n_sets: int) -> PairBuffers:
    """Return buffers for `n_sets` sets of targets."""
    n_draws = n_sets // 4 * negative
    return PairBuffers(
        window=aligned((2,), np.int64),
        n_drawn=aligned((4,), np.int64),
        draws=aligned((n_draws,), np.float64),
        rows=aligned((n_draws + shape.n_tile,), np.int64),
        hits=aligned((n_sets,), np.int64),
    )


@inline_cpu
def begin_pairs(pairs: PairBuffers, token_pos: int, n_pairs: int, sampler: Sampler) -> None:
    """Draw the columns of the alias table for `n_pairs` sets of negatives at `token_pos`, and prefetch them.

    The first loop becomes SIMD code.
    """
    n_draws, n_rows = n_pairs * sampler.negative, sampler.alias_prob.shape[0]
    for draw in range(n_draws):
        pairs.draws[draw] = uniform(random_bits(sampler.key, token_pos, _NEGATIVE_DRAW + draw)) * n_rows
    for draw in range(n_draws):
        prefetch_far_element(sampler.alias_prob, np.int64(pairs.draws[draw]))
        prefetch_far_element(sampler.alias_id, np.int64(pairs.draws[draw]))


@inline_cpu
def end_pairs(targets: Int64, pairs: PairBuffers, i: int, positive: int, n_pairs: int, sampler: Sampler) -> None:
    """Fill the first `n_pairs` sets of centre i, each with the positive and the negatives of a pair.

    `begin_pairs` began to draw them. The rows are those of `draw_targets`. A branch for one of two rows could not be
    predicted.
    """
    for draw in range(n_pairs * sampler.negative):
        scaled = pairs.draws[draw]
        column = np.int64(scaled)
        slot = np.uint64(column)  # without a sign, Numba need not ask whether it counts from the end
        is_other = np.int64(scaled - column >= sampler.alias_prob[slot])
        pairs.rows[draw] = column + (np.int64(sampler.alias_id[slot]) - column) * is_other
    pairs.n_drawn[i & 3] = n_pairs
    first = (i & 3) * (targets.shape[0] // 4)
    for pair in range(n_pairs):
        hit = np.int64(0)
        targets[first + pair, 0] = positive
        for k in range(1, targets.shape[1]):
            row = positive if k > sampler.negative else pairs.rows[pair * sampler.negative + k - 1]
            hit |= np.int64(row == positive) & np.int64(k <= sampler.negative)
            targets[first + pair, k] = row
        pairs.hits[first + pair] = hit
