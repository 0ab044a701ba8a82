"""The row gradient of a GPU: a CuPy array that knows which of its rows a backward pass touched."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import numpy as np

from fastw2v.nn._arrays import Array, empty
from fastw2v.nn._gradient import RowGradient, TouchedRows
from fastw2v_kernels._jit.cuda import IS_SIMULATED, array_module, require_memory

_WRITES = ("__setitem__", "fill", "put", "sort", "scatter_add", "set")
_IN_PLACE = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor")


def row_gradient(W: Array, device: str) -> Array:
    """Return a gradient of zeros for W where a device has its arrays.

    On a GPU it is of a subclass of `cupy.ndarray`. Methods and operators that write to it make every row count as
    touched; CuPy's functions with ``out=`` are not noticed: call ``touch(None)`` then.
    """
    if device != "cuda" or IS_SIMULATED:
        gradient: Any = RowGradient.zeros_like(W)
    else:
        require_memory(W.nbytes, f"the gradient of a matrix of shape {W.shape}")
        gradient = array_module().zeros_like(W).view(type=_gpu_class())
    gradient._kernels = device
    gradient.touch(empty(0, np.int64, device))
    return gradient  # type: ignore[no-any-return]


@cache
def _gpu_class() -> type:
    """Make the class when CuPy is there."""
    base = array_module().ndarray
    names = [*_WRITES, *(f"__i{name}__" for name in _IN_PLACE)]
    methods = {name: _touching(getattr(base, name)) for name in names if hasattr(base, name)}
    return type("GpuRowGradient", (TouchedRows, base), methods)


def _touching(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method, after which all rows count as touched."""

    @wraps(method)
    def touch_first(self: TouchedRows, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        self.touch(None)
        return method(self, *args, **options)

    return touch_first
