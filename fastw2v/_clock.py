"""Time: spent in each phase and on compiling, and how far a training is."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("fastw2v")
_LOG_SECONDS = 1.0


@contextmanager
def clock(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add the seconds spent in the block to `seconds[name]`."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begun


@contextmanager
def announced(what: str) -> Iterator[None]:
    """Log that `what` was compiled, and how long that took, if the block did so."""
    from fastw2v_kernels._jit_cpu import n_compiled

    begun, n_before = time.perf_counter(), n_compiled()
    yield
    if n_compiled() > n_before:
        logger.info(
            "compiled %s in %.1f s; later runs load it, if the kernel cache can be written",
            what,
            time.perf_counter() - begun,
        )


class ProgressLog:
    """The `progress` of a training that was given none: logs about once a second how far it is, and how fast."""

    def __init__(self) -> None:
        self._begun = self._logged = time.perf_counter()

    def __call__(self, done: int, total: int) -> None:
        """Log that `done` of `total` raw words are trained, if it is time to."""
        now = time.perf_counter()
        if now - self._logged >= _LOG_SECONDS:
            self._logged = now
            words_per_s = done / (now - self._begun)
            logger.info("trained %.1f %% of the words, %.0f raw words/s", 100 * done / total, words_per_s)
