"""Gradient of `embedding`, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.integer[Any]]


def embedding_backward_reference(
    dw: NDArray[Any], stale_ids: Ids, ids: Ids, *, scale: float, dout: NDArray[Any]
) -> None:
    """dw[stale_ids] = 0, then dw[ids[b, j]] += scale * dout[b] for every b and j: repeated rows accumulate.

    The book clears all of dw; clearing the rows that the call before this one wrote to leaves the same (Deep Learning
    from Scratch 2, section 4.1.2).

    Parameters
    ----------
    dw : float32[n_rows, dim], changed in place
        The gradient.
    stale_ids : int32 or int64[n_stale]
        Rows that an earlier call added to; repeated ones allowed, none too.
    ids : int32 or int64[batch, n]
        Rows that the forward call read.
    scale : float
        Factor of the forward call.
    dout : float32[batch, dim]
        Gradient of the forward call's result.

    Raises
    ------
    IndexError
        An id is not a row, or it is negative on the CPU; the CPU then changes nothing.
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    dw[stale_ids] = 0
    np.add.at(dw, ids, dw.dtype.type(scale) * dout[:, None])
