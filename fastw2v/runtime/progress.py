"""Progress: the user's callable, the bars, and the log line where there is neither."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastw2v.runtime.bars import DELAY_SECONDS, PhaseBar, bars_are_wanted, in_notebook, stderr_is_open

logger = logging.getLogger("fastw2v")
_LOG_SECONDS = 1.0

Progress = Callable[[str, int, "int | None"], None]
"""The user's callable: ``progress(phase, done, total)``; phase is "encode" or "train", total None if unknown."""

PhaseProgress = Callable[[int, "int | None"], None]
"""The progress of one phase: ``progress(done, total)``."""


def check_progress(progress: object) -> None:
    """Raise TypeError unless this is what the parameter `progress` takes."""
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        expected = "True, False, None or a function progress(phase, done, total)"
        raise TypeError(f"progress is {progress!r} ({type(progress).__name__}); expected {expected}")


@contextmanager
def shown_progress(progress: Progress | bool | None, phase: str) -> Iterator[PhaseProgress | None]:
    """Yield what shows the progress of a phase within the block: the user's callable, a bar, or None.

    Parameters
    ----------
    progress : bool, None or callable
        True: a bar. None: a bar in a notebook and on a terminal, if the phase takes a moment. Callable: as `Progress`.
    phase : "encode" or "train"
    """
    if callable(progress):
        yield lambda done, total: progress(phase, done, total)
    elif (progress and (in_notebook() or stderr_is_open())) or (progress is None and bars_are_wanted()):
        with PhaseBar(phase, 0.0 if progress else DELAY_SECONDS) as bar:
            yield bar
    else:
        yield None


def show_loss(progress: PhaseProgress | None, loss: float) -> None:
    """Show the mean loss of an epoch in the bar, if there is one."""
    if isinstance(progress, PhaseBar):
        progress.show_loss(loss)


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
