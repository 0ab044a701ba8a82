"""Recorded results: a report becomes lines, and every line has its origin."""

import json
import sys

import pytest

from benchmarks.report import results
from tests.benchmarks.records import ORIGIN


def report(tmp_path, profile):
    """A pytest-benchmark report with one benchmark."""
    stats = {"median": 2e-3, "q1": 1e-3, "q3": 3e-3, "rounds": 5}
    benchmark = {"name": "test_op[adam-cpu-1]", "fullname": "benchmarks/test_ops.py::test_op[adam-cpu-1]"}
    cpu = {"brand_raw": "A processor", "family": 25, "model": 17}
    machine = {"cpu": cpu, "machine": "x86_64", "lanes": 8, "cores": 2}
    machine["versions"] = {"numpy": "2.4"}
    content = {
        "machine_info": machine,
        "commit_info": {"id": "0123456789abcdef", "dirty": True},
        "datetime": "2026-01-02T03:04:05",
        "benchmarks": [benchmark | {"stats": stats, "extra_info": {"profile": profile, "device": "cpu"}}],
    }
    file = tmp_path / "report.json"
    file.write_text(json.dumps(content))
    return file


def test_a_report_becomes_a_line_for_each_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    results.add([report(tmp_path, "full")])
    (row,) = results.latest("ops", lambda row: row["name"]).values()
    assert row["seconds"] == [2e-3, 1e-3, 3e-3]
    expected = ("A processor (family 25, model 17), 8 lanes", "0123456789ab and changes")
    assert (row["machine"], row["revision"]) == expected
    assert (row["device"], row["date"]) == ("cpu", "2026-01-02")


def test_figures_of_a_gpu_are_those_of_its_events(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    file = report(tmp_path, "full")
    content = json.loads(file.read_text())
    content["benchmarks"][0]["extra_info"] |= {"device": "cuda", "device_ms": [0.5, 0.25, 0.75]}
    file.write_text(json.dumps(content))
    results.add([file])
    (row,) = results.latest("ops", lambda row: row["name"]).values()
    assert row["seconds"] == [5e-4, 2.5e-4, 7.5e-4]
    assert row["wall_seconds"] == [2e-3, 1e-3, 3e-3]


def test_a_quick_run_is_not_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    with pytest.raises(SystemExit, match="without --quick"):
        results.add([report(tmp_path, "full"), report(tmp_path, "quick")])
    assert not (tmp_path / "results").exists()


def test_a_report_goes_to_the_folder_that_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["results.py", "add", str(report(tmp_path, "full")), "--to", str(tmp_path / "to")])
    results.main()
    assert len((tmp_path / "to" / "ops.jsonl").read_text().splitlines()) == 1
    assert "ops.jsonl: 1 lines more" in capsys.readouterr().out


def test_a_line_without_its_origin_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a line of ops has no revision; expected all of date, machine"):
        results.append("ops", ORIGIN | {"revision": ""}, tmp_path)
    results.append("ops", ORIGIN, tmp_path)


def test_every_recorded_line_tells_its_origin():
    files = list(results.FOLDER.glob("*.jsonl"))
    assert files
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert all(json.loads(line).get(name) for name in results.ORIGIN), (file.name, line)


def test_changes_of_recorded_figures_do_not_change_the_revision(monkeypatch):
    asked = []
    monkeypatch.setattr(results, "git", lambda *arguments: asked.append(arguments) or "")
    assert not results.has_changes()
    assert {":(top,exclude)benchmarks/results", ":(top,exclude,glob)**/README.md"} <= set(asked[0])


def test_a_ratio_spans_every_pair_of_rounds():
    assert results.ratio([4.0, 2.0, 6.0], [2.0, 1.0, 4.0]) == [2.0, 0.5, 6.0]


def test_a_processor_without_a_family_is_named_by_its_architecture():
    assert results.processor({"arch": "ARM_8"}, 8) == "ARM_8, 8 lanes"
