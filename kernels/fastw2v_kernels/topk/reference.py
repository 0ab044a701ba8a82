"""The k best of the best so far and of a block of new scores, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Int64


def topk_reference(scores: NDArray[Any], first_row: int, best_scores: NDArray[Any], *, best_rows: Int64) -> None:
    """Keep the best of each query, so that block after block of scores leaves the k nearest rows.

    Parameters
    ----------
    scores : float32[n_queries, n_new]
        Scores of the rows first_row, first_row + 1, ...
    first_row : int
        The block's first row; rows of earlier blocks are below it.
    best_scores : float32[n_queries, k], changed in place
        The best so far, the highest first; -inf where there is none yet. k is at least 1.
    best_rows : int64[n_queries, k], changed in place
        Their rows: of equal scores the lower row first, -1 where there is none. NaN and -inf never enter.

    Raises
    ------
    TypeError, ValueError
        On CPU and GPU: a type, shape or memory order that does not fit.
    """
    k = best_scores.shape[1]
    new_rows = np.broadcast_to(first_row + np.arange(scores.shape[1]), scores.shape)
    rows = np.concatenate([best_rows, np.where(scores > -np.inf, new_rows, -1)], axis=1)
    both = np.concatenate([best_scores, np.where(scores > -np.inf, scores, -np.inf)], axis=1)
    order = np.argsort(-both, axis=1, kind="stable")[:, :k]
    best_scores[...] = np.take_along_axis(both, order, axis=1)
    best_rows[...] = np.take_along_axis(rows, order, axis=1)
