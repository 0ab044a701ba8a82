"""Memory for kernels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastw2v_kernels._types import Float32

CACHE_LINE = 16  # floats
_LARGE_PAGE_BYTES = 1 << 21


def aligned(n_rows: int, n_cols: int) -> Float32:
    """float32[n_rows, n_cols] of zeros that begins at a cache line: a vector that straddles two costs twice."""
    buffer = np.zeros(n_rows * n_cols + CACHE_LINE, np.float32)
    first = -buffer.ctypes.data % (4 * CACHE_LINE) // 4
    return buffer[first : first + n_rows * n_cols].reshape(n_rows, n_cols)


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
