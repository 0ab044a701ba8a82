"""`fastw2v train` that is stopped, goes on, and cannot write where it should."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.cli import training
from tests.cli.running import SMALL, TEXT, failure, run, succeed

CHECKPOINT = ["--checkpoint", "c", "--checkpoint-every", "epoch"]
TRAIN = ["train", "corpus.txt", "-o", "v.bin", *SMALL]


def killed():
    """A checkpoint of a training that was killed in its third epoch."""

    class Killing:
        def on_epoch_end(self, model):
            if model.epochs_trained == 3:
                raise ZeroDivisionError

    options = {"vector_size": 16, "min_count": 1, "workers": 1, "compute_loss": True}
    with pytest.raises(ZeroDivisionError):
        Word2Vec(corpus_file="corpus.txt", callbacks=[Killing()], checkpoint="c", checkpoint_every="epoch", **options)


def test_one_command_begins_goes_on_and_writes_again():
    succeed(*TRAIN)
    expected = Path("v.bin").read_bytes()
    first = succeed(*TRAIN, *CHECKPOINT, "--resume")
    assert first.stderr.startswith("there is no checkpoint c yet: training begins anew\n")
    for name in ("c", "c.previous"):
        os.unlink(name)
    killed()
    for _ in range(2):  # the second time it is finished
        os.unlink("v.bin")
        resumed = succeed(*TRAIN, *CHECKPOINT, "--resume")
        assert "begins anew" not in resumed.stderr
        assert Path("v.bin").read_bytes() == expected
    assert sorted(os.listdir()) == ["c", "c.previous", "corpus.txt", "v.bin"]


def test_other_options_than_those_of_the_checkpoint_are_refused():
    killed()
    before = Path("c").read_bytes()
    for option in (["--window", "3"], ["--sg"], ["--alpha", "0.05"], ["--epochs", "6"], ["--no-loss"]):
        message = failure(*TRAIN, *CHECKPOINT, "--resume", *option)
        name = option[0].strip("-").replace("no-loss", "compute_loss")
        assert re.search(rf"{name} is .*, and .* in the checkpoint c; give the same options, or another", message)
    Path("corpus.txt").write_text(TEXT * 26)
    assert "the corpus is not that of the checkpoint" in failure(*TRAIN, *CHECKPOINT, "--resume")
    assert Path("c").read_bytes() == before
    assert not Path("v.bin").exists()


def test_a_resumed_training_writes_its_log():
    killed()
    succeed(*TRAIN, *CHECKPOINT, "--resume", "--log", "log.jsonl")
    events = [json.loads(line) for line in Path("log.jsonl").read_text().splitlines()]
    assert [(event["event"], event["epoch"]) for event in events][-3:] == [("epoch", 4), ("epoch", 5), ("end", 5)]


def test_workers_may_be_others():
    killed()
    succeed(*TRAIN, *CHECKPOINT, "--resume", "--workers", "2")


def test_an_existing_checkpoint_is_not_overwritten():
    killed()
    before = Path("c").read_bytes()
    message = failure(*TRAIN, *CHECKPOINT)
    assert re.search(r"c exists: a checkpoint at \d+\.\d % of the work; .*train --resume\) goes on from it", message)
    assert Path("c").read_bytes() == before
    message = failure("train", "corpus.txt", "-o", "v.bin", "--checkpoint", "corpus.txt")
    assert "corpus.txt exists: it is no checkpoint of a training" in message


def test_options_that_do_not_fit():
    assert "--resume goes on from a checkpoint; name it" in failure(*TRAIN, "--resume")
    assert "there is no checkpoint; pass checkpoint=PATH" in failure(*TRAIN, "--checkpoint-every", "epoch")
    assert "checkpoint_every is 'often'; expected" in failure(
        *TRAIN, "--checkpoint", "c", "--checkpoint-every", "often"
    )
    assert "v.bin is the checkpoint and the output" in failure(*TRAIN, "--checkpoint", "./v.bin")
    assert sorted(os.listdir()) == ["corpus.txt"]


def stopped_run(number, python_env, *options):
    """Run a training in a process, send it a signal when it trains; return the status and the text on stderr."""
    Path("long.txt").write_text(TEXT * 10_000)
    command = [sys.executable, "-m", "fastw2v", "train", "long.txt", "-o", "v.bin", "--epochs", "100000", *SMALL]
    process = subprocess.Popen([*command, *options], env=python_env, stderr=subprocess.PIPE, text=True)
    with process:
        for line in process.stderr:
            if line.startswith("loss "):
                process.send_signal(number)
                break
        return process.wait(), process.stderr.read()


def test_sigterm_saves_vectors_and_checkpoint(python_env):
    status, said = stopped_run(signal.SIGTERM, python_env, "--checkpoint", "c")
    assert status == 143
    assert re.search(r"^stopped by SIGTERM in epoch \d+ .*so far; the same command with --resume goes on$", said, re.M)
    assert "Traceback" not in said
    assert len(KeyedVectors.load("v.bin")) == len(KeyedVectors.load("c")) == 7


SCRIPT = """
from fastw2v import Word2Vec
Word2Vec(corpus_file="long.txt", epochs=100000, min_count=1, workers=1, compute_loss=True, checkpoint="c", progress=say)
print("not reached")
"""


@pytest.mark.slow
def test_sigterm_ends_a_script_after_its_checkpoint(python_env):
    Path("long.txt").write_text(TEXT * 10_000)
    say = "say = lambda phase, done, total: print(phase, done, flush=True)\n"
    process = subprocess.Popen([sys.executable, "-c", say + SCRIPT], env=python_env, stdout=subprocess.PIPE, text=True)
    with process:
        for line in process.stdout:
            if line.startswith("train"):
                process.terminate()
                break
        rest = process.stdout.read()
    assert process.returncode == -signal.SIGTERM
    assert "not reached" not in rest
    assert len(KeyedVectors.load("c")) == 7


def test_sigterm_before_training_writes_nothing(monkeypatch):
    from fastw2v.runtime.signals import Terminated

    def terminate(*_, **__):
        raise Terminated

    monkeypatch.setattr("fastw2v.session.encode_by_rule", terminate)
    result = run(*TRAIN, "--checkpoint", "c")
    assert (result.exit_code, result.stderr) == (143, "stopped by SIGTERM; nothing was written\n")
    assert os.listdir() == ["corpus.txt"]


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_in_the_last_write_is_obeyed_when_the_file_is_whole(monkeypatch):
    succeed(*TRAIN)
    expected = Path("v.bin").read_bytes()
    os.unlink("v.bin")
    from fastw2v.formats import convert

    def write(*arguments, **options):
        os.kill(os.getpid(), signal.SIGINT)
        convert_write(*arguments, **options)

    convert_write = convert.write_binary
    monkeypatch.setattr(convert, "write_binary", write)
    result = run(*TRAIN)
    assert result.exit_code == 130
    assert result.stderr.endswith("stopped by Ctrl-C; the vectors are in v.bin\n")
    assert Path("v.bin").read_bytes() == expected


SAVE = KeyedVectors.save


@pytest.fixture
def full_folder(in_folder, monkeypatch):
    """A folder in which no vectors can be saved: the current one."""

    def save(vectors, path, format=None):
        if Path(path).resolve().is_relative_to(in_folder):
            raise OSError(errno.ENOSPC, "No space left on device")
        SAVE(vectors, path, format=format)

    monkeypatch.setattr(KeyedVectors, "save", save)


@pytest.mark.usefixtures("full_folder")
def test_a_full_disk_at_the_end_keeps_the_vectors_elsewhere(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    result = run(*TRAIN)
    assert result.exit_code == 1
    line = result.stderr.splitlines()[-1]
    found = re.search(r"v\.bin could not be written \(No space left on device\); the vectors are in (\S+); move", line)
    assert len(KeyedVectors.load(found[1])) == 7
    assert Path(found[1]).is_relative_to(home)
    assert sorted(os.listdir()) == ["corpus.txt"]


@pytest.mark.usefixtures("full_folder")
def test_no_folder_at_all(in_folder, monkeypatch):
    make = tempfile.mkdtemp
    monkeypatch.setattr(training.tempfile, "mkdtemp", lambda prefix, dir: make(prefix=prefix, dir=in_folder))
    assert "no other folder took the vectors; free some space and train again" in run(*TRAIN).stderr
    assert sorted(os.listdir()) == ["corpus.txt"]
