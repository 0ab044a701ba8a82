"""The study of clusters, in small and without Ray; tests/distributed runs Ray."""

import json

import pytest

from benchmarks.studies.cluster import __main__ as study
from benchmarks.studies.cluster.trainings import in_order_of


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


def test_one_machine_can_read_the_text_in_the_order_of_nodes():
    lines = [b"%d" % number for number in range(160)]
    assert list(in_order_of(1, lines)) == lines
    found = list(in_order_of(2, lines))
    assert sorted(found) == sorted(lines)
    assert found.index(b"80") < found.index(b"10") < found.index(b"90")
