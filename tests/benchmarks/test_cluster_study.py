"""The study of clusters, in small and without Ray; tests/distributed runs Ray."""

import json

import pytest

from benchmarks.studies.cluster import __main__ as study


def test_one_process_is_recorded_beside_the_clusters(tmp_path, capsys):
    pytest.importorskip("cpuinfo", reason="results name the processor: pip install '.[bench]'")
    study.main(["quality", "--nodes", "0", "--seeds", "1", "--quick", "--results", str(tmp_path)])
    (line,) = (tmp_path / "cluster.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert (row["study"], row["nodes"], row["seed"]) == ("quality", 0, 1)
    assert row["raw_words"] > row["kept_words"] > 0
    assert "losses" in capsys.readouterr().out


def test_a_quick_study_is_not_recorded_with_the_others(capsys):
    with pytest.raises(SystemExit):
        study.main(["speed", "--quick"])
    assert "--results FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "shown"), [("model", "| 32 | "), ("tables", "ms a piece")])
def test_recorded_lines_are_shown_as_tables(name, shown, capsys):
    study.main([name])
    assert shown in capsys.readouterr().out


def test_without_a_fit_there_is_no_model(tmp_path):
    with pytest.raises(SystemExit, match="run the study network first"):
        study.main(["model", "--results", str(tmp_path)])
