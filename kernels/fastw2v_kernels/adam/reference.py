"""Adam as in the book, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def adam_reference(
    param: NDArray[Any],
    grad: NDArray[Any],
    m: NDArray[Any],
    *,
    v: NDArray[Any],
    lr_t: float,
    beta1: float,
    beta2: float,
) -> None:
    """One step of Adam (Kingma and Ba 2015) in the book's form: elements without gradient still move.

    Parameters
    ----------
    param : float32 of any shape, changed in place
        Parameters: param -= lr_t * m / (sqrt(v) + 1e-7).
    grad : float32, same shape
        Their gradient.
    m, v : float32, same shape, changed in place
        Moments: m += (1 - beta1) * (grad - m), v += (1 - beta2) * (grad**2 - v). Kernels set
        moments below 1e-30 to 0, which changes no float32 result. Without that, decaying moments would become denormal
        numbers, on which a processor is a hundred times slower.
    lr_t : float
        Learning rate with the bias correction of step t: lr * sqrt(1 - beta2**t) / (1 - beta1**t).
    beta1, beta2 : float
        Decay of the moments.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    dtype = param.dtype.type
    m += dtype(1 - beta1) * (grad - m)
    v += dtype(1 - beta2) * (grad * grad - v)
    param -= dtype(lr_t) * m / (np.sqrt(v) + dtype(1e-7))
