"""The ten nearest neighbours of 1,000 words among 400,000: a loop of gensim's calls, and one call of ours."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

import pytest

from benchmarks.cases import Work
from benchmarks.pairs import Side, compared, run
from benchmarks.test_pairs import alternate
from benchmarks.timing import Timing, refuse_if_red


def test_neighbours_of_many_words(timing: Timing, request: pytest.FixtureRequest) -> None:
    if find_spec("gensim") is None:
        pytest.skip("gensim is not installed: pip install '.[bench]'")
    refuse_if_red("cpu", "nearest")
    n_rows, n_queries = (30_000, 700) if timing.quick else (400_000, 1000)
    sizes = {"n_rows": n_rows, "n_queries": n_queries, "dim": 100}
    base, ours = (
        partial(run, Side(tool, "neighbours", {"tool": tool} | sizes), None) for tool in ("gensim", "fastw2v")
    )
    runs = alternate(timing, base, ours, n_pairs=request.config.getoption("pairs"))
    assert all(a["answers"] == b["answers"] for a, b in zip(*runs)), "the tools do not agree on the neighbours"
    labels = {"pair": "most_similar", "base_tool": "gensim", "pairs": len(runs[0])}
    timing.note(Work(), device="cpu", **labels, **sizes, **compared(("queries_per_s",), *runs))
