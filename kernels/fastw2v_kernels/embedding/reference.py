"""Sum of the rows with the given ids, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def embedding_reference(w: NDArray[Any], ids: NDArray[np.integer[Any]], scale: float, *, out: NDArray[Any]) -> None:
    """out[b] = scale * sum of w[ids[b, j]] over j.

    One id per example and scale 1 is the book's Embedding layer; the 2 * window contexts of CBOW and
    scale 1 / (2 * window) are its hidden vector (Deep Learning from Scratch 2, sections 4.1.2 and 4.2.7).

    Parameters
    ----------
    w : float32[n_rows, dim]
        The matrix.
    ids : int32 or int64[batch, n]
        Rows of it, from 0 to n_rows - 1.
    scale : float
        Factor of the sum.
    out : float32[batch, dim], written
        The sums.

    Raises
    ------
    IndexError
        An id is not a row, or it is negative on the CPU.
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    out[...] = w[ids].sum(axis=1) * w.dtype.type(scale)
