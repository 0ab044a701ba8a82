"""RowGradient: the gradient of a matrix, with a list of the rows that a backward pass wrote to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from itertools import islice
from typing import Any

import numpy as np

from fastw2v.nn.arrays import empty, plain
from fastw2v.nn.dispatch import operation
from fastw2v.runtime.arrays import Array, Ids
from fastw2v.runtime.devices import is_on_gpu
from fastw2v_kernels.shared.memory import zeros_in_large_pages

_KEEP_ZEROS = {np.multiply, np.divide}  # by a finite number: a row of zeros stays a row of zeros
_WRITE_TO_FIRST = {np.copyto, np.place, np.putmask}  # write to their first argument without calling a method of it
_WRITING_METHODS = ("__setitem__", "__setstate__", "byteswap", "fill", "partition", "put", "resize", "setfield", "sort")
_WRITABLE_ATTRIBUTES = ("flat", "real")


class TouchedRows:
    """The touched rows of a gradient: those that may differ from zero. Base of the classes for host and GPU.

    Attributes
    ----------
    rows : int64[n_touched] or None
        The touched rows, possibly repeated. None means that every row may differ from zero.
    """

    rows: Ids | None = None
    _kernels = "cpu"  # the device whose kernels write to it; the name `device` is taken by CuPy
    _unique: Ids | None = None
    _marks: Array | None = None  # uint8[n_rows], zeros between calls

    def touch(self, rows: Ids | None) -> None:
        """Set which rows may differ from zero: int64[n_touched], or None for every row."""
        self.rows, self._unique = rows, None

    def stale_rows(self) -> Ids:
        """Return the rows that a backward pass must set to zero; if they are not known, set all to zero now."""
        if self.rows is not None:
            return self.rows if self._unique is None else self._unique
        plain(self)[...] = 0
        return empty(0, np.int64, self._kernels)

    def unique_rows(self) -> Ids | None:
        """Return the touched rows, each once, in the order of first touch; None for every row."""
        if self._unique is None and self.rows is not None:
            if self._marks is None:
                self._marks = empty(len(self), np.uint8, self._kernels)  # type: ignore[arg-type]
                self._marks[...] = 0
            unique, n_unique = (empty(n, np.int64, self._kernels) for n in (len(self.rows), 1))
            operation("unique_rows", self._kernels)(self.rows, self._marks, unique, n_unique=n_unique)
            self._unique = unique[: int(n_unique[0])]
        return self._unique


class RowGradient(TouchedRows, np.ndarray[Any, np.dtype[Any]]):
    """Gradient of a matrix of which a batch touches few rows; all other rows are zero.

    It is a NumPy array with the numbers of the book's dense gradient. Layers on "cpu" make it. Because it knows the
    touched rows, `backward`, `SparseAdam`, `SGD`, `clip_grads` and `remove_duplicate` visit only those.

    After a write by other code every row counts as touched. That includes an assignment, a method such as `fill` or
    `sort`, the attribute `flat`, and a NumPy function that gets the array as an output or other than as its first
    argument. A write to its memory by a view, a `memoryview` or ``out=`` of another object's method is not noticed:
    call ``touch(None)`` then.

    Attributes
    ----------
    rows : int64[n_touched] or None
        The touched rows, possibly repeated. None means that every row may differ from zero.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import Embedding
    >>> layer = Embedding(np.ones((5, 2), np.float32))
    >>> _ = layer.forward([3, 1, 3])
    >>> layer.backward(np.ones((3, 2), np.float32))
    >>> gradient = layer.grads[0]
    >>> np.array(gradient[3])
    array([2., 2.], dtype=float32)
    >>> gradient.unique_rows()
    array([3, 1])
    """

    def __array_finalize__(self, obj: object) -> None:
        self.rows = self._unique = self._marks = None

    @classmethod
    def zeros_like(cls, W: Array) -> RowGradient:
        """Return a gradient of zeros with the shape and dtype of W, and no touched rows.

        Examples
        --------
        >>> import numpy as np
        >>> from fastw2v.nn import RowGradient
        >>> RowGradient.zeros_like(np.ones((2, 3), np.float32)).rows
        array([], dtype=int64)
        """
        gradient = zeros_in_large_pages(W.shape, W.dtype).view(cls)
        gradient.touch(np.empty(0, np.int64))
        return gradient

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:  # noqa: ANN401
        """Compute on plain arrays. After a write other than scaling, every row counts as touched."""
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
        """Call a NumPy function; every row of a gradient that it may write to counts as touched."""
        for array in (*islice(args, func not in _WRITE_TO_FIRST, None), *kwargs.values()):
            if isinstance(array, RowGradient):
                array.touch(None)
        return super().__array_function__(func, types, args, kwargs)


def _touching(access: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that marks every row as touched and then calls the given one."""

    @wraps(access)
    def touch_first(self: RowGradient, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        self.touch(None)
        return access(self, *args, **options)

    touch_first.__doc__ = "Mark every row as touched, then call NumPy's method of the same name."
    return touch_first


for _name in _WRITING_METHODS:
    setattr(RowGradient, _name, _touching(getattr(np.ndarray, _name)))
for _name in _WRITABLE_ATTRIBUTES:
    _descriptor = getattr(np.ndarray, _name)
    setattr(RowGradient, _name, property(_touching(_descriptor.__get__), _touching(_descriptor.__set__)))


def _scales(ufunc: np.ufunc, inputs: tuple[Any, ...], array: RowGradient) -> bool:
    """Whether this multiplies or divides `array` in place by a number, so that rows of zeros stay zero."""
    if ufunc not in _KEEP_ZEROS or inputs[0] is not array or not np.isscalar(inputs[1]):
        return False
    factor: Any = inputs[1]
    return bool(np.isfinite(factor)) and not (ufunc is np.divide and factor == 0)


def _plain(array: Any) -> Any:  # noqa: ANN401
    return plain(array) if isinstance(array, TouchedRows) else array


def touched_rows(gradient: Array) -> Ids | None:
    """Return the touched rows of a gradient, each once; None for all.

    In a plain matrix the touched rows are those that are not zero.
    """
    if isinstance(gradient, TouchedRows) and gradient.rows is not None:
        return gradient.unique_rows()
    if gradient.ndim < 2:
        return None
    return np.flatnonzero(_plain(gradient).any(axis=tuple(range(1, gradient.ndim))))


def add_gradient(total: Array, other: Array) -> None:
    """Add `other` to `total` in place; if both know their touched rows, add only those."""
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
    """Multiply a gradient by `rate` in place; only the touched rows if they are known."""
    rows = gradient.unique_rows() if isinstance(gradient, TouchedRows) else None
    if rows is None:
        gradient *= rate
    else:
        _plain(gradient)[rows] *= rate


def squared_norm(gradient: Array) -> float:
    """Return the sum of squares of a gradient, computed in the gradient's precision as in the book."""
    rows = gradient.unique_rows() if isinstance(gradient, TouchedRows) else None
    values = _plain(gradient)
    total = np.sum((values if rows is None else values[rows]) ** 2)
    return float(total) if is_on_gpu(values) else total
