"""What a user sees: bars on a terminal, log lines above them, and none of it where the output is closed or a pipe."""

import os
import re
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
termios = pytest.importorskip("termios")

TRAIN = """
import logging, sys, time
from fastw2v import Word2Vec
from fastw2v.runtime import bars, progress
bars._DRAW_SECONDS, progress.DELAY_SECONDS = 0.01, 0.0

class Saying:
    def on_epoch_end(self, model):
        logging.getLogger("fastw2v").warning("epoch %d is done", model.epochs_trained)
        time.sleep(0.1)

model = Word2Vec([["a", "b", "c"]] * 1000, min_count=1, sample=0, epochs=2, compute_loss=True, callbacks=[Saying()])
print("words", model.report.raw_words)
"""


def on_terminal(code, env):
    """The states of the line that a terminal of 100 columns shows, without the spaces that wipe it."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (30, 100))
    process = subprocess.Popen([sys.executable, "-c", code], stdin=follower, stdout=follower, stderr=follower, env=env)
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 1 << 16):
            shown += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(leader)
    assert process.wait(60) == 0, shown.decode()
    return [line.strip() for line in re.split(r"[\r\n]+", shown.decode()) if line.strip()]


def test_bars_and_log_lines_on_a_terminal(python_env):
    shown = on_terminal(TRAIN, python_env | {"LC_ALL": "C.UTF-8"})
    assert any(line.startswith("encode") for line in shown)
    assert any(re.fullmatch(r"train:  50%\|.+\| 3\.00k/6\.00k \[.+ words/s, loss \d\.\d{4}\]", line) for line in shown)
    assert re.fullmatch(r"train: 100%\|█+\| 6\.00k/6\.00k \[.* words/s, loss \d\.\d{4}\]", shown[-2])
    assert shown.count("epoch 1 is done") == shown.count("epoch 2 is done") == 1
    assert shown[-1] == "words 6000"


@pytest.mark.parametrize("choice", [pytest.param("None", marks=pytest.mark.slow), "True"])
def test_a_closed_stderr_does_not_matter(choice, python_env):
    code = TRAIN.replace("epochs=2,", f"epochs=2, progress={choice},")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=python_env,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.close(2),
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "words 6000")


def test_a_script_whose_output_is_a_pipe_shows_no_bar(run_python):
    done = run_python("-c", TRAIN)
    assert (done.returncode, done.stdout, done.stderr) == (0, "words 6000\n", "epoch 1 is done\nepoch 2 is done\n")
    assert "train: 100%" in run_python("-c", TRAIN.replace("epochs=2,", "epochs=2, progress=True,")).stderr
