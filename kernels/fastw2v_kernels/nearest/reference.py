"""The k rows of a matrix with the largest cosine to each query, in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.topk.reference import topk_reference


def nearest_reference(
    vectors: NDArray[np.float32], norms: Float32, queries: Float32, *, scores: Float32, rows: Int64
) -> None:
    """Find the rows nearest to each query by cosine.

    Parameters
    ----------
    vectors : float32[n_rows, dim]
        Any row stride.
    norms : float32[n_rows]
        What the scores of each row are divided by: its length, or 1.
    queries : float32[n_queries, dim]
        Rows of unit length, for scores that are cosines.
    scores : float32[n_queries, k], written
        The highest first. k is at least 1.
    rows : int64[n_queries, k], written
        Their rows: of equal scores the lower row first. Rows of equal vectors score equally, wherever they are.
        Where there is no k-th row, since NaN and -inf are none, -1 with a score of -inf.

    Raises
    ------
    TypeError, ValueError
        On the CPU: a type, shape or memory order that does not fit.
    """
    scores[...], rows[...] = -np.inf, -1
    cosines = np.einsum("qd,nd->qn", queries, vectors / norms[:, None])  # a product by BLAS depends on the row's place
    topk_reference(cosines, 0, scores, best_rows=rows)
