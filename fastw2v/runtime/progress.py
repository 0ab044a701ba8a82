"""Progress: the user's callable, and the log line that replaces it when the user passes none."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

logger = logging.getLogger("fastw2v")
_LOG_SECONDS = 1.0

Progress = Callable[[str, int, "int | None"], None]
"""The user's callable: ``progress(phase, done, total)``; phase is "encode" or "train", total None if unknown."""

PhaseProgress = Callable[[int, "int | None"], None]
"""The progress of one phase: ``progress(done, total)``."""


def of_phase(progress: Progress | None, phase: str) -> PhaseProgress | None:
    """Return the user's callable with the phase filled in; None if the user passed none."""
    return None if progress is None else lambda done, total: progress(phase, done, total)


class ProgressLog:
    """Log the share of the words that are trained, and the speed, about once a second.

    Parameters
    ----------
    n_before : int
        Words that were trained before.
    """

    def __init__(self, n_before: int = 0) -> None:
        self._n_before = n_before
        self._begun = self._logged = time.perf_counter()

    def __call__(self, done: int, total: int | None) -> None:
        """Log that `done` of `total` raw words are trained, if the last log line is a second old."""
        now = time.perf_counter()
        if total and now - self._logged >= _LOG_SECONDS:
            self._logged = now
            words_per_s = (done - self._n_before) / (now - self._begun)
            logger.info("trained %.1f %% of the words, %.0f raw words/s", 100 * done / total, words_per_s)
