"""Phrase detection: gensim's `Phrases` over `LineSentence`, and ours over the file; both must find the same."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

import pytest

from benchmarks.cases import Work
from benchmarks.corpora import Corpora
from benchmarks.pairs import Side, compared, run
from benchmarks.test_pairs import alternate
from benchmarks.timing import Timing, refuse_if_red


@pytest.mark.parametrize("connectors", [False, True], ids=["plain", "connector words"])
def test_phrases(
    connectors: bool, timing: Timing, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    if find_spec("gensim") is None:
        pytest.skip("gensim is not installed: pip install '.[bench]'")
    refuse_if_red("cpu", "encode", "count_bigrams")
    title, path = Corpora(tmp_path_factory.mktemp("corpora"), quick=timing.quick)["reviews"]
    base, ours = (
        partial(run, Side(tool, "phrases", {"tool": tool, "connectors": connectors}), path)
        for tool in ("gensim", "fastw2v")
    )
    runs = alternate(timing, base, ours, n_pairs=request.config.getoption("pairs"))
    assert all(a["phrases"] == b["phrases"] for a, b in zip(*runs)), "the tools do not agree on the phrases"
    fields = ("counted_words_per_s", "found_per_s", "joined_words_per_s", "frozen_words_per_s")
    labels = {"pair": "phrases", "base_tool": "gensim", "pairs": len(runs[0]), "corpus": title}
    timing.note(Work(), device="cpu", connectors=connectors, **labels, **compared(fields, *runs))
