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
        Divisors of the scores: the length of each row, or 1.
    queries : float32[n_queries, dim]
        Rows of unit length, for scores that are cosines.
    scores : float32[n_queries, k], written
        The highest first. k is at least 1.
    rows : int64[n_queries, k], written
        Their rows; of equal scores the lower row comes first. Equal vectors have equal scores.
        Scores of NaN and -inf do not count. If there are fewer than k others, -1 with a score of -inf fills the rest.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    scores[...], rows[...] = -np.inf, -1
    cosines = np.einsum(
        "qd,nd->qn", queries, vectors / norms[:, None]
    )  # in a product by BLAS, equal rows may differ by their place
    topk_reference(cosines, 0, scores, best_rows=rows)
