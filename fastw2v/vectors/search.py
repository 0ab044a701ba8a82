"""Nearest rows by cosine, in bounded memory: by a compiled kernel, or by matrix products and a partial sort."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import FloatArray, RowArray

__all__ = ["FloatArray", "RowArray", "cosine", "nearest", "row_norms", "topk", "unit_rows"]

_GROUP_SIZE = 32  # columns that share one maximum in `_topk_columns`; 16 and 64 are slower
# The kernel inserts into sorted lists, so its time grows with k; loading it takes half a second.
_MAX_COMPILED_K = 256
_MIN_COMPILED_MULTIPLICATIONS = 2_000_000_000
_QUERIES_PER_BLOCK = 1024  # 400 KiB at 100 dimensions: they stay in the core's L2 cache
_MAX_SCORES = 1 << 24  # 64 MiB


def row_norms(vectors: FloatArray) -> FloatArray:
    """Euclidean length of every row, float32[n_rows]; 1 for a row of zeros, so that dividing by it is harmless."""
    norms: FloatArray = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    norms[norms == 0] = 1
    return norms


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Rows scaled to unit length, a new float32[n_rows, dim]; rows of zeros stay zeros."""
    return np.asarray(vectors / row_norms(vectors)[:, None])


def cosine(a: FloatArray, b: FloatArray) -> float:
    """Cosine of two vectors float32[dim], summed in float64; 0 when one of them is all zeros."""
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    length = np.linalg.norm(wide_a) * np.linalg.norm(wide_b)
    return float(wide_a @ wide_b / length) if length else 0.0


def nearest(vectors: FloatArray, norms: FloatArray, queries: FloatArray, *, k: int) -> tuple[FloatArray, RowArray]:
    """Find the k rows with the largest cosine to each query.

    Parameters
    ----------
    vectors : float32[n_rows, dim]
        Any row stride. The matrix is never copied whole.
    norms : float32[n_rows]
        Lengths of the rows, from `row_norms`.
    queries : float32[n_queries, dim]
        Rows of unit length.
    k : int
        How many neighbours.

    Returns
    -------
    scores : float32[n_queries, min(k, n_rows)]
        Cosines, largest first.
    rows : intp[n_queries, min(k, n_rows)]
        Rows of `vectors`; of equal scores the lower row comes first. A row whose cosine is NaN is no neighbour. If too
        few rows are left, the last scores are -inf and their rows are meaningless.

    Notes
    -----
    Large searches of at most 256 neighbours run in a compiled kernel; the others compute all scores of some queries at
    a time by NumPy's matrix product.
    """
    k = min(k, len(vectors))
    scores, rows = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    is_compiled = k <= _MAX_COMPILED_K and len(queries) * vectors.size >= _MIN_COMPILED_MULTIPLICATIONS
    search = _compiled if is_compiled else _by_products
    block_size = _QUERIES_PER_BLOCK if is_compiled else max(1, _MAX_SCORES // len(vectors))
    for start in range(0, len(queries), block_size):
        block = slice(start, start + block_size)
        search(vectors, norms, queries[block], scores=scores[block], rows=rows[block])
    return scores, rows


def _compiled(
    vectors: FloatArray, norms: FloatArray, queries: FloatArray, *, scores: FloatArray, rows: RowArray
) -> None:
    from fastw2v.runtime.compilation import log_compilation
    from fastw2v_kernels.nearest.cpu import nearest_cpu

    with log_compilation("the search for neighbours"):
        nearest_cpu(vectors, norms, np.ascontiguousarray(queries), scores=scores, rows=rows)


def _by_products(
    vectors: FloatArray, norms: FloatArray, queries: FloatArray, *, scores: FloatArray, rows: RowArray
) -> None:
    with np.errstate(invalid="ignore"):
        all_scores = queries @ vectors.T
        all_scores /= norms
    all_scores[np.isnan(all_scores)] = -np.inf
    all_rows = np.broadcast_to(np.arange(len(vectors)), all_scores.shape)
    scores[...], rows[...] = topk(all_scores, all_rows, scores.shape[1])


def topk(scores: FloatArray, rows: RowArray, k: int) -> tuple[FloatArray, RowArray]:
    """Return the k largest scores of each line, and their rows.

    Parameters
    ----------
    scores, rows : float32[n_lines, n_candidates], intp[n_lines, n_candidates]
    k : int

    Returns
    -------
    scores, rows : float32[n_lines, min(k, n_candidates)], intp[n_lines, min(k, n_candidates)]
        Largest first; of equal scores the lower row first.
    """
    columns, has_ties = _topk_columns(scores, k)
    for line in np.flatnonzero(has_ties):
        columns[line] = _lowest_rows(scores[line], rows[line], columns[line])
    scores, rows = np.take_along_axis(scores, columns, axis=1), np.take_along_axis(rows, columns, axis=1)
    order = np.lexsort((rows, -scores), axis=1)
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)


def _lowest_rows(scores: FloatArray, rows: RowArray, columns: RowArray) -> RowArray:
    """Return columns with the same scores as those given; of columns that share the least score, those of low rows."""
    least = scores[columns].min()
    better, equal = np.flatnonzero(scores > least), np.flatnonzero(scores == least)
    lowest = equal[np.argsort(rows[equal], kind="stable")][: len(columns) - len(better)]
    return np.concatenate([better, lowest])


def _topk_columns(scores: FloatArray, k: int) -> tuple[RowArray, npt.NDArray[np.bool_]]:
    """Return the columns of the k largest scores of each line, in any order, and whether others share the least.

    The k largest scores lie in the k groups of columns with the largest maxima. So only the columns of these groups
    are partitioned; the maxima are cheap SIMD comparisons.
    """
    n_lines, n_columns = scores.shape
    n_groups = n_columns // _GROUP_SIZE
    if n_groups <= 4 * k:
        columns = _partition(scores, k)
        return columns, _count_at_least(scores, scores, columns) > columns.shape[1]
    n_grouped = n_groups * _GROUP_SIZE
    maxima = scores[:, :n_grouped].reshape(n_lines, _GROUP_SIZE, n_groups).max(axis=1)
    groups = _partition(maxima, k)
    in_groups = (groups[:, None, :] + n_groups * np.arange(_GROUP_SIZE)[:, None]).reshape(n_lines, -1)
    rest = np.broadcast_to(np.arange(n_grouped, n_columns), (n_lines, n_columns - n_grouped))
    candidates = np.concatenate([in_groups, rest], axis=1)
    candidate_scores = np.take_along_axis(scores, candidates, axis=1)
    columns = np.take_along_axis(candidates, _partition(candidate_scores, k), axis=1)
    in_other_groups = _count_at_least(maxima, scores, columns) > k
    return columns, in_other_groups | (_count_at_least(candidate_scores, scores, columns) > k)


def _count_at_least(values: FloatArray, scores: FloatArray, columns: RowArray) -> RowArray:
    """Return how many values of each line are at least the smallest of the scores in `columns`: intp[n_lines]."""
    least = np.take_along_axis(scores, columns, axis=1).min(axis=1, initial=np.inf)
    return np.asarray(np.count_nonzero(values >= least[:, None], axis=1))


def _partition(scores: FloatArray, k: int) -> RowArray:
    """Return the columns of the k largest scores of each line, in any order, by comparing all of them."""
    n_columns = scores.shape[1]
    if k >= n_columns:
        return np.broadcast_to(np.arange(n_columns), scores.shape)
    return np.argpartition(scores, n_columns - k, axis=1)[:, n_columns - k :]
