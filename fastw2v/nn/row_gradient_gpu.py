"""The row gradient on a GPU: a CuPy array with a list of the rows that a backward pass wrote to."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import numpy as np

from fastw2v.nn.arrays import empty
from fastw2v.nn.row_gradient import RowGradient, TouchedRows
from fastw2v.runtime.arrays import Array
from fastw2v_kernels._jit.cuda import IS_SIMULATED, array_module, require_memory

_WRITES = ("__setitem__", "fill", "put", "sort", "scatter_add", "set")
_IN_PLACE = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor")


def row_gradient(W: Array, device: str) -> Array:
    """Return a gradient of zeros for W in the memory of a device, with no touched rows.

    On a GPU its class is a subclass of `cupy.ndarray`. After a write by a method or an operator every row counts as
    touched. A CuPy function with ``out=`` is not noticed: call ``touch(None)`` then.

    Raises
    ------
    MemoryError
        The GPU has too little free memory.
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
    """Make the subclass of `cupy.ndarray`, at its first use because CuPy is optional."""
    base = array_module().ndarray
    names = [*_WRITES, *(f"__i{name}__" for name in _IN_PLACE)]
    methods = {name: _touching(getattr(base, name)) for name in names if hasattr(base, name)}
    return type("GpuRowGradient", (TouchedRows, base), methods)


def _touching(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that marks every row as touched and then calls the given one."""

    @wraps(method)
    def touch_first(self: TouchedRows, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        self.touch(None)
        return method(self, *args, **options)

    return touch_first
