"""What is said about a compilation: that it begins, and how long it took."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fastw2v.runtime import bars

logger = logging.getLogger("fastw2v")


@contextmanager
def log_compilation(what: str) -> Iterator[None]:
    """Log at INFO that a compilation begins, and its time; a bar that is open shows the first.

    A kernel loaded from the cache is not logged.
    """
    from fastw2v_kernels._jit.standard_compiler import compilation_listeners

    begun: list[float] = []

    def say_once() -> None:
        if not begun:
            begun.append(time.perf_counter())
            text = f"compiling {what}, which takes a few seconds"
            logger.info("%s; later runs load it, if the kernel cache can be written", text)
            bars.note(text)

    compilation_listeners.append(say_once)
    try:
        yield
    finally:
        compilation_listeners.remove(say_once)
        if begun:
            bars.note("")
    if begun:
        logger.info("compiled %s in %.1f s", what, time.perf_counter() - begun[0])
