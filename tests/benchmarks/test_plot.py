"""The picture of the root README shows the recorded results."""

import numpy as np
import pytest

from benchmarks.report import plot, results


def test_the_picture_has_the_recorded_figures():
    drawn = (results.FOLDER / "speed.svg").read_text(encoding="utf-8")
    rows = results.latest("pairs", lambda row: row["pair"], has="x")
    for name, label in plot.BARS.items():
        ours, theirs = (rows[name][side]["words_per_s"][0] / 1e6 for side in ("ours", "base"))
        ratio = rows[name]["x"]["words_per_s"][0]
        for text in (label, f"fastw2v {ours:.1f} M", f"gensim {theirs:.2f} M", f"{ratio:.2g} x"):
            assert f">{text}</text>" in drawn, f"{text}: run python -m benchmarks.report.plot"


def test_the_picture_is_drawn_with_the_same_bytes_from_the_same_results(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(plot, "FOLDER", tmp_path)
    written = []
    for _ in range(2):
        plot.main()
        written.append([(tmp_path / name).read_bytes() for name in ("speed.svg", "scaling.svg")])
    assert written[0] == written[1]


def test_the_slope_of_a_line():
    assert plot.slope([1_000, 10_000, 100_000], np.array([5.0, 1.0, 10.0])) == pytest.approx(1)
    assert np.isnan(plot.slope([1_000, 10_000], np.array([5.0, 1.0])))
