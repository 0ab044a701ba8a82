"""`fastw2v node2vec`: from a file of edges to vectors of its nodes."""

import json
from pathlib import Path

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.graph import Node2Vec
from tests.cli.running import failure, succeed

OPTIONS = ["--vector-size", "16", "--num-walks", "3", "--walk-length", "9", "--workers", "1", "--epochs", "2"]
EDGES = "# source target weight\na b 2\nb c 1\nc d 0.5\nd a 1\nd d 3\n"


@pytest.fixture(autouse=True)
def edges(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("edges.tsv").write_text(EDGES.replace(" ", "\t"))


def test_the_command_trains_what_the_class_trains():
    result = succeed("node2vec", "edges.tsv", "-o", "nodes.bin", *OPTIONS, "--p", 0.5, "--q", 2, "--json")
    figures = json.loads(result.stdout.splitlines()[-1])
    assert (figures["vocab_size"], figures["raw_words"]) == (4, 2 * 4 * 3 * 9)
    node2vec = Node2Vec("edges.tsv", 16, walk_length=9, num_walks=3, p=0.5, q=2, workers=1)
    expected = node2vec.fit(epochs=2).wv
    loaded = KeyedVectors.load("nodes.bin")
    assert loaded.index_to_key == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(loaded.vectors, expected.vectors)


@pytest.mark.parametrize("option", ["--directed", "--unweighted", "--cbow"])
def test_options_change_the_vectors(option):
    for name, options in (("one.bin", []), ("other.bin", [option])):
        succeed("node2vec", "edges.tsv", "-o", name, *OPTIONS, "--sample", 0, *options)
    one, other = (KeyedVectors.load(name).vectors for name in ("one.bin", "other.bin"))
    assert (one != other).any()


def test_a_log_tells_a_report_the_losses():
    succeed("node2vec", "edges.tsv", "-o", "nodes.bin", *OPTIONS, "--log", "run.jsonl")
    succeed("report", "nodes.bin", "-o", "report.html", "--log", "run.jsonl")
    assert "Loss of a pair" in Path("report.html").read_text()
    assert "another file of this command" in failure("node2vec", "edges.tsv", "-o", "nodes.bin", "--log", "edges.tsv")


def test_what_is_wrong_is_said_in_one_line_and_nothing_is_written():
    assert "p is 0.0; expected" in failure("node2vec", "edges.tsv", "-o", "nodes.bin", "--p", 0)
    assert "no.tsv" in failure("node2vec", "no.tsv", "-o", "nodes.bin")
    assert "the input itself" in failure("node2vec", "edges.tsv", "-o", "edges.tsv", "--format", "txt")
    Path("bad.tsv").write_text("a b\nc\n")
    assert "line 2 of bad.tsv" in failure("node2vec", "bad.tsv", "-o", "nodes.bin")
    assert not Path("nodes.bin").exists()
