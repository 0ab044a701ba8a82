import json
import logging
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.cli import console
from tests.cli.running import SMALL, failure, run, succeed

FIELDS = [
    "raw_words",
    "kept_words",
    "pairs",
    "vocab_size",
    "loss_per_epoch",
    "words_per_s",
    "kept_words_per_s",
    "pairs_per_s",
    "seconds",
    "workers",
    "device",
    "peak_rss_bytes",
]


def test_json_comes_last_on_stdout():
    result = succeed("train", "corpus.txt", "-o", "v.bin", *SMALL, "--epochs", 3, "--sample", 0, "--json")
    figures = json.loads(result.stdout.splitlines()[-1])
    assert list(figures) == FIELDS
    assert set(figures["seconds"]) == {"encode", "upload", "compile", "train", "download", "write"}
    assert figures["raw_words"] == figures["kept_words"] == figures["pairs"] == 3 * 300
    assert (figures["vocab_size"], figures["workers"], figures["device"]) == (7, 1, "cpu")
    assert len(figures["loss_per_epoch"]) == 3
    assert all(0 < loss < 10 for loss in figures["loss_per_epoch"])
    assert figures["words_per_s"] == pytest.approx(900 / figures["seconds"]["train"])
    assert figures["words_per_s"] == figures["kept_words_per_s"] == figures["pairs_per_s"]
    assert all(seconds >= 0 for seconds in figures["seconds"].values())
    assert 10 << 20 < figures["peak_rss_bytes"] < 1 << 40
    assert len(result.stdout.splitlines()) == 1
    assert "loss per epoch" in result.stderr


def test_without_json_the_summary_is_on_stdout():
    result = succeed("train", "corpus.txt", "-o", "v.bin", *SMALL)
    assert "loss per epoch" in result.stdout
    assert "1,500 words" in result.stdout


def test_words_that_are_not_ascii(vectors):
    assert "[r\u00e9sum\u00e9]" in succeed("similar", vectors, "r\u00e9sum\u00e9").stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_temporary_folder_is_told_with_the_cure(monkeypatch):
    monkeypatch.setattr("fastw2v.encode.temporary_blocks.temporary_file", lambda: open("/dev/full", "wb", buffering=0))
    message = failure("train", "corpus.txt", "-o", "v.bin", *SMALL)
    assert "No space left" in message
    assert message.endswith("is full? Set TMPDIR to a folder with more room")


def test_too_little_memory(monkeypatch):
    def fail(*_, **__):
        raise MemoryError("cannot have\n 8 TB")

    monkeypatch.setattr("fastw2v.state.initial_weights", fail)
    assert failure("train", "corpus.txt", "-o", "v.bin", *SMALL) == "fastw2v: cannot have 8 TB"


def test_errors_of_a_process(run_python, in_folder):
    done = run_python("-m", "fastw2v", "train", "nothing.txt", "-o", "v.bin")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("fastw2v: no such corpus file: 'nothing.txt'")
    assert done.stderr.count("\n") == 1


def test_no_bar_where_stderr_is_no_terminal(run_python):
    done = run_python("-m", "fastw2v", "train", "corpus.txt", "-o", "v.bin", *SMALL, "--epochs", "2", "--sample", "0")
    assert done.returncode == 0, done.stderr
    assert "\r" not in done.stderr
    assert "it/s" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("loss ")][1].endswith("after 600 words")


def test_closed_pipe_is_no_error(python_env, vectors):
    """As in `fastw2v similar ... | head`."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "fastw2v", "similar", vectors, "king"]
    done = subprocess.run(command, env=python_env, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.stderr == ""


def test_interrupt_before_training_writes_nothing(monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("fastw2v.session.encode_by_rule", interrupt)
    result = run("train", "corpus.txt", "-o", "v.bin", *SMALL)
    assert result.exit_code == 130
    assert result.stderr == "stopped by Ctrl-C; nothing was written\n"
    assert os.listdir() == ["corpus.txt"]


def test_words_are_printed_without_commands_for_the_terminal(tmp_path):
    """Escape sequences, marks that turn text and bytes that are no UTF-8 are printed as numbers; text as it is."""
    words = ["king", "\x1b]0;owned\x07red", "\u202eevil", "caf\U0010fee9", "naïve 日本", "a\tb\nc"]
    kv = KeyedVectors(words, np.arange(1, 13).reshape(6, 2))
    kv.save(tmp_path / "v")
    lines = succeed("similar", tmp_path / "v", "king", "caf\udce9").stdout.splitlines()
    assert {line.split("\t")[0] for line in lines} == {
        "[king]", r"[caf\xe9]", "king", r"\x1b]0;owned\x07red", r"\u202eevil", r"caf\xe9", "naïve 日本", r"a\x09b\x0ac",
    }  # fmt: skip
    lines = succeed("analogy", tmp_path / "v", "king", "caf\udce9", words[4]).stdout.splitlines()
    assert {line.split("\t")[0] for line in lines} == {r"\x1b]0;owned\x07red", r"\u202eevil", r"a\x09b\x0ac"}


def test_errors_and_log_lines_are_printed_without_commands_for_the_terminal(tmp_path):
    path = tmp_path / "\x1b[31mv\x9b"
    path.write_bytes(b"3 2\nking 1\n")
    assert r"\x1b[31mv\x9b" in failure("similar", path, "king")
    record = logging.LogRecord("fastw2v", logging.INFO, "", 0, "%s\nnext", ("\x1b[2J",), None)
    assert console.PrintableFormatter().format(record) == "\\x1b[2J\nnext"


def test_json_without_numbers_that_json_does_not_have(monkeypatch):
    def no_numbers(model):
        return {
            "loss_per_epoch": [2.5, math.nan],
            "speed": (math.inf, -math.inf),
            "words": 3,
            "device": "cpu",
        }

    monkeypatch.setattr(console, "figures", no_numbers)
    monkeypatch.setattr(console, "summary", lambda model: "")
    printed = succeed("train", "corpus.txt", "-o", "v.bin", *SMALL, "--json").stdout
    expected = {"loss_per_epoch": [2.5, None], "speed": [None, None], "words": 3, "device": "cpu"}
    assert json.loads(printed, parse_constant=pytest.fail) == expected


def test_a_training_that_explodes_writes_nothing(in_folder):
    result = run("train", "corpus.txt", "-o", "v.bin", *SMALL, "--alpha", 50, "--min-alpha", 50, "--sample", 0)
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("fastw2v: training diverged: ")
    assert "lower alpha (it was 50;" in last
    assert os.listdir() == ["corpus.txt"]


def test_a_corpus_of_one_word_in_each_line_is_said(in_folder, caplog):
    (in_folder / "corpus.txt").write_text("one\ntwo\n" * 10)
    succeed("train", "corpus.txt", "-o", "v.bin", *SMALL)
    assert "no pair of words was trained: each sentence has one word" in caplog.text


def test_errors_of_a_cluster_are_one_line_without_the_traceback_of_a_worker(monkeypatch):
    from fastw2v.distributed import NoWorkerLeftError
    from fastw2v.distributed.on_ray import WorkerTraceback

    def lost(*_, **__):
        error = NoWorkerLeftError("all workers are lost")
        error.add_note("go on")
        raise error from WorkerTraceback("ray::Replica.train()\n  File replica.py")

    monkeypatch.setattr("fastw2v.Word2Vec.__init__", lost)
    message = failure("train", "corpus.txt", "-o", "v.bin", "--cluster", "local")
    assert message == "fastw2v: all workers are lost; go on"


@pytest.mark.parametrize(
    ("n_nodes", "n_lost", "line"),
    [
        (1, 0, "1 node, 9 rounds, exchanged 2.00 GB in 3.0 s"),
        (2, 1, "2 nodes, 9 rounds, exchanged 2.00 GB in 3.0 s; 1 worker was lost, 5,000 words trained again"),
        (3, 2, "3 nodes, 9 rounds, exchanged 2.00 GB in 3.0 s; 2 workers were lost, 5,000 words trained again"),
    ],
)
def test_the_line_about_a_cluster(n_nodes, n_lost, line):
    from fastw2v.distributed import ClusterReport

    report = ClusterReport(n_nodes, 9, 10_000, 5000 * bool(n_lost), n_lost, 3.0, 2_000_000_000)
    assert console._cluster_line(report) == line
