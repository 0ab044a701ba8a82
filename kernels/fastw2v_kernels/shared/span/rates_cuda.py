"""Factors of the moves of the most frequent rows, of which many warps hold a copy at the same time.

Warps add up what each of them made of the same old row: n copies move it n times as far as one would, and beyond some
number the row oscillates and grows without bound. A factor for the few rows concerned keeps their sum in bounds.
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
    """Factor of a row's moves: 1 for those past the end of `rates`."""
    return rates[row] if row < rates.shape[0] else _ONE


def checked_rates(name: str, rates: Float32 | None) -> Float32:
    """Return the rates, one of them 1 where none are given."""
    if rates is None:
        return gpu.array_module().ones(1, np.float32)  # type: ignore[no-any-return]
    check_axes(name, rates, 1)
    check_read(name, rates, rates.shape)
    return rates
