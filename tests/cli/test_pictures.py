"""fastw2v report, map and plot."""

import json
import os
from pathlib import Path

import pytest

from fastw2v import KeyedVectors
from fastw2v.report.history import read_log
from tests.cli.running import SMALL, failure, succeed
from tests.report.pages import parsed


def test_a_report_of_vectors(vectors, in_folder):
    result = succeed("report", vectors, "-o", "r.html", "--words", "king,r\u00e9sum\u00e9", "--top", 3)
    assert result.stdout == "wrote r.html\n"
    page = parsed(in_folder / "r.html")
    assert {"king", "r\u00e9sum\u00e9"} <= set(page.words())
    assert len(page.data["x"]) == 4


def test_a_report_takes_the_files_of_the_data_folder(vectors, in_folder, monkeypatch):
    (in_folder / "pairs.tsv").write_text("king\tqueen\t9\nman\twoman\t8\nking\tman\t3\n")
    succeed("report", vectors, "-o", "r.html", "--pairs", "pairs.tsv")
    assert "pairs.tsv" in parsed(in_folder / "r.html").texts["td"]
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(in_folder))
    (in_folder / "wordsim353.tsv").write_text("king\tqueen\t9\nman\twoman\t8\nking\tman\t3\n")
    succeed("report", vectors, "-o", "r.html")
    assert "wordsim353.tsv" in parsed(in_folder / "r.html").texts["td"]


def test_a_map(vectors, in_folder):
    succeed("map", vectors, "-o", "m.html", "--words", "queen")
    assert parsed(in_folder / "m.html").texts["h2"] == ["Map"]
    pytest.importorskip("matplotlib")
    succeed("map", vectors, "-o", "m.PNG")
    assert (in_folder / "m.PNG").read_bytes().startswith(b"\x89PNG")


def test_a_log_of_a_training_is_plotted_and_reported(in_folder):
    succeed("train", "corpus.txt", "-o", "v.bin", *SMALL, "--epochs", 3, "--sample", 0, "--log", "log.jsonl")
    assert [epoch for epoch, _ in read_log("log.jsonl").losses()["loss"]] == [1, 2, 3]
    succeed("report", "v.bin", "-o", "r.html", "--log", "log.jsonl")
    assert "Loss of a pair (nats)" in parsed(in_folder / "r.html").texts["h3"]
    pytest.importorskip("matplotlib")
    succeed("plot", "log.jsonl", "-o", "loss.svg")
    assert "<svg" in (in_folder / "loss.svg").read_text()


def test_a_resumed_training_goes_on_with_its_log(in_folder):
    options = [*SMALL, "--epochs", 2, "--checkpoint", "c", "--resume", "--log", "log.jsonl"]
    succeed("train", "corpus.txt", "-o", "v.bin", *options)
    before = Path("log.jsonl").read_text()
    succeed("train", "corpus.txt", "-o", "v.bin", *options)  # it is finished
    assert Path("log.jsonl").read_text() == before
    assert [json.loads(text)["event"] for text in before.splitlines()] == ["epoch", "epoch", "end"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "v", "-o", "v"], "v is the input itself; give the output another name"),
        (["map", "v", "-o", "m.html", "--top", "0"], "top is 0; expected a whole number from 1 to 20,000"),
        (["map", "v", "-o", "m.html", "--method", "umap"], "method is 'umap'; expected one of pca, tsne"),
        (["map", "v", "-o", "m.html", "--words", "quen"], "perhaps 'queen' is meant"),
        (["report", "v", "-o", "none/r.html"], "does not exist; make it first"),
        (["report", "none", "-o", "r.html"], "there is no file none"),
        (["train", "corpus.txt", "-o", "w", "--log", "w"], "w is the log and another file of this command"),
        (["train", "corpus.txt", "-o", "w", "--log", "corpus.txt"], "corpus.txt is the log and another file"),
        (["train", "corpus.txt", "-o", "w", "--log", "none/log"], "does not exist; make it first"),
    ],
)
def test_mistakes(arguments, message, vectors, in_folder):
    os.rename(vectors, "v")
    before = sorted(os.listdir())
    assert message in failure(*arguments)
    assert sorted(os.listdir()) == before


def test_pictures_need_matplotlib(vectors, monkeypatch):
    KeyedVectors.load(vectors).save("v.bin")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    for arguments in (["map", "v.bin", "-o", "m.png"], ["plot", "v.bin", "-o", "p.png"]):
        assert "needs matplotlib; install it with: pip install '.[plot]'" in failure(*arguments)
