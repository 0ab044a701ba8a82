"""The table and the figure of merged replicas, from recorded lines."""

import json

import pytest

from benchmarks.report import replicas, results
from benchmarks.studies.replicas import __main__ as study
from tests.benchmarks.records import ORIGIN


def line(rule, n_workers, seed, **scores):
    named = {"corpus": "reviews", "model": "CBOW", "rule": rule, "n_workers": n_workers}
    return ORIGIN | named | {"rounds": 1 if n_workers == 1 else 16, "seed": seed} | scores


def scored(analogies, simlex, loss):
    return {"analogies": analogies, "WordSim-353": 50.0, "SimLex-999": simlex, "loss": loss, "losses": [loss] * 10}


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    for seed, analogies in ((1, 20.0), (2, 22.0)):
        results.append("replicas", line("none", 1, seed, **scored(analogies, 30.0, 2.0)))
        results.append("replicas", line("mean", 8, seed, **scored(analogies - 3, 30.5, 2.5)))
        results.append("replicas", line("projection", 8, seed, **scored(analogies - 0.9, 30.5, 2.1)))
    results.append("replicas", line("sum", 8, 1, diverged=True))
    return tmp_path


@pytest.mark.usefixtures("recorded")
def test_a_row_says_which_scores_are_inside_the_spread_of_one_worker():
    head, *rows, text = replicas.replicas()
    by_rule = {row[4]: dict(zip(head, row)) for row in rows}
    assert {rule: row["inside"] for rule, row in by_rule.items()} == {
        "-": "-",
        "mean": "WordSim-353, SimLex-999",
        "projection": "all",
        "sum": "none",
    }
    assert by_rule["-"]["scores"] == "analogies 21.0 (20.0-22.0), WordSim-353 50.0, SimLex-999 30.0"
    assert (by_rule["mean"]["loss"], by_rule["sum"]["scores"]) == ("2.500", "diverged")
    assert text.startswith("Measured on ")


def test_without_lines_the_table_names_the_program(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    assert "benchmarks.studies.replicas" in list(replicas.replicas())[-1]


@pytest.mark.usefixtures("recorded")
def test_the_figure_has_a_band_for_one_worker_and_lines_for_more():
    pytest.importorskip("matplotlib")
    drawn = replicas.figure("reviews", "CBOW", "projection")
    assert len(drawn.axes) == 3
    assert [text.get_text() for text in drawn.axes[0].get_legend().get_texts()] == ["one machine", "8 machines"]


def test_a_cell_is_recorded_once(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setitem(study.CORPORA, "reviews", lambda quick: None)
    monkeypatch.setattr(study, "measured", lambda corpus, cell: trained.append(cell) or {"loss": 1.0})
    monkeypatch.setattr(results, "here", lambda: ORIGIN)
    arguments = ["--model", "CBOW", "--workers", "1", "8", "--rule", "sum", "mean", "--results", str(tmp_path)]
    for _ in range(2):
        study.main(arguments)
    assert [(cell.rule, cell.n_workers, cell.rounds) for cell in trained] == [
        ("none", 1, 1),
        ("sum", 8, 0),
        ("mean", 8, 0),
    ]
    assert len((tmp_path / "replicas.jsonl").read_text().splitlines()) == 3
    assert json.loads((tmp_path / "replicas.jsonl").read_text().splitlines()[0])["model"] == "CBOW"


def test_quick_lines_are_not_recorded_with_the_others(capsys):
    with pytest.raises(SystemExit):
        study.main(["--quick"])
    assert "--quick needs --results" in capsys.readouterr().err
