"""A window as long as the longest sentence: every other item of a basket is a context, and nothing is wasted."""

import dataclasses

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.backends import cpu, windows
from fastw2v.encode import Tokens
from tests.backends.training import MODES, config_of, mode_name

rng = np.random.default_rng(8)
LENGTHS = rng.integers(1, 12, 150)
STARTS = np.concatenate([[0], np.cumsum(LENGTHS)])
BASKETS = rng.integers(0, 40, STARTS[-1]), STARTS


def trained(**options):
    shape = {"vector_size": 16, "epochs": 2, "workers": 1, "compute_loss": True}
    return Word2Vec(BASKETS, min_count=1, sample=0, **(shape | options))


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
@pytest.mark.parametrize("deterministic", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_window_beyond_all_sentences_trains_what_the_longest_needs(mode, deterministic, monkeypatch):
    monkeypatch.setattr(cpu, "_SMALL_TOKENS", 0)
    options = mode | {"deterministic": deterministic, "shrink_windows": False}
    exact, wide = (trained(window=window, **options) for window in (LENGTHS.max() - 1, 65_536))
    np.testing.assert_array_equal(wide.wv.vectors, exact.wv.vectors)
    assert wide.report.loss == exact.report.loss
    assert wide.window == 65_536


def test_every_other_item_of_a_basket_is_a_context():
    assert trained(sg=1, window=65_536, shrink_windows=False).report.pairs == 2 * (LENGTHS * (LENGTHS - 1)).sum()
    assert trained(sg=0, window=65_536, shrink_windows=False).report.pairs == 2 * LENGTHS[LENGTHS > 1].sum()


def fitting(window, lengths, **options):
    tokens = Tokens(np.zeros(sum(lengths), np.int32), np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))
    config = config_of(window=window, **options)
    found = windows.with_fitting_window(config, tokens)
    assert dataclasses.replace(found, window=window) == config
    return found.window


@pytest.mark.parametrize(
    ("window", "lengths", "expected"),
    [
        (100, [3, 21, 7], 20),
        (20, [3, 30], 20),
        (5, [4, 2], 3),
        (100, [4, 2], 6),  # windows up to 5 move all contexts of a centre at once
        (6, [4, 2], 6),
        (5, [1], 1),
        (5, [], 5),
    ],
)
def test_the_window_that_is_enough(window, lengths, expected):
    assert fitting(window, lengths, shrink_windows=False) == expected


def test_a_window_that_shrinks_stays_as_it_is():
    assert fitting(100, [3, 21, 7], shrink_windows=True) == 100


def test_the_loss_of_a_text_is_that_of_the_window_that_is_enough():
    model = trained(sg=1, window=65_536, shrink_windows=False)
    expected = model.mean_loss(BASKETS)
    model.window = int(LENGTHS.max()) - 1
    assert model.mean_loss(BASKETS) == expected
