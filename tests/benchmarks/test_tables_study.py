"""The study of tables and lists, on small files: the same words by every tool, and a row for each."""

import sys

import numpy as np
import pytest

from benchmarks.studies import tables

pytest.importorskip("pyarrow")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_AT_ONCE", 5000)
    monkeypatch.setattr(tables, "N_ITEMS", 300)
    sessions, clicks, text = (tmp_path / name for name in tables.CASES)
    tables.write_sessions(sessions, 12_000)
    tables.write_clicks(clicks, 12_000)
    text.write_text("a b c d e\n" * 500)
    return {path.name: path for path in (sessions, clicks, text)}


def test_the_files_have_the_sizes_that_were_asked_for(files):
    import pyarrow.parquet

    lists = pyarrow.parquet.read_table(files["sessions.parquet"])["items"].to_pylist()
    assert [len(items) for items in lists] == [20] * 600
    counts = np.sort(np.unique(np.concatenate(lists), return_counts=True)[1])[::-1]
    assert counts[0] > 5 * counts[20]
    assert pyarrow.parquet.read_metadata(files["clicks.parquet"]).num_rows == 12_000


@pytest.mark.parametrize("case", tables.CASES)
def test_each_tool_finds_the_same_words(case, files):
    pytest.importorskip("pandas")
    pytest.importorskip("gensim")
    figures = {tool: tables.run(files[case], tool, 1) for tool in tables.CASES[case]}
    assert len({figure["n_words"] for figure in figures.values()}) == 1
    for tool, figure in figures.items():
        assert {"read", "train"} <= set(figure["seconds"])
        assert min(figure["seconds"].values()) >= 0
        assert tables.row(case, tool, figure | {"own_mb": 1.0}).startswith(f"| {case} | {tool} | read ")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_of_its_own_is_watched(files):
    figures = tables.measured(files["sessions.parquet"], "fastw2v", 1)
    assert 50 < figures["own_mb"] < figures["peak_mb"]
