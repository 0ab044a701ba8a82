"""One gradient step of the subword kernels in NumPy: a hidden vector against several positives and shared negatives."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.shared.array_types import Int32
from fastw2v_kernels.shared.span.reference import FloatMatrix


def gradients(
    hidden: FloatMatrix, w_out: FloatMatrix, targets: tuple[Int32, list[int]], *, lr: float
) -> tuple[FloatMatrix, FloatMatrix, float]:
    """Return the move of the hidden vector, those of the rows of all targets, and the loss, for one gradient step.

    `targets` are positives and negatives. The loss is the sum over the positives of -log sigmoid(s_positive) - the sum
    of log sigmoid(-s) over the negatives that are not this positive, with scores s = w_out hidden. So a negative counts
    once for each positive that it differs from.
    """
    positives, negatives = targets
    is_positive = np.array([1.0] * len(positives) + [0.0] * len(negatives), hidden.dtype)
    n_terms = [1] * len(positives) + [int(np.sum(np.asarray(positives) != row)) for row in negatives]
    factor = np.array(n_terms, hidden.dtype)
    rows = w_out[[*positives, *negatives]]
    scores = rows @ hidden
    error_coef = (is_positive - factor / (1 + np.exp(-scores))) * hidden.dtype.type(lr)
    loss = float(np.sum(factor * np.logaddexp(0, scores) - is_positive * scores, dtype=np.float64))
    return error_coef @ rows, error_coef[:, None] * hidden, loss
