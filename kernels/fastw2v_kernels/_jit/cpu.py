"""The CPU compiler's options: the one file that decides how Numba compiles for the host."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

import numba
from numba.core import caching

from fastw2v_kernels._jit.compiler import InlineCompiler, KernelCompiler
from fastw2v_kernels._simd.ir import BOUNDSCHECK

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    raise ImportError(
        "NUMBA_DISABLE_JIT is set, but kernels run only when compiled: unset it (reference.py is plain Python)"
    )

logger = logging.getLogger("fastw2v")
F = TypeVar("F", bound=Callable[..., Any])

# Reductions need re-association to become vectors; NaN and infinity keep their meaning.
_FASTMATH = {"reassoc", "contract", "nsz"}
_kernels: list[Any] = []


_PACKAGE = Path(__file__).parents[1]


@lru_cache(maxsize=1)
def source_stamp(package: Path = _PACKAGE) -> tuple[object, ...]:
    """Return the values that the kernel cache compares: all source files, and whether bounds are checked.

    Numba's own stamp covers only the file of the kernel, but a kernel is compiled from several files.

    Parameters
    ----------
    package : Path
        Folder of the package `fastw2v_kernels`.
    """
    files = sorted(package.rglob("*.py"))
    return BOUNDSCHECK, *((str(f), f.stat().st_mtime, f.stat().st_size) for f in files)


class _PackageStamp:
    def get_source_stamp(self) -> tuple[object, ...]:
        return source_stamp()


class _EnvironmentLocator(_PackageStamp, caching.UserProvidedCacheLocator):
    """NUMBA_CACHE_DIR."""


class _InTreeLocator(_PackageStamp, caching.InTreeCacheLocator):
    """The package's own `__pycache__`."""


class _UserWideLocator(_PackageStamp, caching.UserWideCacheLocator):
    """The user's cache folder."""


class _CacheImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_EnvironmentLocator, _InTreeLocator, _UserWideLocator]  # noqa: RUF012 - Numba's own attribute


class _KernelCache(caching.FunctionCache):
    """Numba's cache of a kernel, cleared if it cannot be read.

    Numba unpickles the index before it compares the stamps of the sources. That fails if the index names a type which
    another version of the kernels has renamed.
    """

    _impl_class = _CacheImpl

    def load_overload(self, sig: Any, target_context: Any) -> Any:  # noqa: ANN401 - Numba's
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except (AttributeError, ImportError, EOFError, ValueError, UnpicklingError):
            self.flush()  # type: ignore[no-untyped-call]
            return None


@lru_cache(maxsize=1)
def _say_uncached(reason: str) -> None:
    logger.info(
        "kernels are not cached: no cache folder can be written (%s); set NUMBA_CACHE_DIR to one that can", reason
    )


def _enable_cache(dispatcher: Any) -> None:  # noqa: ANN401 - Numba's dispatcher has no public type
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func)  # type: ignore[no-untyped-call]
    except (RuntimeError, OSError) as error:  # no writable folder: compile in every process, but never crash
        _say_uncached(str(error).split("\n")[0][:60])


# Without the runtime (_nrt) there are no reference counts to update, and an allocation inside a kernel is an error.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": _FASTMATH, "_nrt": False}
_KERNEL: dict[str, Any] = {"pipeline_class": KernelCompiler, "no_cfunc_wrapper": True}
# Functions that only kernels call need no entry points for Python or C, which took a third of the compile time.
_INLINE: dict[str, Any] = {"pipeline_class": InlineCompiler, "forceinline": True}
_INLINE |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


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
    _enable_cache(kernel)
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
