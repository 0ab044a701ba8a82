"""The k best scores of each query, from the best so far and a batch of new ones, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Int64


def topk_reference(scores: NDArray[Any], first_row: int, best_scores: NDArray[Any], *, best_rows: Int64) -> None:
    """Update the k best of each query with a batch of scores; after all batches they are the k nearest rows.

    Parameters
    ----------
    scores : float32[n_queries, n_new]
        Scores of the rows first_row, first_row + 1, ...
    first_row : int
        First row of the batch. Rows of earlier batches are below it.
    best_scores : float32[n_queries, k], changed in place
        The best so far, the highest first; -inf for places that are free. k is at least 1.
    best_rows : int64[n_queries, k], changed in place
        Their rows, -1 for free places. Of equal scores the lower row comes first. Scores of NaN and -inf do not count.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    k = best_scores.shape[1]
    new_rows = np.broadcast_to(first_row + np.arange(scores.shape[1]), scores.shape)
    rows = np.concatenate([best_rows, np.where(scores > -np.inf, new_rows, -1)], axis=1)
    both = np.concatenate([best_scores, np.where(scores > -np.inf, scores, -np.inf)], axis=1)
    order = np.argsort(-both, axis=1, kind="stable")[:, :k]
    best_scores[...] = np.take_along_axis(both, order, axis=1)
    best_rows[...] = np.take_along_axis(rows, order, axis=1)
