"""What a measurement depends on: free memory, and threads."""

from __future__ import annotations

import ctypes
import os
import re
from importlib import import_module
from pathlib import Path

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
    """Memory that can be had without swapping; None where the system does not tell."""
    try:
        return 1024 * int(re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())[1])  # type: ignore[index]
    except (OSError, TypeError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def threads() -> dict[str, int | None]:
    """Threads of NumPy's BLAS (None: not an OpenBLAS or MKL that can be asked) and of the kernels, at most."""
    from fastw2v_kernels.shared import threads_cpu

    return {"blas": _blas_threads(), "kernels": threads_cpu.n_threads()}


def _blas_threads() -> int | None:
    try:
        library = ctypes.CDLL(import_module("numpy._core._multiarray_umath").__file__)  # finds what it is linked with
    except (OSError, ImportError):
        return None
    counters = (getattr(library, name) for name in _BLAS_THREADS if hasattr(library, name))
    return next((int(counter()) for counter in counters), None)
