"""The kernel cache on disk: compiled kernels are kept from one process to the next, and a damaged file is replaced.

A file of the cache is native code. So each begins with a checksum, and nothing in it is looked at unless that fits.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

from numba.core import caching

from fastw2v_kernels._simd.instruction_set import INSTRUCTIONS
from fastw2v_kernels._simd.ir import BOUNDSCHECK

logger = logging.getLogger("fastw2v")

_PACKAGE = Path(__file__).parents[1]
_DIGEST_BYTES = 32


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
    """NUMBA_CACHE_DIR; a folder of kernels that cannot be written to is read."""

    def ensure_cache_path(self) -> None:
        try:
            super().ensure_cache_path()  # type: ignore[no-untyped-call]
        except OSError:
            if not os.path.isdir(self.get_cache_path()):  # type: ignore[no-untyped-call]
                raise


class _InTreeLocator(_PackageStamp, caching.InTreeCacheLocator):
    """The package's own `__pycache__`."""


class _UserWideLocator(_PackageStamp, caching.UserWideCacheLocator):
    """The user's cache folder."""


class _CacheImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_EnvironmentLocator, _InTreeLocator, _UserWideLocator]  # noqa: RUF012 - Numba's own attribute


class _CheckedFiles(caching.IndexDataCacheFile):
    """Numba's files of one kernel, an index and one for each signature, with a checksum before the content.

    Two processes may write at once. Then the index of one may name the file that the other wrote, for another
    signature. So a file of code also holds what it was compiled for.
    """

    def load(self, key: Any) -> Any:  # noqa: ANN401 - Numba's
        """Return the compiled kernel, or None if there is none that can be trusted."""
        name = self._load_index().get(key)
        stored = None if name is None else self._read(self._data_path(name))  # type: ignore[no-untyped-call]
        return stored[1] if stored is not None and stored[0] == key else None

    def save(self, key: Any, data: Any) -> None:  # noqa: ANN401 - Numba's
        """Write a compiled kernel, in the place of one with the same key."""
        super().save(key, (key, data))  # type: ignore[no-untyped-call]

    def _load_index(self) -> dict[Any, str]:
        return self._read(self._index_path) or {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, overloads)

    def _save_data(self, name: str, data: object) -> None:
        self._write(self._data_path(name), data)  # type: ignore[no-untyped-call]

    @property
    def _stamp(self) -> tuple[object, ...]:
        return (self._version, *self._source_stamp)

    def _read(self, path: str) -> Any:  # noqa: ANN401
        """Return what a file holds; None if it is absent, damaged, or of other sources."""
        try:
            data = Path(path).read_bytes()
        except OSError:
            return None
        if _digest(data[_DIGEST_BYTES:]) != data[:_DIGEST_BYTES]:
            return None
        file = BytesIO(data[_DIGEST_BYTES:])
        # The stamp is compared first: what follows it may name a type that other sources have renamed.
        return pickle.load(file) if pickle.load(file) == self._stamp else None

    def _write(self, path: str, content: object) -> None:
        """Write a file completely or not at all."""
        data = pickle.dumps(self._stamp) + self._dump(content)  # type: ignore[no-untyped-call]
        with self._open_for_write(path) as file:
            file.write(_digest(data) + data)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST_BYTES).digest()


class _KernelCache(caching.FunctionCache):
    """Numba's cache of one kernel. Whatever is wrong with its files, the kernel is compiled and the program goes on."""

    _impl_class = _CacheImpl

    def __init__(self, function: Callable[..., Any], compiler: str) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._compiler = compiler
        locator, base = self._impl.locator, self._impl.filename_base
        self._cache_file = _CheckedFiles(self._cache_path, base, locator.get_source_stamp())  # type: ignore[no-untyped-call]

    def _index_key(self, sig: Any, codegen: Any) -> Any:  # noqa: ANN401 - Numba's
        """Add what else the code depends on; Numba's own part has the processor's features."""
        return *super()._index_key(sig, codegen), self._compiler, INSTRUCTIONS.name  # type: ignore[no-untyped-call]

    def load_overload(self, sig: Any, target_context: Any) -> Any:  # noqa: ANN401 - Numba's
        """Return the compiled kernel, or None."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception as error:  # the file is as it was written, but not for this Numba or these packages
            logger.info("a kernel in the cache cannot be used (%s: %s): compiling it", type(error).__name__, error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:  # noqa: ANN401 - Numba's
        """Store a compiled kernel if that can be done."""
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except OSError as error:  # a full disk, a quota, a folder that may only be read
            _say_uncached(error)


def enable_cache(dispatcher: Any, compiler: str) -> None:  # noqa: ANN401 - Numba's dispatcher has no public type
    """Let a compiled function be loaded from the cache, and be stored there if a folder can be written."""
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func, compiler)
    except (RuntimeError, OSError) as error:  # no writable folder: compile in every process, but never crash
        _say_uncached(error)


_said: list[str] = []  # the reason, once it has been logged


def _say_uncached(error: Exception) -> None:
    if not _said:
        _said.append(str(error).split("\n")[0][:120])
        cure = "set NUMBA_CACHE_DIR to a folder with room that can be written to"
        logger.info("kernels are not cached (%s), so each process compiles them; %s", _said[0], cure)
