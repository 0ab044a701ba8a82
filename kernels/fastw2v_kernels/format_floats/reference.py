"""Rows of numbers as text, by Python's own formatting."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Int64

NUMBER_BYTES = 16  # the longest number: a space, a sign, and 0.000123456789 or 1.23456789e-19
LEAST, LIMIT = 1e-19, 1e9  # numbers that are written: 0, and those with LEAST <= |number| < LIMIT


def format_floats_reference(rows: NDArray[Any], text: NDArray[Any], ends: Int64) -> None:
    """text[i, :ends[i]] = the numbers of rows[i], each as " %.9g", and zeros behind them.

    Parameters
    ----------
    rows : float32[n_rows, dim]
        The numbers.
    text : uint8[n_rows, 16 * dim], written
        The text of each row, from the row's first byte on.
    ends : int64[n_rows], written
        Length of each row's text; -1, and no text, for a row with a number that is not finite, that is 1e9 or more, or
        that is less than 1e-19 but not 0 (signs aside).

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    text[...], ends[...] = 0, -1
    sizes = np.abs(rows.astype(np.float64))
    is_written = ((sizes == 0) | ((sizes >= LEAST) & (sizes < LIMIT))).all(axis=1)
    for i in np.flatnonzero(is_written):
        line = b"".join(b" %.9g" % number for number in rows[i].tolist())
        text[i, : len(line)] = np.frombuffer(line, np.uint8)
        ends[i] = len(line)
