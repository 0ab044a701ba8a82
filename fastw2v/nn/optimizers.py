"""The book's SGD and Adam, and SparseAdam. `update(params, grads)` changes the parameters in place."""

from __future__ import annotations

import math

import numpy as np

from fastw2v.config import BELOW_1, number
from fastw2v.nn import checks
from fastw2v.nn.arrays import as_array, module_of, plain, require_current_device
from fastw2v.nn.dispatch import device_of, operation, resolve
from fastw2v.nn.row_gradient import TouchedRows, touched_rows
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.devices import is_on_gpu
from fastw2v_kernels._jit.cuda import require_memory
from fastw2v_kernels.shared.memory import zeros_in_large_pages

_ROOT_FLOOR = 1e-7  # the book adds it to the root, so that nothing is divided by 0


def _checked_gradients(params: list[Array], grads: list[Array]) -> list[Array]:
    """Return the gradients as arrays of numbers; each must have the shape of its parameter."""
    if len(params) != len(grads):
        raise ValueError(f"{len(params)} parameters and {len(grads)} gradients; expected one for each")
    arrays = [grad if isinstance(grad, TouchedRows) else as_array(grad) for grad in grads]
    for param, grad in zip(params, arrays):
        checks.floats(param, "a parameter")
        require_current_device(param, "a parameter")
        require_current_device(grad, "a gradient")
        checks.shape(grad, param.shape, "a gradient", why="as its parameter")
        if grad.dtype.kind not in "fiu":
            raise TypeError(f"a gradient is {grad.dtype}; expected numbers")
    return arrays


def _require_moments(params: list[Array]) -> None:
    """Raise MemoryError if the GPU has too little memory for the moments of Adam."""
    n_bytes = sum(2 * param.nbytes for param in params if is_on_gpu(param))
    if n_bytes:
        require_memory(n_bytes, "Adam, with two moments for each parameter,")


def _zeros_like(param: Array) -> Array:
    if is_on_gpu(param):
        return module_of(param).zeros_like(param)  # type: ignore[no-any-return]
    return zeros_in_large_pages(param.shape, param.dtype)


class SGD:
    """Stochastic gradient descent: param -= lr * grad (the book, section 1.3.6).

    Parameters
    ----------
    lr : float
        Learning rate, at least 0.

    Raises
    ------
    TypeError, ValueError
        lr is not a finite number that is at least 0; or gradients do not match the parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import SGD
    >>> w = np.array([1.0, 2.0])
    >>> SGD(lr=0.5).update([w], [np.array([1.0, -1.0])])
    >>> w
    array([0.5, 2.5])
    """

    def __init__(self, lr: float = 0.01) -> None:
        self.lr = checks.positive("lr", lr)

    def update(self, params: list[Array], grads: list[Array]) -> None:
        """Change the parameters in place; for a `RowGradient` only the touched rows, which gives the same result."""
        for param, grad in zip(params, _checked_gradients(params, grads)):
            values = plain(grad)
            rows = grad.unique_rows() if isinstance(grad, TouchedRows) else None
            if rows is None:
                param -= self.lr * values
            else:
                param[rows] -= self.lr * values[rows]


class Adam:
    """Adam as in the book: dense, so rows without a gradient still move by their momentum.

    ``m += (1 - beta1) (g - m)``, ``v += (1 - beta2) (g^2 - v)``, ``param -= lr_t m / (sqrt(v) + 1e-7)``, where
    ``lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t)`` at update t (Kingma and Ba 2015, section 2).

    Parameters
    ----------
    lr : float
        Learning rate, at least 0.
    beta1, beta2 : float
        Decay of the moments, from 0 to below 1.
    device : str
        - "auto": a compiled kernel for contiguous float32 parameters, on the device where they are; NumPy or CuPy for
          others.
        - "cpu", "cuda": the compiled kernel, or an error.
        - "reference": NumPy, as in the book.

    Attributes
    ----------
    iter : int
        Number of updates so far.
    m, v : list of ndarray
        First and second moments; None before the first update.

    Raises
    ------
    TypeError, ValueError
        An option is out of range, gradients do not match the parameters, or the parameters are not those of the first
        update.
    MemoryError
        The GPU has too little memory for the moments.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import Adam
    >>> w = np.ones((2, 2), np.float32)
    >>> Adam(lr=0.1).update([w], [np.array([[1, 2], [0, -3]], np.float32)])
    >>> w.round(3)
    array([[0.9, 0.9],
           [1. , 1.1]], dtype=float32)
    """

    def __init__(self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, *, device: str = "auto") -> None:
        resolve(device)
        self.lr, self.device = checks.positive("lr", lr), device
        self.beta1 = number("beta1", beta1, float, least=0, most=BELOW_1)
        self.beta2 = number("beta2", beta2, float, least=0, most=BELOW_1)
        self.iter = 0
        self.m: list[Array] | None = None
        self.v: list[Array] | None = None

    def update(self, params: list[Array], grads: list[Array]) -> None:
        """Change the parameters in place by their gradients: two lists of arrays with equal shapes."""
        grads = _checked_gradients(params, grads)
        if self.m is None or self.v is None:
            _require_moments(params)
            self.m, self.v = ([_zeros_like(param) for param in params] for _ in range(2))
        if [m.shape for m in self.m] != [param.shape for param in params]:
            raise ValueError("these are other parameters than at the first update; make an optimizer for each model")
        self.iter += 1
        lr_t = self.lr * math.sqrt(1.0 - self.beta2**self.iter) / (1.0 - self.beta1**self.iter)
        for param, grad, m, v in zip(params, grads, self.m, self.v):
            self._step(param, grad, m, v=v, lr_t=lr_t)

    def _step(self, param: Array, grad: Array, m: Array, *, v: Array, lr_t: float) -> None:
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
    """Adam on the rows that a batch touches only. It is faster than `Adam`, and computes something else.

    A row that no batch touches does not move, and its m and v stay the same. The touched rows are those of a
    `RowGradient`; in a plain matrix, the rows that are not zero. A vector is updated whole.

    Parameters, attributes and exceptions are those of `Adam`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import SparseAdam
    >>> w, optimizer = np.ones((2, 2), np.float32), SparseAdam(lr=0.1)
    >>> optimizer.update([w], [np.array([[1, 1], [0, 0]], np.float32)])
    >>> optimizer.update([w], [np.array([[0, 0], [1, 1]], np.float32)])  # Adam would move both rows
    >>> w.round(3)[0]
    array([0.9, 0.9], dtype=float32)
    """

    def _step(self, param: Array, grad: Array, m: Array, *, v: Array, lr_t: float) -> None:
        rows = touched_rows(grad)
        if rows is None:
            super()._step(param, grad, m, v=v, lr_t=lr_t)
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
