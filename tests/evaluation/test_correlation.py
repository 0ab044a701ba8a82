import math

import numpy as np
import pytest

from fastw2v.evaluation.correlation import _two_sided_p, pearson, spearman


@pytest.mark.parametrize("n_dof", [1, 2, 3, 7, 40, 351, 5000])
def test_p_values_are_scipys_to_many_digits(n_dof):
    stats = pytest.importorskip("scipy.stats")
    for r in (1e-9, -0.01, 0.05, 0.1, -0.3, 0.6, 0.9, -0.999):
        t = abs(r) * math.sqrt(n_dof / (1 - r * r))
        assert _two_sided_p(r, n_dof) == pytest.approx(2 * stats.t.sf(t, n_dof), rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("n", [3, 4, 20, 353])
def test_correlations_are_scipys(n):
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(n)
    x, y = rng.integers(0, 9, n).astype(float), rng.normal(size=n)
    assert pearson(x, y) == pytest.approx(tuple(stats.pearsonr(x, y)))
    assert spearman(x, y) == pytest.approx(tuple(stats.spearmanr(x, y)))


def test_correlation_edges():
    line = np.arange(5.0)
    assert pearson(line, -line) == (-1, 0)
    assert pearson(line[:2], line[:2]) == (pytest.approx(1), 1)
    assert all(map(math.isnan, spearman(line, np.ones(5))))
