"""The logistic function and its loss, as rational functions for scalars and SIMD values, and by exp."""

from __future__ import annotations

import math

import numpy as np

from fastw2v_kernels.shared.array_types import Float32

_ONE = np.float32(1)  # with a Python number, Numba would compute in float64, which most GPUs do slowly

# tanh on [-9, 9] as x P(x^2) / Q(x^2), the minimax pair that Eigen uses for float32; beyond it tanh is 1 in float32.
_LIMIT = 18.0
_P0, _P1, _P2, _P3 = 4.89352455891786e-03, 6.37261928875436e-04, 1.48572235717979e-05, 5.12229709037114e-08
_P4, _P5, _P6 = -8.60467152213735e-11, 2.00018790482477e-13, -2.76076847742355e-16
_Q0, _Q1, _Q2, _Q3 = 4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06

# -log(1 - v / 2) on [0, 1] as v P(v): the polynomial of degree 7 with the least relative error, 1.8e-7.
LOG_COEFFICIENTS = (
    *(0.499999912, 0.125010535, 0.041460445, 0.0171499159),
    *(0.000804564822, 0.0128347085, -0.00885843914, 0.00474545035),
)


def tanh_half(x: float) -> float:
    """tanh(x / 2), within 6e-7 of the exact value for every x; a large abs(x) is clamped, never skipped.

    sigmoid(x) is half of it plus 1/2.
    """
    t = min(max(x, -_LIMIT), _LIMIT) * 0.5
    s = t * t
    u = s * s  # in pairs, not by Horner's rule: the result is ready sooner
    p = ((s * _P1 + _P0) + (s * _P3 + _P2) * u + ((s * _P5 + _P4) + u * _P6) * (u * u)) * t
    q = (s * _Q3 + _Q2) * u + (s * _Q1 + _Q0)
    return p / q


def softplus(x: float, y: float, c: Float32) -> float:
    """log(1 + exp(x)) given y = tanh_half(x): the loss of a negative with score x (of a positive: minus x).

    max(x, 0) - log(1 - v / 2) with v = 1 - abs(y) in [0, 1]; c : LOG_COEFFICIENTS as float32[8]. From an array they are
    operands of the multiply-adds, whereas each number in the code takes an instruction or two to load.
    """
    v = min(1.0 - y, 1.0 + y)
    p = (((v * c[7] + c[6]) * v + c[5]) * v + c[4]) * v + c[3]
    loss: float = (((p * v + c[2]) * v + c[1]) * v + c[0]) * v + max(x, 0.0)
    return loss


def likelihoods(score: np.float32) -> tuple[np.float32, np.float32]:
    """Return sigmoid(abs(score)) and 1 - sigmoid(abs(score)): the probability of the score's sign, and of the other.

    Both keep their relative precision, which computing 1 - sigmoid(score) would lose.
    """
    decay = np.float32(math.exp(-abs(score)))  # at most 1, so that no score overflows
    return _ONE / (_ONE + decay), decay / (_ONE + decay)
