"""The k best of many scores: sorted on the host, or selected on the GPU if the scores are there."""

from __future__ import annotations

import numpy as np

from fastw2v.nn.arrays import empty, module_of, to_cpu
from fastw2v.nn.dispatch import operation
from fastw2v.runtime.arrays import Array, Ids
from fastw2v.runtime.devices import is_on_gpu

_LINE = 4096  # scores per warp; a single line of all scores would use one warp of the GPU
_MAX_K_ON_GPU = 256  # a warp inserts into a sorted list of length k, which is slow for a long list


def topk(scores: Array, k: int) -> tuple[Array, Ids]:
    """Return the k highest scores and their rows.

    Parameters
    ----------
    scores : float[n_rows]
        On the host or on the GPU. NaN is never among the best.
    k : int
        How many.

    Returns
    -------
    scores : float[n_best]
        On the host, the highest first; n_best is k, or less if there are fewer scores.
    rows : int64[n_best]
        Indices into `scores`; of equal scores the lower row comes first.
    """
    if is_on_gpu(scores) and scores.dtype == np.float32 and k <= _MAX_K_ON_GPU:
        candidates, rows = _topk_of_lines(scores, max(k, 1))
    else:
        candidates = to_cpu(scores)
        rows = np.arange(len(candidates))
    order = np.lexsort((rows, -candidates))[:k]
    order = order[~np.isnan(candidates[order])]
    return candidates[order], rows[order]


def _topk_of_lines(scores: Array, k: int) -> tuple[Array, Ids]:
    """Return the k best of every `_LINE` scores, in no order, on the host."""
    n_lines = -(-len(scores) // _LINE)
    lines = empty((n_lines, _LINE), np.float32, "cuda")
    lines[-1] = -np.inf  # fills the last line after the last score
    lines.reshape(-1)[: len(scores)] = scores
    best_scores, best_rows = empty((n_lines, k), np.float32, "cuda"), empty((n_lines, k), np.int64, "cuda")
    best_scores.fill(-np.inf)
    best_rows.fill(-1)
    operation("topk", "cuda")(lines, 0, best_scores, best_rows=best_rows)
    rows = to_cpu(best_rows + _LINE * module_of(scores).arange(n_lines)[:, None])
    is_found = to_cpu(best_rows) >= 0
    return to_cpu(best_scores)[is_found], rows[is_found]
