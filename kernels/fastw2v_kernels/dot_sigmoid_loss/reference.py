"""Scores, probabilities and loss of targets, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Float64


def dot_sigmoid_loss_reference(
    w: NDArray[Any],
    h: NDArray[Any],
    targets: NDArray[np.integer[Any]],
    *,
    labels: NDArray[Any],
    probability: NDArray[Any],
    loss: Float64,
) -> None:
    """probability[b, t] = sigmoid(h[b] . w[targets[b, t]]), and the loss: a batch mean for each t, summed.

    The book's NegativeSamplingLoss, forward: one EmbeddingDot and one SigmoidWithLoss for the positive and for every
    negative (Deep Learning from Scratch 2, section 4.2.7). Its cross entropy is -log(p + 1e-7), p the label's
    probability.

    Parameters
    ----------
    w : float32[n_rows, dim]
        Rows of the targets.
    h : float32[batch, dim]
        Hidden vectors.
    targets : int32 or int64[batch, n_targets]
        Rows of w, from 0 to n_rows - 1.
    labels : float32[n_targets]
        1 for a column of positives, 0 for one of negatives.
    probability : float32[batch, n_targets], written
        Probability that the label is 1.
    loss : float64[1], written
        -(1 / batch) * sum of log(p + 1e-7); 0 for an empty batch.

    Raises
    ------
    IndexError
        A target is not a row, or it is negative on the CPU; the CPU then writes nothing.
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    scores = np.einsum("bd,btd->bt", h, w[targets])
    decay = np.exp(-np.abs(scores))  # at most 1, so that no score overflows
    probability[...] = np.where(scores >= 0, 1, decay) / (1 + decay)
    right = np.where(labels == 1, probability, 1 - probability)
    loss[0] = -np.sum(np.log(right + w.dtype.type(1e-7)), dtype=np.float64) / max(len(h), 1)
