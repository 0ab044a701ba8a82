"""The log line about a compilation and its time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("fastw2v")


@contextmanager
def log_compilation(what: str) -> Iterator[None]:
    """Log the time of the block at INFO, if it compiled a kernel; a kernel loaded from the cache is not logged."""
    from fastw2v_kernels._jit.cpu import n_compiled

    begun, n_before = time.perf_counter(), n_compiled()
    yield
    if n_compiled() > n_before:
        logger.info(
            "compiled %s in %.1f s; later runs load it, if the kernel cache can be written",
            what,
            time.perf_counter() - begun,
        )
