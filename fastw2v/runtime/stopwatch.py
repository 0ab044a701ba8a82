"""Timing: the seconds that a call or a block takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def seconds_of(step: Callable[[], object]) -> float:
    """Call `step` and return the seconds it took."""
    begun = time.perf_counter()
    step()
    return time.perf_counter() - begun


@contextmanager
def stopwatch(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add the seconds spent in the block to ``seconds[name]``, also when the block fails."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begun
