"""Networks of namespaces: refused where they cannot be made, and removed whatever happens."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from benchmarks.studies.cluster import __main__ as study
from benchmarks.studies.cluster import namespaces
from benchmarks.studies.cluster.namespaces import NamespaceError, network
from tests.conftest import ROOT

can_make = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("tc"),
    reason="namespaces not tested: they need Linux, root, ip and tc",
)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Linux only")


def names():
    return [line for line in subprocess.check_output(["ip", "netns"], text=True).splitlines() if "fastw2v-" in line]


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left():
    yield
    if shutil.which("ip"):
        assert not [name for name in names() if f"fastw2v-{os.getpid()}-" in name]


def test_without_tools_the_study_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(namespaces.shutil, "which", lambda name: None if name == "tc" else name)
    with pytest.raises(NamespaceError, match=r"tc not found: install iproute2"):
        study.main(["network", "--results", str(tmp_path)])


def test_without_root_the_study_asks_for_it(monkeypatch, tmp_path):
    monkeypatch.setattr(namespaces.shutil, "which", lambda name: name)
    monkeypatch.setattr(namespaces.os, "geteuid", lambda: 1000)
    with pytest.raises(NamespaceError, match="need root"):
        study.main(["network", "--results", str(tmp_path)])


@can_make
def test_a_network_is_removed_after_an_error_with_what_runs_in_it():
    with pytest.raises(ZeroDivisionError), network(2) as made:  # noqa: PT012 - the block is what is tested
        made.limit(100)
        made.limit(None)
        sleeper = subprocess.Popen(["ip", "netns", "exec", made.names[1], "sleep", "100"])
        while sleeper.pid not in made.pids():
            assert sleeper.poll() is None
        raise ZeroDivisionError
    assert sleeper.wait(10) == -signal.SIGTERM


_KILLED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from benchmarks.studies.cluster.namespaces import network
with network(1):
    print("made", flush=True)
    input()
"""


@can_make
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_network_is_removed_when_its_process_is_killed(number):
    paths = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
    command = [sys.executable, "-c", _KILLED]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, **pipes) as process:
        assert process.stdout.readline() == b"made\n"
        process.send_signal(number)
        process.wait(30)
    if number == signal.SIGKILL:
        with network(1):
            pass
    assert not [name for name in names() if f"fastw2v-{process.pid}-" in name]
