"""Pearson's and Spearman's correlation, with exact two-sided p-values, without SciPy."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from fastw2v.runtime.arrays import Array


class Correlation(NamedTuple):
    """A correlation coefficient, and the probability (p-value) of one at least as large between unrelated samples.

    Both are NaN if one of the samples is constant.
    """

    statistic: float
    pvalue: float


def pearson(x: Array, y: Array) -> Correlation:
    """Linear correlation of two samples float64[n], n >= 2."""
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))  # one root of the product, so that equal ranks give exactly 1
    if scale == 0:
        return Correlation(math.nan, math.nan)
    r = min(1.0, max(-1.0, float(x @ y) / scale))
    return Correlation(r, _two_sided_p(r, len(x) - 2))


def spearman(x: Array, y: Array) -> Correlation:
    """Correlation of the ranks of two samples float64[n], n >= 2; equal values share their mean rank."""
    return pearson(_mean_ranks(x), _mean_ranks(y))


def _mean_ranks(x: Array) -> Array:
    _, group, sizes = np.unique(x, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[group], np.float64)


def _two_sided_p(r: float, n_dof: int) -> float:
    """P(|R| >= |r|): Student's t with n_dof degrees of freedom at r sqrt(n_dof / (1 - r^2)), as a beta integral.

    1 - I is computed only if p is large, so that small p-values keep their digits.
    """
    if n_dof == 0 or r == 0:
        return 1.0
    if abs(r) == 1:
        return 0.0
    if r * r < 0.5 and r * r * n_dof < 4:
        return 1 - _regularised_beta(r * r, 0.5, n_dof / 2)
    return _regularised_beta(1 - r * r, n_dof / 2, 0.5)


def _regularised_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b) for 0 < x < 1, by the power series https://dlmf.nist.gov/8.17.E8, whose terms are all positive."""
    term = total = 1.0
    n = 0
    while term > 1e-17 * total:
        term *= x * (a + b + n) / (a + 1 + n)
        total += term
        n += 1
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return math.exp(a * math.log(x) + b * math.log1p(-x) - math.log(a) - log_beta) * total
