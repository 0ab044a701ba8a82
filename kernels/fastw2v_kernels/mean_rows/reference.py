"""The computation of `mean_rows` in NumPy."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Int32, Int64


def mean_rows_reference(w: NDArray[Any], row_ids: Int32, *, row_starts: Int64, out: NDArray[Any]) -> None:
    """Write the mean of the rows of each list, in the arithmetic of fastText: their sum, in order, times 1 / n.

    Parameters
    ----------
    w : float32[n_rows, stride]
        A matrix; stride is a multiple of 16.
    row_ids, row_starts : int32[n_ids], int64[n_lists + 1]
        List k is row_ids[row_starts[k]:row_starts[k + 1]].
    out : float32[n_lists, stride], written
        The means; zeros for an empty list.

    Raises
    ------
    TypeError, ValueError, IndexError
        A dtype, shape or memory order that does not fit, or an id that is no row.
    """
    for k, mean in enumerate(out):
        rows = row_ids[row_starts[k] : row_starts[k + 1]]
        mean[:] = 0
        for row in rows:
            mean += w[row]
        mean *= w.dtype.type(1 / max(len(rows), 1))
