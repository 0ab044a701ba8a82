"""Memory for kernels: aligned arrays, working memory of a thread, large pages."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

CACHE_LINE = 16  # floats
_LINES_BYTES = 128  # two cache lines, for processors fetch them in pairs
_LARGE_PAGE_BYTES = 1 << 21
_Made = TypeVar("_Made")
_Arguments = ParamSpec("_Arguments")


def aligned(shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Return an array of zeros that shares no cache line with another array.

    A load across two lines costs twice as much, and a line that two threads write moves between their caches.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    dtype : dtype
        Its type.
    """
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    buffer = np.zeros(-(-n_bytes // _LINES_BYTES) * _LINES_BYTES + _LINES_BYTES, np.uint8)
    first = -buffer.ctypes.data % _LINES_BYTES
    return buffer[first : first + n_bytes].view(dtype).reshape(shape)


def cache_per_thread(make: Callable[_Arguments, _Made]) -> Callable[_Arguments, _Made]:
    """Cache one result per thread, and reuse it while the arguments stay the same.

    This is for working memory, whose contents a call leaves behind.
    """
    last = threading.local()

    @wraps(make)
    def cached(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Made:
        asked, made = getattr(last, "pair", (None, None))
        if asked != (args, kwargs):
            made = make(*args, **kwargs)
            last.pair = (args, kwargs), made
        return made  # type: ignore[return-value]

    return cached


def zeros_in_large_pages(shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Return an array of zeros, in memory pages of 2 MB if it is at least as large and the system has such pages.

    A processor caches the addresses of few pages: random access to rows of several matrices takes 1.5 times as long
    with pages of 4 kB. NumPy asks for large pages from 4 MB on, and only whole pages can be large.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    dtype : dtype
        Its type.
    """
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if n_bytes < _LARGE_PAGE_BYTES:
        return aligned(shape, dtype)
    buffer = np.zeros(n_bytes + _LARGE_PAGE_BYTES, np.uint8)
    first = -buffer.ctypes.data % _LARGE_PAGE_BYTES
    return buffer[first : first + n_bytes].view(dtype).reshape(shape)
