"""Checks of a launcher's arguments, made before a kernel reads or writes: dtype, shape, memory order, row numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Int32, Int64

FLOAT32, FLOAT64, INT32, INT64 = map(np.dtype, (np.float32, np.float64, np.int32, np.int64))
UINT8, UINT64 = map(np.dtype, (np.uint8, np.uint64))


def check_read(name: str, array: NDArray[Any], shape: tuple[int, ...], *, dtype: np.dtype[Any] = FLOAT32) -> None:
    """Raise unless `array` is C-contiguous, of this shape and type."""
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise _unfit(name, array, shape, dtype=dtype)


def check_written(name: str, array: NDArray[Any], shape: tuple[int, ...], *, dtype: np.dtype[Any] = FLOAT32) -> None:
    """Raise unless `array` is C-contiguous, of this shape and type, and may be written to."""
    if array.dtype != dtype or array.shape != shape or not array.flags.carray:
        raise _unfit(name, array, shape, dtype=dtype)


def check_axes(name: str, array: NDArray[Any], n_axes: int) -> None:
    """Raise unless `array` has `n_axes` axes."""
    if array.ndim != n_axes:
        raise ValueError(f"{name} has shape {array.shape}; expected {n_axes} axes")


def check_ids(name: str, ids: NDArray[Any], n_axes: int) -> None:
    """Raise unless these are integers with `n_axes` axes, in C order."""
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {ids.dtype}; expected integers, such as ids.astype(np.int64)")
    check_axes(name, ids, n_axes)
    if not ids.flags.c_contiguous:
        raise ValueError(f"{name} has strides {ids.strides}; expected C order: a contiguous copy of it")


def flat_ids(name: str, ids: NDArray[Any]) -> Int64:
    """Return the ids as a one-dimensional int64 array; they are copied only if they are not one already.

    Raises
    ------
    TypeError
        They are not integers; rounding them could conceal a mistake.
    """
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {ids.dtype}; expected integers, such as ids.astype(np.int64)")
    return np.ascontiguousarray(ids, np.int64).reshape(-1)


def outside(name: str, ids: Int64 | Int32, n_rows: int) -> IndexError:
    """Return the error for the first id that is not a row."""
    wrong = np.flatnonzero((ids < 0) | (ids >= n_rows))[0]
    return IndexError(
        f"{name} has {ids[wrong]} at position {wrong} (of all in a row); expected ids from 0 to {n_rows - 1}, "
        "the rows of the matrix"
    )


def first_outside(n_rows: int, **ids: Int64) -> IndexError:
    """Return the error for the first of these arrays that has an id which is not a row."""
    wrong = next(name for name, values in ids.items() if ((values < 0) | (values >= n_rows)).any())
    return outside(wrong, ids[wrong], n_rows)


def _unfit(name: str, array: NDArray[Any], shape: tuple[int, ...], *, dtype: np.dtype[Any]) -> Exception:
    if array.dtype != dtype:
        return TypeError(f"{name} has dtype {array.dtype}; expected {dtype}, such as {name}.astype(np.{dtype})")
    if array.shape != shape:
        return ValueError(f"{name} has shape {array.shape}; expected {shape}")
    if not array.flags.c_contiguous:
        return ValueError(f"{name} has strides {array.strides}; expected C order: np.ascontiguousarray({name})")
    return ValueError(f"{name} is read-only; expected an array to write to, such as a copy of it")
