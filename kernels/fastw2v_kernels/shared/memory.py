"""Memory for SIMD kernels."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._types import Float32

CACHE_LINE = 16  # floats


def aligned(n_rows: int, n_cols: int) -> Float32:
    """float32[n_rows, n_cols] of zeros that begins at a cache line: a vector that straddles two costs twice."""
    buffer = np.zeros(n_rows * n_cols + CACHE_LINE, np.float32)
    first = -buffer.ctypes.data % (4 * CACHE_LINE) // 4
    return buffer[first : first + n_rows * n_cols].reshape(n_rows, n_cols)
