"""What a measurement depends on: free memory, what becomes of freed memory, threads, and other programs."""

from __future__ import annotations

import ctypes
import os
import re
from contextlib import suppress
from importlib import import_module
from pathlib import Path

_TASKS = Path("/proc/self/task")
_MEMINFO, _GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
_BLAS_THREADS = (
    "scipy_openblas_get_num_threads64_",
    "scipy_openblas_get_num_threads",
    "openblas_get_num_threads64_",
    "openblas_get_num_threads",
    "MKL_Get_Max_Threads",
)


def usable_bytes() -> int | None:
    """Nine tenths of the free memory, since others take some meanwhile; None where the system does not tell."""
    available = available_bytes()
    return None if available is None else available * 9 // 10


def available_bytes() -> int | None:
    """Memory that can be had without swapping, within this process's control group; None where nothing tells."""
    known = [n_bytes for n_bytes in (_free_bytes(), _group_bytes()) if n_bytes is not None]
    return min(known, default=None)


def _free_bytes() -> int | None:
    try:
        return 1024 * int(re.search(r"MemAvailable:\s+(\d+) kB", _MEMINFO.read_text())[1])  # type: ignore[index]
    except (OSError, TypeError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _group_bytes() -> int | None:
    """What the limit of a container leaves; None without one ("max")."""
    try:
        limit, used = (int(_GROUP.joinpath(f"memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):
        return None
    return max(0, limit - used)


def keep_memory() -> None:
    """Have glibc keep what this process frees: half of the time of NumPy's large temporaries is that of fresh pages."""
    m_mmap_max, m_trim_threshold = -4, -1
    with suppress(OSError, AttributeError):  # another C library keeps to its own ways
        glibc = ctypes.CDLL("libc.so.6")
        glibc.mallopt(m_mmap_max, 0)
        glibc.mallopt(m_trim_threshold, 2**31 - 1)


class LoadClock:
    """Tells how long the threads of this process waited for a core that another thread had.

    Linux counts it. Elsewhere the load average before the measurement, less the cores, stands for it.
    """

    def __init__(self) -> None:
        self._begun, self._load = _thread_ns(), _load_average()

    def waited_percent(self) -> float | None:
        """Return the percent of the time since then that threads with work to do waited; None if nothing tells."""
        if self._begun is None:
            n_cores = os.cpu_count() or 1
            return None if self._load is None else 100 * max(0.0, 1 - n_cores / max(self._load + 1, n_cores))
        ran, waited = (now - then for now, then in zip(_thread_ns() or self._begun, self._begun))
        return 100 * max(0, waited) / max(ran + waited, 1)


def _thread_ns() -> tuple[int, int] | None:
    """Return nanoseconds that the threads of this process have run, and waited for a core."""
    ran = waited = 0
    try:
        for task in _TASKS.iterdir():
            times = task.joinpath("schedstat").read_text().split()
            ran, waited = ran + int(times[0]), waited + int(times[1])
    except (OSError, ValueError, IndexError):
        return None
    return (ran, waited) if ran else None


def _load_average() -> float | None:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def threads() -> dict[str, int | None]:
    """Threads of NumPy's BLAS (None: not an OpenBLAS or MKL that can be asked) and of the kernels, at most."""
    from fastw2v_kernels.shared import threads as threads_cpu

    return {"blas": _blas_threads(), "kernels": threads_cpu.max_threads()}


def _blas_threads() -> int | None:
    try:
        library = ctypes.CDLL(import_module("numpy._core._multiarray_umath").__file__)  # finds what it is linked with
    except (OSError, ImportError):
        return None
    counters = (getattr(library, name) for name in _BLAS_THREADS if hasattr(library, name))
    return next((int(counter()) for counter in counters), None)
