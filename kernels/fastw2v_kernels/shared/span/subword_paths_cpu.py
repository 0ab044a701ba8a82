"""The paths to several words in the Huffman tree as targets of one gradient step with subwords, on the CPU.

The hidden vector is the same for all of them. So a node that is on several paths is one target, which counts as often
as it is on one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import (
    LANES,
    Shape,
    dot,
    fma_rows,
    hsum_single,
    load,
    load_rows,
    load_strip,
    prefetch,
    prefetch_element,
    rows_of,
    single,
    splat,
    splats,
    store_rows,
    store_strip,
    zeros,
)
from fastw2v_kernels.shared.array_types import Float32, Int32
from fastw2v_kernels.shared.memory import CACHE_LINE, aligned, cache_per_thread
from fastw2v_kernels.shared.span.inputs import Matrices, Sampler
from fastw2v_kernels.shared.span.path_cpu import FIRST_PREFETCHED
from fastw2v_kernels.shared.span.paths import MOST_STEPS, Paths
from fastw2v_kernels.shared.span.subwords import Subwords
from fastw2v_kernels.shared.span.subwords_cpu import (
    HIDDEN,
    MOVE,
    Ahead,
    SubwordStep,
    prefetch_ahead,
    set_error_coefs,
)
from fastw2v_kernels.shared.span.walk_cpu import Bounds, KeptTokens


class Lists(NamedTuple):
    """Which rows of w_in, and which of w_node, belong to each word."""

    subwords: Subwords
    paths: Paths


class Negatives(NamedTuple):
    """What a step with negatives needs; kernels with None in its place are compiled without negatives."""

    matrices: Matrices
    sampler: Sampler


@cache_per_thread
def branches_buffer(n_words: int) -> Int32:
    """Return working memory for the paths to `n_words` words: int32[n_targets, 2], see `list_nodes`."""
    return aligned((most_nodes(n_words), 2), np.int32)


def most_nodes(n_words: int) -> int:
    """Return how many nodes the paths to `n_words` words may have."""
    return n_words * MOST_STEPS


@inline_cpu
def _add_path(step: SubwordStep, branches: Int32, n: int, paths: Paths, word: int) -> int:
    """Add the nodes on the path to a word to the first `n` targets; return how many there are now."""
    first, stop, slot = paths.starts[word], paths.starts[word + 1], 0
    is_listed = n > 0
    while is_listed and first < stop:
        last, bit = slot, paths.steps[first] & 1
        step.n_positive[0, slot] += 1 - bit
        step.n_terms[0, slot] += 1.0
        first += 1
        slot = int(branches[last, bit])
        is_listed = slot > 0
        if not is_listed:
            branches[last, bit] = n
    for s in range(first, stop):  # below a node that is not listed, none is
        bit = paths.steps[s] & 1
        step.targets[0, n] = paths.steps[s] >> 1
        step.n_positive[0, n] = 1 - bit
        step.n_terms[0, n] = 1.0
        branches[n, bit] = n + 1
        branches[n, 1 - bit] = 0
        n += 1
    return n


@inline_cpu
def list_nodes(
    kept: KeptTokens,
    step: SubwordStep,
    branches: Int32,
    paths: Paths,
    slots: tuple[int, int],
    skipped: int,
    shape: Shape,
) -> int:
    """List the nodes on the paths to the kept tokens begin to end except one as targets; return the number of tiles.

    Target 0 is the root. branches[k, bit] is the target that a bit of the code leads to from target k; 0 if it is not
    listed. The last tile is filled with the root, which does not count there.
    """
    n = 0
    for j in range(*slots):
        if j != skipped:
            n = _add_path(step, branches, n, paths, kept.id[j])
    n_tiles: int = (n + shape.n_tile - 1) // shape.n_tile
    for k in range(n, n_tiles * shape.n_tile):
        step.targets[0, k] = step.targets[0, 0]
        step.n_positive[0, k] = 0.0
        step.n_terms[0, k] = 0.0
    return n_tiles


@inline_cpu
def train_nodes(matrices: Matrices, step: SubwordStep, n_tiles: int, ahead: Ahead, lr: float, shape: Shape) -> float:
    """Add the move of the hidden vector to that of the earlier steps, and move the nodes; return the losses.

    No node is listed twice, but the root as filling. So a tile moves when it is scored, while its rows are near.
    """
    w_in, w_node = matrices
    loss: float = splat(0.0)
    for t in range(n_tiles):
        rows, sums = rows_of(w_node, step.targets, 0, t * shape.n_tile, shape), zeros(shape)
        prefetch_ahead(w_in, ahead, 2 * t, shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            sums = fma_rows(load_rows(rows, col, single(shape)), load(step.rows, HIDDEN, col), sums)
        loss = loss + set_error_coefs(step, t, hsum_single(sums), lr, shape)
        if shape.moves_rows:
            coefs = splats(step.error_coef, t, 0, shape)
            prefetch_ahead(w_in, ahead, 2 * t + 1, shape)
            for col in range(0, shape.n_vectors * LANES, LANES):
                out, move = load_rows(rows, col, single(shape)), load_strip(step.rows, MOVE, col, single(shape))
                store_strip(step.rows, MOVE, col, dot(coefs, out, move))
                store_rows(rows, col, fma_rows(coefs, load(step.rows, HIDDEN, col), out))
    return loss


@inline_cpu
def prefetch_steps(paths: Paths, kept: KeptTokens, slot: int, bounds: Bounds) -> None:
    """Prefetch the path to the word in a slot, and where that of the one after the next begins."""
    last = bounds.stop - 1
    prefetch_element(paths.starts, kept.id[min(slot + 2, last)])
    first = paths.starts[kept.id[min(slot, last)]]
    if first < paths.steps.shape[0]:
        prefetch_element(paths.steps, first)
        prefetch_element(paths.steps, min(first + 15, paths.steps.shape[0] - 1))


@inline_cpu
def prefetch_nodes(w_node: Float32, paths: Paths, word: int, shape: Shape) -> None:
    """Prefetch the rows of the nodes on the path to a word, except the first few, which are in the cache."""
    for s in range(paths.starts[word] + FIRST_PREFETCHED, paths.starts[word + 1]):
        for col in range(0, shape.n_vectors * LANES, CACHE_LINE):
            prefetch(w_node, paths.steps[s] >> 1, col)
