import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fastw2v_kernels._jit.cuda import IS_SIMULATED, cuda_status
from tests import simulator

if IS_SIMULATED:
    simulator.install()

ROOT = Path(__file__).resolve().parents[1]
NOTES = pytest.StashKey[list[str]]()


def pytest_addoption(parser):
    parser.addoption("--require-cuda", action="store_true", help="a missing GPU is a failure")
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")


def needs_cuda(item):
    """Whether a test runs kernels for the GPU: it has the mark, or its parameter `device` says so."""
    device = item.callspec.params.get("device") if hasattr(item, "callspec") else None
    return device == "cuda" or item.get_closest_marker("cuda") is not None


def is_slow(item):
    return item.get_closest_marker("slow") is not None


def deselect(config, items, is_left_out):
    """Take tests out of the run; return how many."""
    left_out = list(filter(is_left_out, items))
    items[:] = [item for item in items if not is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    return len(left_out)


def pytest_configure(config):
    """Keep the tests of a file in one process of `pytest -n`: they share kernels, which each process compiles."""
    if getattr(config.option, "dist", None) == "load":
        config.option.dist = "loadfile"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Leave out what cannot run here, and what is slow. The simulator keeps the tests of CUDA alone."""
    notes = config.stash.setdefault(NOTES, [])
    if IS_SIMULATED:
        deselect(config, items, lambda item: not needs_cuda(item))
    elif any(map(needs_cuda, items)) and cuda_status() and not config.getoption("--require-cuda"):
        n_cuda = deselect(config, items, needs_cuda)
        cure = "NUMBA_ENABLE_CUDASIM=1 pytest runs them in the simulator"
        notes.append(f"{n_cuda} tests of CUDA kernels not run: {cuda_status()}. {cure}")
    if not config.getoption("--slow") and (n_slow := deselect(config, items, is_slow)):
        notes.append(f"{n_slow} slow tests not run: pytest --slow runs them too")
    if hasattr(config, "workeroutput"):  # one of the processes of `pytest -n`; what it hands over when it ends
        config.workeroutput["notes"] = notes


@pytest.fixture(scope="module", autouse=True)
def few_objects():
    """Take all that is there before a file's tests, Numba above all, out of the later searches for garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Take the notes of a process of `pytest -n`, each of which collects all tests."""
    node.config.stash[NOTES] = getattr(node, "workeroutput", {}).get("notes", [])


def pytest_terminal_summary(terminalreporter, config):
    for note in config.stash.get(NOTES, []):
        terminalreporter.write_line(note)


def pytest_runtest_setup(item):
    if needs_cuda(item) and (reason := cuda_status()):
        pytest.fail(f"no CUDA: {reason}")


@pytest.fixture
def python_env():
    """The environment in which another interpreter, which is no worker of `pytest -n`, finds this checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    return environment | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "kernels")])}


@pytest.fixture
def run_python(python_env, tmp_path):
    """Run `python *arguments` in `tmp_path`; environment variables as keywords."""

    def run(*arguments, **environment):
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=python_env | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture
def interruptible():
    """Let Ctrl-C be obeyed, by what a test starts as well: a job in a script's background would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
