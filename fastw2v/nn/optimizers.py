"""The book's optimizers, and SparseAdam: `update(params, grads)` changes the parameters in place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.config import BELOW_1, number
from fastw2v.nn import _checks
from fastw2v.nn._arrays import as_array, module_of, plain, require_current_device
from fastw2v.nn._dispatch import device_of, operation, resolve
from fastw2v.nn._gradient import TouchedRows, touched_rows
from fastw2v.runtime.devices import is_on_gpu
from fastw2v_kernels._jit.cuda import require_memory
from fastw2v_kernels.shared.memory import zeros_in_large_pages

Array = npt.NDArray[Any]
_ROOT_FLOOR = 1e-7  # the book's, against division by 0


def _arrays(params: list[Array], grads: list[Array]) -> list[Array]:
    """Return the gradients as arrays; each must have the shape of its parameter."""
    if len(params) != len(grads):
        raise ValueError(f"{len(params)} parameters and {len(grads)} gradients; expected one for each")
    arrays = [grad if isinstance(grad, TouchedRows) else as_array(grad) for grad in grads]
    for param, grad in zip(params, arrays):
        _checks.floats(param, "a parameter")
        require_current_device(param, "a parameter")
        require_current_device(grad, "a gradient")
        _checks.shape(grad, param.shape, "a gradient", "as its parameter")
        if grad.dtype.kind not in "fiu":
            raise TypeError(f"a gradient is {grad.dtype}; expected numbers")
    return arrays


def _require_moments(params: list[Array]) -> None:
    """Raise MemoryError before an optimizer's moments are made, if the GPU has no room for them."""
    n_bytes = sum(2 * param.nbytes for param in params if is_on_gpu(param))
    if n_bytes:
        require_memory(n_bytes, "Adam, with two moments for each parameter,")


def _zeros_like(param: Array) -> Array:
    if is_on_gpu(param):
        return module_of(param).zeros_like(param)  # type: ignore[no-any-return]
    return zeros_in_large_pages(param.shape, param.dtype)


class SGD:
    """Stochastic gradient descent: param -= lr * grad.

    Parameters
    ----------
    lr : float
        0 or above.
    """

    def __init__(self, lr: float = 0.01) -> None:
        self.lr = _checks.positive("lr", lr)

    def update(self, params: list[Array], grads: list[Array]) -> None:
        """Change the parameters; of a `RowGradient` the touched rows alone are visited, which comes to the same."""
        for param, grad in zip(params, _arrays(params, grads)):
            values = plain(grad)
            rows = grad.unique_rows() if isinstance(grad, TouchedRows) else None
            if rows is None:
                param -= self.lr * values
            else:
                param[rows] -= self.lr * values[rows]


class Adam:
    """Adam as the book has it: dense, so that rows without a gradient still move by their momentum.

    m += (1 - beta1) (g - m); v += (1 - beta2) (g^2 - v); param -= lr_t m / (sqrt(v) + 1e-7), with
    lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t) at the t-th update (Kingma and Ba 2015, section 2).

    Parameters
    ----------
    lr, beta1, beta2 : float
        lr 0 or above; the betas from 0 to below 1.
    device : str
        "auto": a compiled pass for contiguous float32 parameters, where they lie; NumPy, or CuPy, for others. "cpu" or
        "cuda": the compiled pass, or an error. "reference": NumPy, as the book has it.

    Attributes
    ----------
    iter : int
        Updates so far.
    m, v : list of ndarray, or None before the first update
    """

    def __init__(self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, *, device: str = "auto") -> None:
        resolve(device)
        self.lr, self.device = _checks.positive("lr", lr), device
        self.beta1 = number("beta1", beta1, float, least=0, most=BELOW_1)
        self.beta2 = number("beta2", beta2, float, least=0, most=BELOW_1)
        self.iter = 0
        self.m: list[Array] | None = None
        self.v: list[Array] | None = None

    def update(self, params: list[Array], grads: list[Array]) -> None:
        """Change the parameters by their gradients, in place."""
        grads = _arrays(params, grads)
        if self.m is None or self.v is None:
            _require_moments(params)
            self.m, self.v = ([_zeros_like(param) for param in params] for _ in range(2))
        if [m.shape for m in self.m] != [param.shape for param in params]:
            raise ValueError("these are other parameters than at the first update; make an optimizer for each model")
        self.iter += 1
        lr_t = self.lr * math.sqrt(1.0 - self.beta2**self.iter) / (1.0 - self.beta1**self.iter)
        for param, grad, m, v in zip(params, grads, self.m, self.v):
            self._step(param, grad, m, v, lr_t)

    def _step(self, param: Array, grad: Array, m: Array, v: Array, lr_t: float) -> None:
        values = plain(grad)
        device = self._device_for(param, values)
        if device != "reference":
            betas = {"beta1": self.beta1, "beta2": self.beta2}
            operation("adam", device)(param, values, m, v=v, lr_t=float(lr_t), **betas)
            return
        m += (1 - self.beta1) * (values - m)
        v += (1 - self.beta2) * (values**2 - v)
        param -= lr_t * m / (np.sqrt(v) + _ROOT_FLOOR)

    def _device_for(self, param: Array, values: Array) -> str:
        if self.device != "auto":
            return resolve(self.device, param, values)
        return device_of(param) if device_of(param) == device_of(values) else "reference"


class SparseAdam(Adam):
    """Adam on the rows that a batch touches, and on no others: not what the book computes, but much less work.

    A row keeps its m and v while no batch touches it, and does not move. The rows are those a `RowGradient` names;
    in a plain matrix, the rows that are not zero; a vector is updated whole. Parameters and attributes as `Adam`.
    """

    def _step(self, param: Array, grad: Array, m: Array, v: Array, lr_t: float) -> None:
        rows = touched_rows(grad)
        if rows is None:
            super()._step(param, grad, m, v, lr_t)
            return
        values = plain(grad)
        device = self._device_for(param, values)
        if device != "reference" and param.ndim == 2:
            betas = {"beta1": self.beta1, "beta2": self.beta2}
            operation("sparse_adam", device)(param, values, m, v=v, rows=rows, lr_t=float(lr_t), **betas)
            return
        m[rows] += (1 - self.beta1) * (values[rows] - m[rows])
        v[rows] += (1 - self.beta2) * (values[rows] ** 2 - v[rows])
        param[rows] -= lr_t * m[rows] / (np.sqrt(v[rows]) + _ROOT_FLOOR)
