"""Divergence: a training whose vectors grow without end, or are no numbers any more, is stopped soon."""

from __future__ import annotations

import math
import time
from functools import lru_cache

import numpy as np

from fastw2v.runtime.arrays import Array
from fastw2v.vectors.weights import Weights

_N_ROWS = 64
_SECONDS = 0.1  # between two looks, which take about 50 us
# Trained vectors have elements below 10. In an explosion they grow by a factor at each update, so the number matters
# little; vectors of a file may begin with larger ones.
_LARGEST, _GROWTH = 1e3, 100.0


class DivergedError(ArithmeticError, ValueError):
    """The learning rate is too high for this training: its vectors grew without end."""


class DivergenceWatch:
    """Looks at some rows of the weights while they are trained.

    In an explosion all rows follow the frequent ones within a few thousand words. So the first rows, which are the most
    frequent, and some others are enough.

    Parameters
    ----------
    weights : Weights
    alpha : float
        The learning rate, for the error.
    """

    def __init__(self, weights: Weights, alpha: float) -> None:
        self._weights, self._alpha, self._seen = weights, alpha, time.monotonic()
        largest = self._largest()
        if not math.isfinite(largest):
            raise ValueError(f"a vector has the value {largest} before training; expected finite vectors: replace it")
        self._limit = max(_LARGEST, _GROWTH * largest)

    def _largest(self) -> float:
        """Return the largest magnitude in the rows looked at: NaN if one is NaN."""
        matrices = [self._weights.w_in, *self._weights.outputs.values()]
        largest = [np.abs(matrix[_some_rows(len(matrix))]).max(initial=0) for matrix in matrices]
        return float(np.max(largest))  # of NumPy, which does not lose NaN

    def look(self, share: float, *, loss: float | None = None) -> None:
        """Look at the rows, unless they were looked at a moment ago.

        Parameters
        ----------
        share : float
            How much of the training is done, from 0 to 1.
        loss : float, optional
            The loss of an epoch, at its end: then the rows are looked at in any case.

        Raises
        ------
        DivergedError
            A value is no number, or so large that the training has diverged.
        """
        now = time.monotonic()
        if loss is None and now - self._seen < _SECONDS:
            return
        self._seen = now
        self._refuse(self._largest(), f"after {100 * share:.1f} % of the work a vector has")
        if loss is not None and not math.isfinite(loss):
            self._refuse(loss, f"after {100 * share:.1f} % of the work the loss has")

    def look_at_all(self) -> None:
        """Look at all input rows, after training; DivergedError if one is not finite."""
        with np.errstate(invalid="ignore"):  # infinity minus infinity
            total = float(self._weights.w_in.sum(dtype=np.float64))
        if not math.isfinite(total):
            self._refuse(total, "at the end the vectors have")

    def _refuse(self, value: float, where: str) -> None:
        if not value <= self._limit:
            raise DivergedError(
                f"training diverged: {where} the value {value:.3g}; lower alpha (it was {self._alpha:g}; the default "
                "is 0.025, and up to 0.1 is usually safe with the other options at their defaults)"
            )


@lru_cache(maxsize=16)
def _some_rows(n_rows: int) -> Array:
    """Return the numbers of the first rows, and of others at equal distances to the last."""
    first = np.arange(min(n_rows, _N_ROWS // 2))
    return np.union1d(first, np.linspace(0, n_rows - 1, _N_ROWS // 2).astype(int)) if n_rows else first
