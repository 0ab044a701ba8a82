"""The CPU compiler's options: the one file that decides how Numba compiles for the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

from fastw2v_kernels._jit.cache import enable_cache
from fastw2v_kernels._jit.compiler import options
from fastw2v_kernels._jit.stop_signals import without_signals

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    raise ImportError(
        "NUMBA_DISABLE_JIT is set, but kernels run only when compiled: unset it (reference.py is plain Python)"
    )

F = TypeVar("F", bound=Callable[..., Any])

# Reductions need re-association to become vectors; NaN and infinity keep their meaning.
_FASTMATH = {"reassoc", "contract", "nsz"}
_kernels: list[Any] = []

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": _FASTMATH}
COMPILER, _KERNEL, _INLINE = options()


def jit_cpu(function: F) -> F:
    """Compile `function` for the host: no Python objects, no GIL, no allocation, cached on disk, IEEE division.

    Parameters
    ----------
    function : callable
        A function in Numba's nopython subset. Compiled at its first call, for the types it is called with.

    Returns
    -------
    callable
        Same signature; `.py_func` is the plain Python function.
    """
    kernel = numba.njit(**_OPTIONS, **_KERNEL)(function)
    enable_cache(kernel, COMPILER)
    # What Numba calls where no compiled code fits the arguments: it loads the kernel from the cache, or compiles it.
    kernel._compile_for_args = without_signals(kernel._compile_for_args)
    _kernels.append(kernel)
    return kernel  # type: ignore[no-any-return]


def inline_cpu(function: F) -> F:
    """Compile `function` into the kernels that call it: LLVM inlines it and keeps its values in registers.

    Only kernels can call the result. From Python, call its `.py_func`.

    Parameters
    ----------
    function : callable
        A function in Numba's nopython subset.
    """
    return numba.njit(**_OPTIONS, **_INLINE)(function)  # type: ignore[no-any-return]


def n_compiled() -> int:
    """Number of kernels that this process has compiled so far, not counting those loaded from the cache."""
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in _kernels)
