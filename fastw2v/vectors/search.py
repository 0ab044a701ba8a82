"""Nearest rows by cosine in bounded memory: compiled, or by matrix products and the best k without a full sort."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
RowArray: TypeAlias = npt.NDArray[np.intp]

_GROUP_SIZE = 32  # columns that share one maximum in `top_columns`; 16 and 64 are slower
# The compiled search keeps its lists sorted at every insertion, and loading it takes half a second.
_MOST_KEPT = 256
_MIN_COMPILED = 2_000_000_000  # multiplications
_QUERIES_PER_BLOCK = 1024  # packed, 400 KiB at 100 dimensions: they stay in the core's second cache
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


def nearest(vectors: FloatArray, norms: FloatArray, queries: FloatArray, k: int) -> tuple[FloatArray, RowArray]:
    """Find the k rows with the largest cosine to each query.

    Parameters
    ----------
    vectors : float32[n_rows, dim]
        Any row stride; never copied whole.
    norms : float32[n_rows]
        Lengths of the rows, from `row_norms`.
    queries : float32[n_queries, dim]
        Rows of unit length.
    k : int
        Neighbours wanted; no more than there are rows come back.

    Returns
    -------
    scores : float32[n_queries, min(k, n_rows)]
        Cosines, largest first.
    rows : intp[n_queries, min(k, n_rows)]
        Rows of `vectors`; of equal scores the lower row comes first. A row whose score is NaN is no neighbour: where
        there are too few others the score is -inf, and the row means nothing.

    Notes
    -----
    Small searches, and those for more than 256 neighbours, make all scores of some queries by NumPy's matrix product.
    """
    k = min(k, len(vectors))
    scores, rows = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    is_large = k <= _MOST_KEPT and len(queries) * vectors.size >= _MIN_COMPILED
    search = _compiled if is_large else _by_products
    n_per_block = _QUERIES_PER_BLOCK if is_large else max(1, _MAX_SCORES // len(vectors))
    for start in range(0, len(queries), n_per_block):
        part = slice(start, start + n_per_block)
        search(vectors, norms, queries[part], scores[part], rows[part])
    return scores, rows


def _compiled(vectors: FloatArray, norms: FloatArray, queries: FloatArray, scores: FloatArray, rows: RowArray) -> None:
    from fastw2v.runtime.compilation import log_compilation
    from fastw2v_kernels.nearest.cpu import nearest_cpu

    with log_compilation("the search for neighbours"):
        nearest_cpu(vectors, norms, np.ascontiguousarray(queries), scores=scores, rows=rows)


def _by_products(
    vectors: FloatArray, norms: FloatArray, queries: FloatArray, scores: FloatArray, rows: RowArray
) -> None:
    all_scores = queries @ vectors.T
    all_scores /= norms
    all_scores[np.isnan(all_scores)] = -np.inf
    all_rows = np.broadcast_to(np.arange(len(vectors)), all_scores.shape)
    scores[...], rows[...] = best_first(all_scores, all_rows, scores.shape[1])


def best_first(scores: FloatArray, rows: RowArray, k: int) -> tuple[FloatArray, RowArray]:
    """Order candidates by falling score, equal ones by rising row, and keep the first k of each line."""
    columns = top_columns(scores, k)
    scores, rows = np.take_along_axis(scores, columns, axis=1), np.take_along_axis(rows, columns, axis=1)
    order = np.lexsort((rows, -scores), axis=1)
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)


def top_columns(scores: FloatArray, k: int) -> RowArray:
    """Columns of the k largest scores of each line, in no order: intp[n_lines, min(k, n_columns)].

    The k best lie in the k groups of columns with the largest maxima. So the partition first sees one maximum for each
    group, which plain SIMD comparisons give.
    """
    n_lines, n_columns = scores.shape
    n_groups = n_columns // _GROUP_SIZE
    if n_groups <= 4 * k:
        return _partition(scores, k)
    n_grouped = n_groups * _GROUP_SIZE
    groups = _partition(scores[:, :n_grouped].reshape(n_lines, _GROUP_SIZE, n_groups).max(axis=1), k)
    members = (groups[:, None, :] + n_groups * np.arange(_GROUP_SIZE)[:, None]).reshape(n_lines, -1)
    rest = np.broadcast_to(np.arange(n_grouped, n_columns), (n_lines, n_columns - n_grouped))
    candidates = np.concatenate([members, rest], axis=1)
    return np.take_along_axis(candidates, _partition(np.take_along_axis(scores, candidates, axis=1), k), axis=1)


def _partition(scores: FloatArray, k: int) -> RowArray:
    n_columns = scores.shape[1]
    if k >= n_columns:
        return np.broadcast_to(np.arange(n_columns), scores.shape)
    return np.argpartition(scores, n_columns - k, axis=1)[:, n_columns - k :]
