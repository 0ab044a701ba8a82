"""Nearest rows by cosine: blocked matrix products in bounded memory, and the best k without a full sort."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
RowArray: TypeAlias = npt.NDArray[np.intp]

# Neighbouring rows that share one maximum in `nearest`, and columns that do in `top_columns`; 16 and 64 are slower.
_GROUP_SIZE = 32
# 2,048 rows by 1,024 queries are 8 MiB of scores: enough for BLAS to reach its full speed, little for the caches.
_ROWS_PER_TILE = 64 * _GROUP_SIZE
_QUERIES_PER_BLOCK = 1024
_MAX_GROUP_MAXIMA = 1 << 24  # 64 MiB
_MAX_GATHERED = 1 << 22  # 16 MiB


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
        Rows of `vectors`; of equal scores the lower row comes first.

    Notes
    -----
    The k best rows lie in the k groups of rows with the largest maxima. So all scores are computed tile by tile,
    only the maximum of each group is kept, and the scores within the best groups are computed once more.
    """
    k = min(k, len(vectors))
    scores, rows = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.intp)
    n_groups = -(-len(vectors) // _GROUP_SIZE)
    n_per_block = max(1, min(_QUERIES_PER_BLOCK, _MAX_GROUP_MAXIMA // n_groups))
    n_per_gather = max(1, _MAX_GATHERED // (min(k, n_groups) * _GROUP_SIZE * vectors.shape[1]))
    for start in range(0, len(queries), n_per_block):
        groups = top_columns(_group_maxima(vectors, norms, queries[start : start + n_per_block]), k)
        for at in range(0, len(groups), n_per_gather):
            part = slice(start + at, start + min(at + n_per_gather, len(groups)))
            scores[part], rows[part] = _best_of_groups(vectors, norms, queries[part], groups[at : at + n_per_gather], k)
    return scores, rows


def _group_maxima(vectors: FloatArray, norms: FloatArray, queries: FloatArray) -> FloatArray:
    """Largest cosine in each group of neighbouring rows, float32[n_queries, n_groups]; the last group may be short."""
    by_group = np.empty((-(-len(vectors) // _GROUP_SIZE), len(queries)), np.float32)
    buffer = np.empty((_ROWS_PER_TILE, len(queries)), np.float32)
    for start in range(0, len(vectors), _ROWS_PER_TILE):
        tile = vectors[start : start + _ROWS_PER_TILE] / norms[start : start + _ROWS_PER_TILE, None]
        scores = np.matmul(tile, queries.T, out=buffer[: len(tile)])
        first, n_whole = start // _GROUP_SIZE, len(tile) // _GROUP_SIZE
        whole, rest = np.split(scores, [n_whole * _GROUP_SIZE])
        np.max(whole.reshape(n_whole, _GROUP_SIZE, len(queries)), axis=1, out=by_group[first : first + n_whole])
        if len(rest):
            by_group[-1] = rest.max(axis=0)
    return np.ascontiguousarray(by_group.T)


def _best_of_groups(
    vectors: FloatArray, norms: FloatArray, queries: FloatArray, groups: RowArray, k: int
) -> tuple[FloatArray, RowArray]:
    """Best k rows of the groups of each query; their scores are computed again, which is cheaper than keeping all."""
    members = (groups[:, :, None] * _GROUP_SIZE + np.arange(_GROUP_SIZE)).reshape(len(queries), -1)
    rows = np.minimum(members, len(vectors) - 1)
    scores = np.matmul(vectors[rows], queries[:, :, None])[:, :, 0] / norms[rows]
    scores[members >= len(vectors)] = -np.inf
    return best_first(scores, rows, k)


def best_first(scores: FloatArray, rows: RowArray, k: int) -> tuple[FloatArray, RowArray]:
    """Order candidates by falling score, equal ones by rising row, and keep the first k of each line."""
    columns = top_columns(scores, k)
    scores, rows = np.take_along_axis(scores, columns, axis=1), np.take_along_axis(rows, columns, axis=1)
    order = np.lexsort((rows, -scores), axis=1)
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)


def top_columns(scores: FloatArray, k: int) -> RowArray:
    """Columns of the k largest scores of each line, in no order: intp[n_lines, min(k, n_columns)].

    As in `nearest`, the partition first sees one maximum per group, which plain SIMD comparisons give.
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
