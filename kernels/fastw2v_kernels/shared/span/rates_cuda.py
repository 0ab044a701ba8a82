"""Factors for the moves of rows: those that a caller asks for, and those of the most frequent rows.

All warps compute their moves from the same old row, and then add them up. With n copies the row moves n times as far as
with one, and beyond some number it oscillates and grows without bound. Factors for the few rows concerned prevent that.

An input row moves on chip without its factor while its word is in the window; what is written back is the difference
times the factor. A row with the factor 0 is not written to, and stays as it is, to the byte.
"""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels._jit.cuda import inline_cuda
from fastw2v_kernels.shared.arguments import check_axes, check_read
from fastw2v_kernels.shared.array_types import Float32

_ONE = np.float32(1)


@inline_cuda
def rate_of(rates: Float32, row: int) -> np.float32:
    """Return the factor for the moves of a row, which is 1 past the end of `rates`."""
    return rates[row] if row < rates.shape[0] else _ONE


def checked_rates(name: str, rates: Float32 | None) -> Float32:
    """Check the rates and return them; without any, return an array with the single factor 1."""
    if rates is None:
        return gpu.array_module().ones(1, np.float32)  # type: ignore[no-any-return]
    check_axes(name, rates, 1)
    check_read(name, rates, rates.shape)
    return rates
