"""How far a run is: what users pass to watch it, and the log line where they pass nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

logger = logging.getLogger("fastw2v")
_LOG_SECONDS = 1.0

Progress = Callable[[str, int, "int | None"], None]
"""What a user passes: ``progress(phase, done, total)``, phase "encode" or "train"; total None where it is not known."""

PhaseProgress = Callable[[int, "int | None"], None]
"""The same within one phase: ``progress(done, total)``."""


def of_phase(progress: Progress | None, phase: str) -> PhaseProgress | None:
    """Return the user's progress for one phase; None where there is none."""
    return None if progress is None else lambda done, total: progress(phase, done, total)


class ProgressLog:
    """The progress of a training that was given none: logs how far it is and how fast, about once a second."""

    def __init__(self) -> None:
        self._begun = self._logged = time.perf_counter()

    def __call__(self, done: int, total: int | None) -> None:
        """Log that `done` of `total` raw words are trained, if it is time to."""
        now = time.perf_counter()
        if total and now - self._logged >= _LOG_SECONDS:
            self._logged = now
            words_per_s = done / (now - self._begun)
            logger.info("trained %.1f %% of the words, %.0f raw words/s", 100 * done / total, words_per_s)
