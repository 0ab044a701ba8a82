"""The command line without stdout or stderr, with a pipe that nobody reads, on a full disk, and Ctrl-C while it starts.

A shell closes the streams, as `2>&-` does, because Python cannot start a process without them.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fastw2v import KeyedVectors
from tests.cli.running import SMALL

TRAIN = ["train", "corpus.txt", "-o", "v.bin", *SMALL]


@pytest.fixture
def command(python_env):
    """Run a command of fastw2v in a shell, with redirections after it."""

    def run(*arguments, redirected=""):
        line = f"{shlex.join([sys.executable, '-m', 'fastw2v', *arguments])} {redirected}"
        return subprocess.run(
            ["bash", "-c", line], env=python_env, capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.mark.parametrize(
    ("redirected", "options"),
    [*(pytest.param(one, [], marks=pytest.mark.slow) for one in ("2>&-", ">&-")), (">&- 2>&- <&-", ["--json"])],
)
def test_training_without_streams_writes_the_vectors(command, redirected, options):
    done = command(*TRAIN, *options, redirected=redirected)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len(KeyedVectors.load("v.bin")) == 7


@pytest.mark.slow
@pytest.mark.parametrize("redirected", ["2>&-", ">&-"])
def test_demo_and_eval_without_streams(command, vectors, redirected):
    Path("pairs.tsv").write_text("king\tqueen\t9\nman\twoman\t8\nking\twoman\t2\n")
    assert command("eval", vectors, "--pairs", "pairs.tsv", redirected=redirected).returncode == 0
    assert command("demo", "--epochs", "1", redirected=redirected).returncode == 0


def test_answers_without_streams(command, vectors):
    assert command("similar", vectors, "king", redirected=">&- 2>&-").returncode == 0
    done = command("similar", vectors, "nobody", redirected="2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_a_reader_that_leaves_early_is_no_error(command, vectors):
    done = command("similar", vectors, "king", "queen", "man", redirected="| head -1; echo ${PIPESTATUS[0]}")
    assert (done.stdout, done.stderr) == ("[king]\n0\n", "")


@pytest.mark.slow
def test_training_goes_on_when_nobody_reads(command):
    done = command(*TRAIN, redirected="2>&1 | true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(KeyedVectors.load("v.bin")) == 7


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_answers_that_cannot_be_written_are_an_error(command, vectors):
    done = command("similar", vectors, "king", redirected=">/dev/full")
    assert done.returncode == 1
    assert done.stderr == "fastw2v: [Errno 28] No space left on device\n"


SLOW_IMPORT = """
import sys, time
class SlowNumpy:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            open("importing", "w").close()
            time.sleep(60)
sys.meta_path.insert(0, SlowNumpy())
sys.argv = ["fastw2v", "similar", "v.bin", "king"]
from fastw2v.__main__ import main
main()
"""


def test_ctrl_c_in_the_imports_is_one_line(python_env, interruptible):
    process = subprocess.Popen([sys.executable, "-c", SLOW_IMPORT], env=python_env, stderr=subprocess.PIPE, text=True)
    while not os.path.exists("importing"):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "stopped by Ctrl-C; nothing was written\n")


def test_the_script_of_the_package_is_the_guarded_start():
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"fastw2v": "fastw2v.__main__:main"}
