"""RowGradient: a gradient that knows which of its rows a backward pass touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.nn._arrays import empty, plain
from fastw2v.nn._dispatch import operation
from fastw2v.runtime.devices import is_on_gpu
from fastw2v_kernels.shared.memory import zeros_in_large_pages

Array = npt.NDArray[Any]
Ids = npt.NDArray[np.int64]

_KEEP_ZEROS = {np.multiply, np.divide}  # by a finite number, a row of zeros stays one
_WRITE_TO_FIRST = {np.copyto, np.place, np.putmask}  # those that call no method of the array
_WRITING_METHODS = ("__setitem__", "__setstate__", "byteswap", "fill", "partition", "put", "resize", "setfield", "sort")
_WRITABLE_ATTRIBUTES = ("flat", "real")


class TouchedRows:
    """What a gradient knows of its rows, on the host or on a GPU.

    Attributes
    ----------
    rows : int64[n_touched] or None
        The touched rows, repeated ones among them; None: any row may differ from zero.
    """

    rows: Ids | None = None
    _kernels = "cpu"  # the device whose kernels write to it; CuPy's own `device` is a number
    _unique: Ids | None = None
    _marks: npt.NDArray[np.uint8] | None = None

    def touch(self, rows: Ids | None) -> None:
        """Tell which rows may now differ from zero."""
        self.rows, self._unique = rows, None

    def stale_rows(self) -> Ids:
        """Return the rows that a backward pass must clear; where they are not known, clear all at once."""
        if self.rows is not None:
            return self.rows if self._unique is None else self._unique
        plain(self)[...] = 0
        return empty(0, np.int64, self._kernels)

    def unique_rows(self) -> Ids | None:
        """Return the touched rows, each once, in the order of first touch; None when any row may be."""
        if self._unique is None and self.rows is not None:
            if self._marks is None:
                self._marks = empty(len(self), np.uint8, self._kernels)  # type: ignore[arg-type]
                self._marks[...] = 0
            unique, n_unique = (empty(n, np.int64, self._kernels) for n in (len(self.rows), 1))
            operation("unique_rows", self._kernels)(self.rows, self._marks, unique, n_unique)
            self._unique = unique[: int(n_unique[0])]
        return self._unique


class RowGradient(TouchedRows, np.ndarray[Any, np.dtype[Any]]):
    """Gradient of a matrix, of which a batch touches few rows; all others are zero.

    An array like any other, the same numbers as the book's dense gradient. Layers on "cpu" make it, so that clearing
    it, `SparseAdam`, `SGD`, `clip_grads` and `remove_duplicate` look at the touched rows alone. An assignment, a method
    (`fill`, `sort`, ...) or a function of NumPy that writes to it makes it count as touched everywhere; so does its
    `flat`, and a function that gets it other than as its first argument, which may be one to write to. What writes to
    its memory past all these (a view, a `memoryview`, ``out=`` of another object's method) is not noticed: call
    ``touch(None)`` then.

    Attributes
    ----------
    rows : int64[n_touched] or None
        The touched rows, repeated ones among them; None: any row may differ from zero.
    """

    def __array_finalize__(self, obj: object) -> None:
        self.rows = self._unique = self._marks = None

    @classmethod
    def zeros_like(cls, W: Array) -> RowGradient:
        """Return a gradient of zeros for W."""
        gradient = zeros_in_large_pages(W.shape, W.dtype).view(cls)
        gradient.touch(np.empty(0, np.int64))
        return gradient

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:  # noqa: ANN401
        """Compute on plain arrays; a ufunc that writes here, other than scaling, makes every row count as touched."""
        written = options.get("out", inputs[:1] if method == "at" else ())
        for array in written:
            if isinstance(array, RowGradient) and not (method == "__call__" and _scales(ufunc, inputs, array)):
                array.touch(None)
        if "out" in options:
            options["out"] = tuple(_plain(array) for array in written)
        result = getattr(ufunc, method)(*map(_plain, inputs), **options)
        return written[0] if "out" in options and len(written) == 1 else result

    def __array_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: Iterable[Any], kwargs: Mapping[str, Any]
    ) -> Any:  # noqa: ANN401
        """Call a function of NumPy; where it may write to a gradient, every row of that counts as touched."""
        for array in (*islice(args, func not in _WRITE_TO_FIRST, None), *kwargs.values()):
            if isinstance(array, RowGradient):
                array.touch(None)
        return super().__array_function__(func, types, args, kwargs)


def _touching(access: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same access to an array, which makes all rows count as touched."""

    @wraps(access)
    def touch_first(self: RowGradient, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        self.touch(None)
        return access(self, *args, **options)

    return touch_first


for _name in _WRITING_METHODS:
    setattr(RowGradient, _name, _touching(getattr(np.ndarray, _name)))
for _name in _WRITABLE_ATTRIBUTES:
    _descriptor = getattr(np.ndarray, _name)
    setattr(RowGradient, _name, property(_touching(_descriptor.__get__), _touching(_descriptor.__set__)))


def _scales(ufunc: np.ufunc, inputs: tuple[Any, ...], array: RowGradient) -> bool:
    """Whether this multiplies or divides `array` itself by a number that leaves rows of zeros as they are."""
    if ufunc not in _KEEP_ZEROS or inputs[0] is not array or not np.isscalar(inputs[1]):
        return False
    factor: Any = inputs[1]
    return bool(np.isfinite(factor)) and not (ufunc is np.divide and factor == 0)


def _plain(array: Any) -> Any:  # noqa: ANN401
    return plain(array) if isinstance(array, TouchedRows) else array


def touched_rows(gradient: Array) -> Ids | None:
    """Return the rows that a gradient touches, each once; None for all. A plain matrix is searched for them."""
    if isinstance(gradient, TouchedRows) and gradient.rows is not None:
        return gradient.unique_rows()
    if gradient.ndim < 2:
        return None
    return np.flatnonzero(_plain(gradient).any(axis=tuple(range(1, gradient.ndim))))


def add_gradient(total: Array, other: Array) -> None:
    """Add `other` to `total`, in place; where both know their rows, on those rows alone."""
    if not (isinstance(total, TouchedRows) and isinstance(other, TouchedRows)):
        total += other
        return
    rows, known = other.unique_rows(), total.rows
    if rows is None or known is None:
        total += other
        return
    _plain(total)[rows] += _plain(other)[rows]
    total.touch(np.concatenate([known, rows]))


def scale_gradient(gradient: Array, rate: float) -> None:
    """Multiply a gradient by `rate`, in place, the touched rows alone where they are known."""
    rows = gradient.unique_rows() if isinstance(gradient, TouchedRows) else None
    if rows is None:
        gradient *= rate
    else:
        _plain(gradient)[rows] *= rate


def squared_norm(gradient: Array) -> float:
    """Sum of the squares of a gradient, in its own precision, as the book has it."""
    rows = gradient.unique_rows() if isinstance(gradient, TouchedRows) else None
    values = _plain(gradient)
    total = np.sum((values if rows is None else values[rows]) ** 2)
    return float(total) if is_on_gpu(values) else total
