"""The best of one score for each row: sorted on the host, or found where the scores lie on the GPU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastw2v.nn._arrays import Array, empty, module_of, to_cpu
from fastw2v.nn._dispatch import operation
from fastw2v.runtime.devices import is_on_gpu

_LINE = 4096  # scores for each warp: one query alone would keep one warp of the GPU busy
_MOST_ON_GPU = 256  # a warp inserts one by one, into a list whose length is then the cost


def best_rows(scores: Array, n_wanted: int) -> tuple[Array, npt.NDArray[np.int64]]:
    """Find the highest scores.

    Parameters
    ----------
    scores : float[n_rows]
        On the host or on the GPU. NaN is never among the best.
    n_wanted : int

    Returns
    -------
    scores : float[n_best]
        The best first, on the host; fewer than `n_wanted` where there are not so many.
    rows : int64[n_best]
        Of equal scores the lower row first.
    """
    if is_on_gpu(scores) and scores.dtype == np.float32 and n_wanted <= _MOST_ON_GPU:
        candidates, rows = _best_of_lines(scores, max(n_wanted, 1))
    else:
        candidates = to_cpu(scores)
        rows = np.arange(len(candidates))
    order = np.lexsort((rows, -candidates))[:n_wanted]
    order = order[~np.isnan(candidates[order])]
    return candidates[order], rows[order]


def _best_of_lines(scores: Array, k: int) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return the k best of every `_LINE` scores, in no order, on the host."""
    n_lines = -(-len(scores) // _LINE)
    lines = empty((n_lines, _LINE), np.float32, "cuda")
    lines[-1] = -np.inf  # behind the last score, which never enters
    lines.reshape(-1)[: len(scores)] = scores
    best_scores, best_rows = empty((n_lines, k), np.float32, "cuda"), empty((n_lines, k), np.int64, "cuda")
    best_scores.fill(-np.inf)
    best_rows.fill(-1)
    operation("topk", "cuda")(lines, 0, best_scores, best_rows=best_rows)
    rows = to_cpu(best_rows + _LINE * module_of(scores).arange(n_lines)[:, None])
    is_found = to_cpu(best_rows) >= 0
    return to_cpu(best_scores)[is_found], rows[is_found]
