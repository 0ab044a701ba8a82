"""Figures: the numbers of a training so far, for callbacks that write them down."""

from __future__ import annotations

import time
from typing import Any


class Figures:
    """Collects what is new since the last time: words, seconds, the loss and metrics of the last epoch."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a Word2Vec, which this module does not import
        self._begun, self.words_before = time.perf_counter(), model.report.raw_words
        self._n_taken = {name: len(values) for name, values in _measured(model).items()}

    def take(self, model: Any) -> dict[str, float]:  # noqa: ANN401
        """Return words and seconds since training began, and the loss and metrics that have a new value."""
        seconds = time.perf_counter() - self._begun
        figures: dict[str, float] = {"words": model.report.raw_words, "seconds": round(seconds, 6)}
        for name, values in _measured(model).items():
            if len(values) > self._n_taken.get(name, 0):
                figures[name] = values[-1]
            self._n_taken[name] = len(values)
        return figures


def _measured(model: Any) -> dict[str, list[float]]:  # noqa: ANN401
    return {"loss": model.report.loss_per_epoch, **model.report.metrics}
