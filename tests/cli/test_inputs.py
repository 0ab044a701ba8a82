"""What `fastw2v train` reads: stdin, folders, raw text and tables."""

import io
import json
from types import SimpleNamespace

import pytest

from fastw2v import KeyedVectors
from tests.cli.running import SMALL, failure, run, succeed


@pytest.fixture(autouse=True)
def table(in_folder):
    rows = "".join(json.dumps({"items": ["tea", "pot", "tea"], "n": 1}) + "\n" for _ in range(20))
    (in_folder / "a.jsonl").write_text(rows)
    (in_folder / "clicks.csv").write_text("s,item,t\n" + "1,tea,2\n1,pot,1\n" * 20)


def keys(path="v.bin"):
    return sorted(KeyedVectors.load(path).index_to_key)


def test_tables():
    pytest.importorskip("pyarrow")
    succeed("train", "a.jsonl", "-o", "v.bin", *SMALL, "--column", "items", "--sample", 0)
    assert keys() == ["pot", "tea"]
    columns = ("--group", "s", "--items", "item", "--order", "t")
    succeed("train", "clicks.csv", "-o", "v.bin", *SMALL, *columns, "--sample", 0)
    assert keys() == ["pot", "tea"]
    assert "there is no column 'x'" in failure("train", "a.jsonl", "-o", "v.bin", "--column", "x")
    assert "--tokens are for text" in failure("train", "a.jsonl", "-o", "v.bin", "--column", "items", "--lower")
    assert "from stdin" in failure("train", "-", "-o", "v.bin", "--column", "items")


def test_json_lines_without_a_column_are_refused():
    assert "name the field that holds the words" in failure("train", "a.jsonl", "-o", "v.bin", *SMALL)


def test_stdin_and_raw_text(monkeypatch):
    text = b"Good film, GOOD plot!\n" * 20

    stdin = SimpleNamespace(buffer=io.BytesIO(text))
    monkeypatch.setattr("fastw2v.cli.inputs.sys", SimpleNamespace(stdin=stdin))
    assert run("train", "-", "-o", "v.bin", *SMALL, "--tokens", "simple", "--sample", 0).exit_code == 0
    assert keys() == ["film", "good", "plot"]
    assert "is read alone" in failure("train", "-", "corpus.txt", "-o", "v.bin", *SMALL)
    assert "expected a regular expression" in failure("train", "corpus.txt", "-o", "v.bin", *SMALL, "--tokens", "[")


def test_an_output_in_the_folder_of_the_input_is_refused(in_folder):
    (in_folder / "texts").mkdir()
    (in_folder / "texts" / "a.txt").write_text("a b\n" * 20)
    assert "would lie in the folder texts" in failure("train", "texts", "-o", "texts/v.txt", *SMALL)
    assert "put it elsewhere" in failure("train", "texts", "-o", "v.bin", "--checkpoint", "texts/c", *SMALL)
    succeed("train", "texts", "-o", "v.bin", *SMALL, "--sample", 0)
    assert keys() == ["a", "b"]


def test_pairs(in_folder):
    (in_folder / "pairs.tsv").write_text("tea\tpot\t2\ntea\tmy mug\t1\n" * 20)
    succeed("train", "pairs.tsv", "-o", "v.safetensors", *SMALL, "--pairs", "--sg")
    assert keys("v.safetensors") == ["my mug", "pot", "tea"]
    assert "skip-gram alone" in failure("train", "pairs.tsv", "-o", "v.bin", *SMALL, "--pairs")
    assert "--tokens are for text files; pairs" in failure("train", "pairs.tsv", "-o", "v.bin", "--pairs", "--lower")
    assert "pairs cannot be read from stdin" in failure("train", "-", "-o", "v.bin", "--pairs")
    assert "the weight b'rules' is no number" in failure("train", "corpus.txt", "pairs.tsv", "-o", "v.bin", "--pairs")


def test_pairs_and_weights_of_tables(in_folder):
    pytest.importorskip("pyarrow")
    (in_folder / "w.jsonl").write_text('{"items": ["tea", "pot"], "w": 2, "n": 1.5}\n' * 20)
    succeed("train", "clicks.csv", "-o", "v.safetensors", *SMALL, "--pairs", "--column", "s,t", "--sg")
    assert keys("v.safetensors") == [1, 2]
    succeed("train", "w.jsonl", "-o", "v.bin", *SMALL, "--column", "items", "--weight", "w", "--sample", 0)
    assert keys() == ["pot", "tea"]
    assert "by --column CENTRE,CONTEXT" in failure("train", "clicks.csv", "-o", "v.bin", "--pairs", "--group", "s")
    assert "expected two names" in failure("train", "clicks.csv", "-o", "v.bin", "--pairs", "--column", "s")
    assert "no column is named" in failure("train", "w.jsonl", "-o", "v.bin", "--weight", "w")
