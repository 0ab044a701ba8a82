"""The different ids of a batch, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Int64


def unique_rows_reference(
    ids: NDArray[np.integer[Any]], marks: NDArray[np.uint8], rows: Int64, *, n_unique: Int64
) -> None:
    """rows[:n_unique[0]] = the different ids, in the order of their first occurrence; -1 in the rest of rows.

    Parameters
    ----------
    ids : int32 or int64, of any shape
        From 0 to n_rows - 1; repeated ones allowed, none too.
    marks : uint8[n_rows], changed during the call
        Zeros, and zeros again after the call. The CPU marks here which ids have occurred, instead of sorting them.
    rows : int64[ids.size], written
        The ids, each once.
    n_unique : int64[1], written
        How many.

    Raises
    ------
    IndexError
        An id is not a row; nothing is written.
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    flat = ids.ravel()
    if flat.size and not 0 <= flat.min() <= flat.max() < len(marks):
        raise IndexError(f"ids range from {flat.min()} to {flat.max()}; expected 0 to {len(marks) - 1}")
    first = np.sort(np.unique(flat, return_index=True)[1])
    rows[: len(first)] = flat[first]
    rows[len(first) :] = -1
    n_unique[0] = len(first)
