"""Memory for kernels."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

CACHE_LINE = 16  # floats
_LINES_BYTES = 128  # two cache lines: processors fetch the one beside what is asked for, too
_LARGE_PAGE_BYTES = 1 << 21
_Made = TypeVar("_Made")
_Arguments = ParamSpec("_Arguments")


def aligned(shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Array of zeros in cache lines of its own.

    A vector that straddles two lines costs twice, and a line that two threads write goes to and fro between them.
    """
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    buffer = np.zeros(-(-n_bytes // _LINES_BYTES) * _LINES_BYTES + _LINES_BYTES, np.uint8)
    first = -buffer.ctypes.data % _LINES_BYTES
    return buffer[first : first + n_bytes].view(dtype).reshape(shape)


def cache_per_thread(make: Callable[_Arguments, _Made]) -> Callable[_Arguments, _Made]:
    """Give a thread what it was given last, while it asks for the same: working memory, which a call leaves dirty."""
    last = threading.local()

    @wraps(make)
    def kept(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Made:
        asked, made = getattr(last, "pair", (None, None))
        if asked != (args, kwargs):
            made = make(*args, **kwargs)
            last.pair = (args, kwargs), made
        return made  # type: ignore[return-value]

    return kept


def zeros_in_large_pages(shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Array of zeros, in pages of 2 MB from that size on, where the system lends them.

    The processor keeps few addresses of pages: on rows of several matrices at random, pages of 4 kB cost half as much
    time again. NumPy asks for large pages from 4 MB on; whole ones are lent only.
    """
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if n_bytes < _LARGE_PAGE_BYTES:
        return np.zeros(shape, dtype)
    buffer = np.zeros(n_bytes + _LARGE_PAGE_BYTES, np.uint8)
    first = -buffer.ctypes.data % _LARGE_PAGE_BYTES
    return buffer[first : first + n_bytes].view(dtype).reshape(shape)
