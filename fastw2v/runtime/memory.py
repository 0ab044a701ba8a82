"""Memory of this process: its peak, and the return of freed memory to the system."""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
from pathlib import Path


def return_freed_memory() -> None:
    """Let the C library return freed memory to the system; does nothing where the library is not glibc.

    After a text has been read, glibc holds about 70 freed bytes for each word of the vocabulary.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def peak_rss_bytes() -> int | None:
    """Return the peak resident memory of this process in bytes; None on Windows, which does not report it."""
    try:
        # Linux. getrusage is no use here: it begins with the memory of the parent process.
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
