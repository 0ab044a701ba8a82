"""One element's step of Adam, compiled into the dense and the sparse kernels of every device."""

from __future__ import annotations

import math

import numpy as np

# A smaller moment counts as 0: its square root, at most 1e-15, adds nothing to 1e-7 in float32.
_NOTHING = np.float32(1e-30)
_EPS = np.float32(1e-7)
_ZERO = np.float32(0)

Rates = tuple[np.float32, np.float32, np.float32]  # lr_t, 1 - beta1, 1 - beta2


def adam_step(
    param: np.float32,
    grad: np.float32,
    m: np.float32,
    v: np.float32,
    lr_t: np.float32,
    rate1: np.float32,
    rate2: np.float32,
) -> tuple[np.float32, np.float32, np.float32]:
    """Return the new param, m and v of one element, where rate1 = 1 - beta1 and rate2 = 1 - beta2."""
    m += rate1 * (grad - m)
    v += rate2 * (grad * grad - v)
    m = _ZERO if abs(m) < _NOTHING else m
    v = _ZERO if v < _NOTHING else v
    return param - lr_t * m / (np.float32(math.sqrt(v)) + _EPS), m, v
