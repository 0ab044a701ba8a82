"""fastw2v eval --sessions: text and tables, words and integers."""

import json

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.evaluation import hit_rate
from tests.cli.running import failure, succeed

rng = np.random.default_rng(3)
IDS = list(range(100, 130))
VECTORS = rng.standard_normal((30, 5)).astype(np.float32)
SESSIONS = [rng.integers(99, 131, rng.integers(1, 7)).tolist() for _ in range(60)]
FOUND = hit_rate(KeyedVectors(IDS, VECTORS), SESSIONS, 3)
LINES = [
    f"hit rate@3 {FOUND.hit_rate:.4f} ({FOUND.n_used} of 60 used)",
    f"MRR@3 {FOUND.mrr:.4f} ({FOUND.n_used} of 60 used)",
]


@pytest.fixture(params=["items.bin", "items.safetensors"])
def vectors(request, in_folder):
    """Words, and integers."""
    KeyedVectors(IDS, VECTORS).save(request.param)
    return request.param


def test_text(vectors, in_folder):
    (in_folder / "sessions.txt").write_text("".join(" ".join(map(str, session)) + "\n" for session in SESSIONS))
    lines = succeed("eval", vectors, "--sessions", "sessions.txt", "--topn", 3).stdout.splitlines()
    assert lines == [f"sessions.txt: {line}" for line in LINES]
    rows = json.loads(succeed("eval", vectors, "--sessions", "sessions.txt", "--topn", 3, "--json").stdout)
    assert [row["score"] for row in rows] == pytest.approx([FOUND.hit_rate, FOUND.mrr])


def test_tables(vectors, in_folder):
    pytest.importorskip("pyarrow")
    rows = [(number, item) for number, session in enumerate(SESSIONS) for item in session]
    (in_folder / "clicks.csv").write_text("session,item\n" + "".join(f"{a},{b}\n" for a, b in rows))
    columns = ["--group", "session", "--items", "item"]
    lines = succeed("eval", vectors, "--sessions", "clicks.csv", *columns, "--topn", 3).stdout.splitlines()
    assert lines == [f"clicks.csv: {line}" for line in LINES]


def test_a_table_needs_its_column(vectors, in_folder):
    (in_folder / "clicks.parquet").write_bytes(b"PAR1" + bytes(100))
    assert "Parquet" in failure("eval", vectors, "--sessions", "clicks.parquet")
