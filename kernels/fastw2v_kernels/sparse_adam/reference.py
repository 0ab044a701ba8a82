"""Adam for touched rows only, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.adam.reference import adam_reference


def sparse_adam_reference(
    param: NDArray[Any],
    grad: NDArray[Any],
    m: NDArray[Any],
    *,
    v: NDArray[Any],
    rows: NDArray[np.integer[Any]],
    lr_t: float,
    beta1: float,
    beta2: float,
) -> None:
    """One step of Adam for some rows. The other rows and their moments do not change.

    In the book's Adam the moments of every row decay, and its parameters move, at every step.

    Parameters
    ----------
    param, grad, m, v : float32[n_rows, dim]
        As for `adam_reference`.
    rows : int32 or int64[n]
        The rows, each once.
    lr_t, beta1, beta2 : float
        As for `adam_reference`.

    Raises
    ------
    IndexError
        A row does not exist, or its number is negative on the CPU; the CPU then changes nothing.
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    moved_param, moved_m, moved_v = param[rows], m[rows], v[rows]
    adam_reference(moved_param, grad[rows], moved_m, v=moved_v, lr_t=lr_t, beta1=beta1, beta2=beta2)
    param[rows], m[rows], v[rows] = moved_param, moved_m, moved_v
