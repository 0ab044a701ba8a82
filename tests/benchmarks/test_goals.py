"""The project's floors, compared with the recorded results."""

import re

import numpy as np
import pytest

from benchmarks.report import chapter4, results
from tests.benchmarks.records import ORIGIN, recorded_pair


@pytest.mark.parametrize(("ratio", "verdict"), [(15.0, "met"), (11.9, "MISSED")])
def test_a_floor_that_is_missed_or_has_no_figure_counts(monkeypatch, tmp_path, capsys, ratio, verdict):
    from benchmarks.report import goals

    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(goals, "GOALS", [goal for goal in goals.GOALS if goal.what == "skip-gram: x words_per_s"])
    assert goals.missed() == 1
    assert capsys.readouterr().out.rstrip().endswith("not recorded")
    recorded_pair(monkeypatch, tmp_path, ratio)
    assert goals.missed() == (verdict != "met")
    (line,) = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"skip-gram: x words_per_s +at least 12 \(goal 18\) +{ratio:g} \(.*\) +{verdict}", line)
    *unmet, text = goals.floors()
    assert [row[-1] for row in unmet] == ([] if verdict == "met" else ["", "MISSED"])
    assert text.startswith(f"{1 if verdict == 'met' else 0} of 1 floors are met")


def test_how_costs_grow_with_the_vocabulary_is_taken_from_the_results(monkeypatch, tmp_path):
    from benchmarks.report import goals

    monkeypatch.setattr(results, "FOLDER", tmp_path)
    kept = [goal for goal in goals.GOALS if goal.what.startswith(("softmax", "SparseAdam"))]
    monkeypatch.setattr(goals, "GOALS", kept)
    assert goals.missed() == len(kept) == 3
    for n_words, softmax, compiled in [(1_000, 9e-3, 9e-4), (10**4, 0.01, 1e-4), (10**5, 0.5, 9e-4), (10**6, 1, 3e-4)]:
        for series, seconds in ((chapter4.SOFTMAX, softmax), (chapter4.COMPILED, compiled)):
            row = {"series": series, "V": n_words, "seconds": [seconds, seconds / 2, seconds * 2]}
            results.append("scaling", row | ORIGIN)
    assert goals.slope(10**4) == pytest.approx([1, np.log10(25) / 2, np.log10(400) / 2], rel=1e-3)
    assert goals.growth(10**4, 10**6) == [3, 0.75, 12]
    assert goals.missed() == 1


def test_a_floor_of_one_make_of_processor_takes_figures_of_that_make_only(monkeypatch, tmp_path):
    from benchmarks.report import goals

    monkeypatch.setattr(results, "FOLDER", tmp_path)
    for machine, ratio in (("AMD EPYC, 16 lanes", 22.0), ("Intel Xeon, 16 lanes", 16.0)):
        row = {"name": "test_pair[CBOW]", "pair": "CBOW", "x": {"words_per_s": [ratio, ratio - 1, ratio + 1]}}
        results.append("pairs", row | ORIGIN | {"machine": machine})
    ratios = {make: goals.recorded("pairs", "CBOW", *goals.TRAINED, floor=1, make=make).seen() for make in ("AMD", "")}
    assert ratios == {"AMD": [22.0, 21.0, 23.0], "": [16.0, 15.0, 17.0]}  # of any make: the latest
    arm = goals.recorded("pairs", "CBOW", *goals.TRAINED, floor=1, make="Arm")
    assert (arm.what, arm.seen()) == ("CBOW on Arm: x words_per_s", None)


@pytest.mark.parametrize(("simlex", "seen"), [(30.9, 0.05), (30.2, -0.65)])
def test_each_score_is_compared_with_the_spread_of_its_peer(monkeypatch, tmp_path, simlex, seen):
    from benchmarks.report import goals

    monkeypatch.setattr(results, "FOLDER", tmp_path)
    theirs = {"analogies": [23.0, 22.0, 24.0], "ws353": [46.0, 45.0, 48.0], "simlex": [31.4, 30.8, 31.9]}
    theirs |= {"analogies_mean": 23.0, "ws353_mean": 46.3, "simlex_mean": 31.4}
    ours = {"analogies_mean": 24.0, "ws353_mean": 46.0, "simlex_mean": simlex}
    row = {"name": "test_quality[skip-gram]", "pair": "skip-gram", "scores": {"ours": ours, "base": theirs}}
    results.append("pairs", row | ORIGIN)
    assert goals.in_spread("skip-gram").seen() == pytest.approx(seen)
