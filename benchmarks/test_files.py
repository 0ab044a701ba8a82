"""Word2vec files of 400,000 x 300 numbers, written and read by both tools; both must read the same.

A file of text takes 1.5 GB, in the temporary folder (TMPDIR), and the two tools need one after the other.
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

import pytest

from benchmarks.cases import Work
from benchmarks.pairs import Side, compared, run
from benchmarks.test_pairs import alternate
from benchmarks.timing import Timing, refuse_if_red


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_files(binary: bool, timing: Timing, request: pytest.FixtureRequest) -> None:
    if find_spec("gensim") is None:
        pytest.skip("gensim is not installed: pip install '.[bench]'")
    refuse_if_red("cpu", "format_floats")
    sizes = {"n_rows": 5_000 if timing.quick else 400_000, "dim": 300}
    base, ours = (
        partial(run, Side(tool, "vector_files", {"tool": tool, "binary": binary} | sizes), None)
        for tool in ("gensim", "fastw2v")
    )
    runs = alternate(timing, base, ours, n_pairs=request.config.getoption("pairs"))
    assert all(a["last"] == b["last"] for a, b in zip(*runs)), "the tools do not read the same numbers"
    labels = {"pair": f"files, {'binary' if binary else 'text'}", "base_tool": "gensim", "pairs": len(runs[0])}
    fields = ("written_rows_per_s", "read_rows_per_s")
    timing.note(Work(), device="cpu", **labels, **sizes, **compared(fields, *runs))
