"""The path of a centre in the Huffman tree as target rows of a gradient step: tiles, scores and error coefficients.

Paths differ in length, so the nodes of a path are divided into tiles of two sizes that the kernel is compiled for. What
is left of the last tile is filled with the root, whose error coefficient there is 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import (
    HALF_LANES,
    LANES,
    Rows,
    Shape,
    fma_rows,
    hsum_pair,
    hsum_single,
    load,
    load_rows,
    prefetch_element,
    rows_of,
    single,
    small_tile,
    splat,
    store,
    zeros,
)
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.cpu import softplus, tanh_half
from fastw2v_kernels.shared.memory import aligned, cache_per_thread
from fastw2v_kernels.shared.sigmoid import LOG_COEFFICIENTS
from fastw2v_kernels.shared.span.paths import MOST_STEPS, Paths
from fastw2v_kernels.shared.span.walk_cpu import Bounds, KeptTokens

_N_SETS = 4  # paths that are loaded at a time: of the centre, and of the next two
_TILE_COST = 2  # of a further tile, in nodes of one
FIRST_PREFETCHED = 8  # the nodes above are few, and in the cache


class PathBuffers(NamedTuple):
    """Working memory of one gradient step: up to `n` input rows against the nodes of one path.

    nodes : int64[4, n_slots], rows of w_node on the path of a centre, from the root on, and the root to fill a tile
    sign : float32[4, n_tiles * LANES], for each tile 1 where the label of the node is 1, -1 where it is 0; 0 elsewhere
    n_nodes : int64[4], length of each path
    tiles : int64[MOST_STEPS + 1, 2], large and small tiles for each number of nodes
    inputs, weight, half, rows, log_coefficients : as in `StepBuffers`
    error_coef : float32[n_tiles, (n + 2) * HALF_LANES], lr * (label - sigmoid(score)) by tile, input row and node
    """

    nodes: Int64
    sign: Float32
    n_nodes: Int64
    tiles: Int64
    inputs: Int32
    weight: Float32
    half: Float32
    error_coef: Float32
    rows: Float32
    log_coefficients: Float32


def path_buffers(shape: Shape, *, n_inputs: int) -> PathBuffers:
    """Return buffers for steps of up to `n_inputs` input rows."""
    path = _new_path_buffers(shape, n_inputs=n_inputs)
    path.nodes[:] = path.n_nodes[:] = 0  # the kernel prefetches nodes before it loads a path
    return path


@cache_per_thread
def _new_path_buffers(shape: Shape, *, n_inputs: int) -> PathBuffers:
    log_coefficients, half = aligned((len(LOG_COEFFICIENTS),)), aligned((2, LANES))
    log_coefficients[:] = LOG_COEFFICIENTS
    half[0, :HALF_LANES] = half[1, HALF_LANES:] = 1
    n_tiles = MOST_STEPS // min(shape.n_tile, shape.n_small_tile) + 1
    return PathBuffers(
        nodes=aligned((_N_SETS, MOST_STEPS + LANES), np.int64),
        sign=aligned((_N_SETS, n_tiles * LANES)),
        n_nodes=aligned((_N_SETS,), np.int64),
        tiles=_tiles(shape),
        inputs=aligned((2 * n_inputs + LANES,), np.int32),
        weight=aligned((1, n_inputs + LANES)),
        half=half,
        error_coef=aligned((n_tiles, max((n_inputs + 2) * HALF_LANES, MOST_STEPS + LANES))),
        rows=aligned((n_inputs + 2, shape.n_vectors * LANES)),
        log_coefficients=log_coefficients,
    )


def _tiles(shape: Shape) -> Int64:
    """Return how many large and small tiles hold each number of nodes in the least time."""
    large, small = shape.n_tile, shape.n_small_tile
    chosen = aligned((MOST_STEPS + 1, 2), np.int64)
    for n in range(1, MOST_STEPS + 1):
        pairs = [(n_large, max(0, -(-(n - large * n_large) // small))) for n_large in range(-(-n // large) + 1)]
        chosen[n] = min(pairs, key=lambda p: (large + _TILE_COST) * p[0] + (small + _TILE_COST) * p[1])
    return chosen


@inline_cpu
def set_of(i: int) -> int:
    """Return the set of the path of centre i."""
    return i & (_N_SETS - 1)


@inline_cpu
def tiles_of(path: PathBuffers, r: int) -> tuple[int, int]:
    """Return how many large and small tiles the path in set `r` has."""
    return path.tiles[path.n_nodes[r], 0], path.tiles[path.n_nodes[r], 1]


@inline_cpu
def load_path(path: PathBuffers, i: int, centre_id: int, paths: Paths, in_pairs: bool, shape: Shape) -> None:
    """Fill the set of centre i with the nodes of its path and their signs, for both input rows of a pair or for one."""
    r, first, slot = set_of(i), paths.starts[centre_id], 0
    n = paths.starts[centre_id + 1] - first
    second = HALF_LANES if in_pairs else 0
    path.n_nodes[r] = n
    n_large, n_small = tiles_of(path, r)
    for t in range(n_large + n_small):
        store(path.sign, r, t * LANES, splat(0.0))
        for lane in range(t * LANES, t * LANES + (shape.n_tile if t < n_large else shape.n_small_tile)):
            step = paths.steps[first + (slot if slot < n else 0)]
            sign = np.float32(1 - 2 * (step & 1)) if slot < n else np.float32(0)
            path.nodes[r, slot] = step >> 1
            path.sign[r, lane] = sign
            path.sign[r, lane + second] = sign
            slot += 1


@inline_cpu
def prefetch_path(paths: Paths, kept: KeptTokens, i: int, bounds: Bounds) -> None:
    """Prefetch what `load_path` reads for the centres from i on."""
    prefetch_element(paths.starts, kept.id[min(i + 4, bounds.stop - 1)])
    first = paths.starts[kept.id[min(i + 2, bounds.stop - 1)]]
    if first < paths.steps.shape[0]:
        prefetch_element(paths.steps, first)
        prefetch_element(paths.steps, min(first + 15, paths.steps.shape[0] - 1))


@inline_cpu
def score_rows(w_in: Float32, w_node: Float32, path: PathBuffers, n: int, i: int, lr: float, shape: Shape) -> float:
    """Fill path.error_coef for `n` input rows and the path of centre i, two rows at a time; return the loss by lane."""
    loss: float = splat(0.0)
    r, slot = set_of(i), 0
    n_large, n_small = tiles_of(path, r)
    for t in range(n_large):
        rows = rows_of(w_node, path.nodes, r, slot, shape)
        loss = loss + _score_tile(w_in, rows, path, n, r, t, lr, shape)
        slot += shape.n_tile
    for t in range(n_large, n_large + n_small):
        small = rows_of(w_node, path.nodes, r, slot, small_tile(shape))
        loss = loss + _score_tile(w_in, small, path, n, r, t, lr, small_tile(shape))
        slot += shape.n_small_tile
    return loss


@inline_cpu
def _score_tile(w_in: Float32, rows: Rows, path: PathBuffers, n: int, r: int, t: int, lr: float, shape: Shape) -> float:
    """Fill path.error_coef for tile `t`, whose nodes are `rows`; return the loss by lane."""
    loss: float = splat(0.0)
    sign = load(path.sign, r, t * LANES)
    for c in range(0, n, 2):
        sums, sums_next = zeros(shape), zeros(shape)
        for col in range(0, shape.n_vectors * LANES, LANES):
            out = load_rows(rows, col, single(shape))
            sums = fma_rows(out, load(w_in, path.inputs[c], col), sums)
            sums_next = fma_rows(out, load(w_in, path.inputs[c + 1], col), sums_next)
        weight = load(path.half, 0, 0) * path.weight[0, c] + load(path.half, 1, 0) * path.weight[0, c + 1]
        loss = loss + _set_error_coefs(path, t, c * HALF_LANES, sign, hsum_pair(sums, sums_next), weight, lr, shape)
    return loss


@inline_cpu
def score_hidden_vector(w_node: Float32, path: PathBuffers, i: int, lr: float, shape: Shape) -> float:
    """Fill path.error_coef[0] for path.rows[0] alone and the path of centre i; return the loss by lane."""
    loss: float = splat(0.0)
    r, slot = set_of(i), 0
    n_large, n_small = tiles_of(path, r)
    for t in range(n_large):
        rows = rows_of(w_node, path.nodes, r, slot, shape)
        loss = loss + _score_single(rows, path, r, t, slot, lr, shape)
        slot += shape.n_tile
    for t in range(n_large, n_large + n_small):
        small = rows_of(w_node, path.nodes, r, slot, small_tile(shape))
        loss = loss + _score_single(small, path, r, t, slot, lr, small_tile(shape))
        slot += shape.n_small_tile
    return loss


@inline_cpu
def _score_single(rows: Rows, path: PathBuffers, r: int, t: int, slot: int, lr: float, shape: Shape) -> float:
    sums = zeros(shape)
    for col in range(0, shape.n_vectors * LANES, LANES):
        sums = fma_rows(load_rows(rows, col, single(shape)), load(path.rows, 0, col), sums)
    sign = load(path.sign, r, t * LANES)
    loss: float = _set_error_coefs(path, 0, slot, sign, hsum_single(sums), splat(1.0), lr, shape)
    return loss


@inline_cpu
def _set_error_coefs(
    path: PathBuffers, t: int, place: int, sign: float, scores: float, weight: float, lr: float, shape: Shape
) -> float:
    """Write the error coefficients of one vector of scores to path.error_coef[t, place:]; return its losses.

    The losses share `tanh_half` and the weight with the coefficients, and nothing computed from these two: LLVM would
    round it in another order than without the loss, and vectors would differ.
    """
    tanh, mask = tanh_half(scores), sign * sign
    store(path.error_coef, t, place, (sign - tanh) * (mask * weight * (0.5 * lr)))
    losses: float = splat(0.0)
    if shape.with_loss:
        losses = (softplus(scores, tanh, path.log_coefficients) - (sign * 0.5 + 0.5) * scores) * (mask * weight)
    return losses
