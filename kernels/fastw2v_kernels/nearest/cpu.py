"""The k rows of a matrix with the largest cosine to each query, on the CPU. Several threads divide the rows.

This is a matrix product whose scores never leave the caches. STRIP rows are scaled to unit length and transposed, so
that the numbers of one dimension are neighbours, and multiplied by a tile of queries at a time. Sums stay in registers
over all dimensions. Only scores above the worst of the k best so far are looked at one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    LANES,
    N_REGISTERS,
    Shape,
    fma_rows,
    load_strip,
    rows_above,
    splats,
    store_strip,
    zero_tile,
)
from fastw2v_kernels.shared.arguments import INT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.cpu import insert_topk
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 10_000_000  # multiplications, about 100 us
_SHAPE = Shape(1, 12 if N_REGISTERS == 32 else 6, 1, False, n_strip=2)  # sums, a strip and a factor fill all registers
STRIP = _SHAPE.n_strip * LANES


class Search(NamedTuple):
    """A matrix as one row of numbers and its stride, the lengths of its rows, and the transposed queries."""

    flat: Float32
    stride: int
    norms: Float32
    queries: Float32


class SearchBuffers(NamedTuple):
    """Working memory, an entry for each thread.

    strips : float32[n_threads, dim, STRIP], rows that are compared now, scaled and transposed
    tiles : float32[n_threads, n_tile * STRIP], their scores
    worst : float32[n_threads, n_queries], score that a row must exceed
    """

    strips: Float32
    tiles: Float32
    worst: Float32


@inline_cpu
def _transpose_strip(flat: Float32, stride: int, norms: Float32, first: int, strip: Float32) -> None:
    """strip[d, i] = row first + i in dimension d, divided by its norm; 0 after the last row."""
    n = min(STRIP, norms.shape[0] - first)
    for i in range(STRIP):
        scale = np.float32(1) / norms[first + i] if i < n else np.float32(0)
        start = (first + i) * stride if i < n else 0
        for d in range(strip.shape[0]):
            strip[d, i] = flat[start + d] * scale


@inline_cpu
def _keep_better(tile: Float32, n: int, first: int, line: int, scores: Float32, rows: Int64) -> None:
    """Insert the scores tile[:n], of the rows from `first` on, into the list of the best."""
    last = scores.shape[1] - 1
    for i in range(n):
        if tile[i] > scores[line, last]:
            insert_topk(scores, rows, line, tile[i], first + i)


@jit_cpu
def _nearest_cpu_kernel(
    thread: int,
    n_threads: int,
    search: Search,
    buffers: SearchBuffers,
    scores: Float32,
    rows: Int64,
    shape: Shape,
) -> int:
    flat, stride, norms, transposed = search
    strips, tiles, worst = buffers
    n_rows, dim = norms.shape[0], strips.shape[1]
    n_strips = -(-n_rows // STRIP)
    for s in range(n_strips * thread // n_threads, n_strips * (thread + 1) // n_threads):
        first = s * STRIP
        _transpose_strip(flat, stride, norms, first, strips[thread])
        for t in range(transposed.shape[0] // dim):
            sums = zero_tile(shape)
            for d in range(dim):
                sums = fma_rows(
                    splats(transposed, t * dim + d, 0, shape), load_strip(strips[thread], d, 0, shape), sums
                )
            better = rows_above(sums, splats(worst, thread, t * shape.n_tile, shape))
            if better == 0:
                continue
            store_strip(tiles, thread, 0, sums)
            for k in range(shape.n_tile):
                if better >> k & 1:
                    q = t * shape.n_tile + k
                    tile = tiles[thread, k * STRIP : (k + 1) * STRIP]
                    _keep_better(tile, min(STRIP, n_rows - first), first, q, scores[thread], rows[thread])
                    worst[thread, q] = scores[thread, q, -1]
    return 0


def nearest_cpu(
    vectors: NDArray[np.float32], norms: Float32, queries: Float32, *, scores: Float32, rows: Int64
) -> None:
    """Do what `nearest_reference` does."""
    for name, array in (("vectors", vectors), ("queries", queries), ("scores", scores)):
        check_axes(name, array, 2)
    (n_rows, dim), (n_queries, k) = vectors.shape, scores.shape
    check_read("queries", queries, (n_queries, dim))
    check_read("norms", norms, (n_rows,))
    check_written("scores", scores, (n_queries, max(k, 1)))
    check_written("rows", rows, (n_queries, k), dtype=INT64)
    flat, stride = _flat("vectors", vectors)
    n_threads, transposed = threads_for(n_rows * n_queries * dim, _WORK_PER_THREAD), _transposed(queries)
    best_scores = np.full((n_threads, n_queries, k), -np.inf, np.float32)
    best_rows = np.full((n_threads, n_queries, k), -1, np.int64)
    # The filling of the last tile has a worst score of infinity, which no score exceeds.
    worst = np.full((n_threads, transposed.size // dim), np.inf, np.float32)
    worst[:, :n_queries] = -np.inf
    strips = np.empty((n_threads, dim, STRIP), np.float32)
    tiles = np.empty((n_threads, _SHAPE.n_tile * STRIP), np.float32)
    search, buffers = Search(flat, stride, norms, transposed), SearchBuffers(strips, tiles, worst)
    run_on_threads(_nearest_cpu_kernel, n_threads, search, buffers, best_scores, best_rows, _SHAPE)
    _merge(best_scores, best_rows, scores=scores, rows=rows)


def _flat(name: str, matrix: NDArray[np.float32]) -> tuple[Float32, int]:
    """Return all numbers of a matrix of any row stride as a one-dimensional array, and the stride in numbers."""
    n_rows, dim = matrix.shape
    stride, rest = divmod(matrix.strides[0], matrix.itemsize)
    if n_rows < 2 or rest or stride < dim or matrix.strides[1] != matrix.itemsize:
        matrix, stride = np.ascontiguousarray(matrix), dim
    check_read(name, matrix[:1], (min(n_rows, 1), dim))
    n = max(n_rows - 1, 0) * stride + dim * min(n_rows, 1)
    return as_strided(matrix, (n,), (matrix.itemsize,), writeable=False), stride


def _transposed(queries: Float32) -> Float32:
    """Return the queries tile by tile, each tile transposed: float32[n_tiles * dim, n_tile], 0 after the last query."""
    (n_queries, dim), n_tile = queries.shape, _SHAPE.n_tile
    n_tiles = -(-n_queries // n_tile)
    padded = np.zeros((n_tiles * n_tile, dim), np.float32)
    padded[:n_queries] = queries
    return np.ascontiguousarray(padded.reshape(n_tiles, n_tile, dim).transpose(0, 2, 1)).reshape(n_tiles * dim, n_tile)


def _merge(best_scores: Float32, best_rows: Int64, *, scores: Float32, rows: Int64) -> None:
    """Write the best of all threads. Earlier threads have lower rows, which a stable sort keeps before equal ones."""
    all_scores, all_rows = (np.concatenate(list(best), axis=1) for best in (best_scores, best_rows))
    order = np.argsort(-all_scores, axis=1, kind="stable")[:, : scores.shape[1]]
    scores[...] = np.take_along_axis(all_scores, order, axis=1)
    rows[...] = np.take_along_axis(all_rows, order, axis=1)
