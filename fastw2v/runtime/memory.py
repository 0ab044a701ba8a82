"""Memory of this process: how much it took at most, and freed memory given back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
from pathlib import Path


def give_back_freed() -> None:
    """Let the C library return what it keeps of freed memory; glibc alone has a way to ask for it.

    It keeps some 70 bytes for each word of the vocabulary that were needed while the text was read.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def peak_rss_bytes() -> int | None:
    """Largest resident memory of this process so far; None where the system does not tell (Windows)."""
    try:
        # Linux. getrusage would not do: it starts from the memory of the process that started this one.
        status = Path("/proc/self/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])  # type: ignore[index]
    except (OSError, TypeError):
        return _peak_rss_by_getrusage()


def _peak_rss_by_getrusage() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
