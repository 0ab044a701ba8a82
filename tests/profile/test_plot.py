"""The picture of a profile."""

import numpy as np
import pytest

from fastw2v.profile import plot
from tests.profile.cases import profile_of, run_of

pytest.importorskip("matplotlib")
SLOW, FAST = {"output score": 6.0, "loss": 2.0, "optimiser": 2.0}, {"output score + loss": 0.5, "optimiser": 0.5}


def drawn(monkeypatch, *runs):
    """The figure that a profile's picture is written from."""
    figures = []
    monkeypatch.setattr(plot, "write_picture", lambda figure, path: figures.append(figure))
    plot.write_plot(profile_of(*runs), "p.png")
    figures[0].canvas.draw()
    return figures[0]


def runs_of(*sizes, waited=None):
    for size in sizes:
        yield run_of("softmax", size, {name: ms * size / 100 for name, ms in SLOW.items()}, waited=waited)
        yield run_of("cpu", size, FAST)


@pytest.mark.parametrize(("sizes", "n_bars", "n_curves"), [((100,), 2, 0), ((100, 200), 4, 0), ((100, 200, 300), 0, 2)])
def test_few_points_are_bars(sizes, n_bars, n_curves, monkeypatch):
    costs = drawn(monkeypatch, *runs_of(*sizes)).axes[0]
    assert (len(costs.patches), len(costs.lines)) == (n_bars, n_curves)
    if n_bars:
        assert sorted(bar.get_height() for bar in costs.patches) == sorted(r.whole_ms for r in runs_of(*sizes))
        assert costs.get_yscale() == "linear"


def test_milliseconds_stand_next_to_shares(monkeypatch):
    _, absolute, shares = drawn(monkeypatch, *runs_of(100, 200)).axes
    widths = [bar.get_width() for bar in absolute.patches]
    assert widths == [12, 4, 4, 0.5, 0.5]
    np.testing.assert_allclose([bar.get_width() for bar in shares.patches], [60, 20, 20, 50, 50])
    assert "whole: 20 ms" in [text.get_text() for text in absolute.texts]


def test_load_is_said_in_the_picture(monkeypatch):
    titles = [drawn(monkeypatch, *runs_of(100, waited=waited)).axes[0].get_title() for waited in (0.0, 40.0)]
    assert ["UNRELIABLE" in title for title in titles] == [False, True]


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_it_is_written(ending, in_folder):
    plot.write_plot(profile_of(*runs_of(100)), f"p.{ending}")
    assert (in_folder / f"p.{ending}").read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml"}[ending])
