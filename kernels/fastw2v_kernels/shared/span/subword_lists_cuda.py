"""The rows of one gradient step of subwords on the GPU, each once: words and negatives, or the nodes of paths."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared import rng
from fastw2v_kernels.shared.cuda import alias_draw, random_bits, uniform
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.ring_cuda import ballot, lower_lanes
from fastw2v_kernels.shared.span.shape_cuda import DOTS
from fastw2v_kernels.shared.span.state_cuda import Model
from fastw2v_kernels.shared.span.subword_state_cuda import SubwordBuffers, WarpMemory

_NEGATIVE_DRAW = rng.NEGATIVE_DRAW
_NO_ROW = 0xFFFFFFFF


@inline_cuda
def _is_positive(step: SubwordBuffers, n_centres: int, j: int) -> bool:
    """Whether the j-th token is a positive of one of the centres."""
    is_found = False
    for c in range(n_centres):
        is_found |= (step.bounds[c, 0] <= j) & (j < step.bounds[c, 1]) & (j != step.bounds[c, 2])
    return is_found


@inline_cuda
def _close(step: SubwordBuffers, n: int) -> int:
    """Fill the places behind the n targets, which a tile reads, with some row; return n."""
    for k in range(np.uint32(cuda.laneid), DOTS, 32):
        step.target[n + k] = 0
    cuda.syncwarp()
    return n


@inline_cuda
def _unite(step: SubwordBuffers, n_tokens: int, n_drawn: int) -> int:
    """List each row of step.drawn once, and how often it was drawn behind the first n_tokens; return their number."""
    n = 0
    for first in range(0, n_drawn, 32):
        own = first + int(np.uint32(cuda.laneid))
        row, times = step.drawn[min(own, n_drawn - 1)], 0
        is_first = (own < n_drawn) & (row != _NO_ROW)
        for k in range(n_drawn):
            is_same = step.drawn[k] == row
            is_first &= (k >= own) | (not is_same)
            times += is_same & (k >= n_tokens)
        found = ballot(is_first)
        if is_first:
            place = n + cuda.popc(found & lower_lanes())
            step.target[place] = row
            step.negative[place] = times
        n += cuda.popc(found)
    return _close(step, n)


@inline_cuda
def list_words(
    model: Model, memory: WarpMemory, n_centres: int, low: int, high: int, token_pos: int, draws: tuple[int, int]
) -> int:
    """List the rows of the positives of some centres, which are among tokens low to high, and of negatives.

    The negatives are those of draws[0] to draws[1] at `token_pos`. Returns the number of rows.
    """
    recent, _, step = memory
    n_tokens, first_draw = high - low, _NEGATIVE_DRAW + draws[0]
    n_drawn = n_tokens + draws[1] - draws[0]
    cuda.syncwarp()
    for k in range(int(np.uint32(cuda.laneid)), n_drawn, 32):
        if k < n_tokens:
            word = recent.id[(low + k) & (recent.id.shape[0] - 1)]
            step.drawn[k] = word if _is_positive(step, n_centres, low + k) else _NO_ROW
        else:
            u = uniform(random_bits(model.key, token_pos, first_draw + k - n_tokens))
            step.drawn[k] = alias_draw(u, model.alias_prob, model.alias_id)
    cuda.syncwarp()
    return _unite(step, n_tokens, n_drawn)


@inline_cuda
def _count_steps(paths: Paths, memory: WarpMemory, depth: int, node: int) -> tuple[int, int, int]:
    """Return the first token whose path has this node at a depth, and on how many its bit is 0, and 1."""
    recent, _, step = memory
    low, high, skipped = step.bounds[0, 0], step.bounds[0, 1], step.bounds[0, 2]
    first, n_zeros, n_ones = high, 0, 0
    for j in range(low, high):
        word = recent.id[j & (recent.id.shape[0] - 1)]
        begin = paths.starts[word]
        if (j != skipped) & (depth < paths.starts[word + 1] - begin):
            path_step = paths.steps[begin + depth]
            if path_step >> 1 == node:
                first = min(first, j)
                n_ones += path_step & 1
                n_zeros += 1 - (path_step & 1)
    return first, n_zeros, n_ones


@inline_cuda
def list_nodes(paths: Paths, memory: WarpMemory) -> int:
    """List the nodes on the paths to the positives of centre 0; return their number.

    A node has one depth. So it is on two paths if both have it at that depth, and each lane can look for its own.
    """
    recent, _, step = memory
    cuda.syncwarp()
    n = 0
    for j in range(step.bounds[0, 0], step.bounds[0, 1]):
        if j != step.bounds[0, 2]:
            word = recent.id[j & (recent.id.shape[0] - 1)]
            begin = paths.starts[word]
            n_steps = paths.starts[word + 1] - begin
            for first_depth in range(0, n_steps, 32):
                depth = first_depth + int(np.uint32(cuda.laneid))
                node = paths.steps[begin + min(depth, n_steps - 1)] >> 1
                first, n_zeros, n_ones = _count_steps(paths, memory, depth, node)
                is_first = (depth < n_steps) & (first == j)
                found = ballot(is_first)
                if is_first:
                    place = n + cuda.popc(found & lower_lanes())
                    step.target[place] = node
                    step.positive[place] = n_zeros
                    step.negative[place] = n_ones
                n += cuda.popc(found)
    return _close(step, n)
