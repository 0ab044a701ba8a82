import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fastw2v_kernels._jit.cuda import IS_SIMULATED, cuda_status

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption("--require-cuda", action="store_true", help="a missing GPU is a failure, not a skip")


def needs_cuda(item):
    """Whether a test runs kernels for the GPU: it has the mark, or its parameter `device` says so."""
    device = item.callspec.params.get("device") if hasattr(item, "callspec") else None
    return device == "cuda" or item.get_closest_marker("cuda") is not None


def pytest_collection_modifyitems(config, items):
    """In the simulator, keep the tests of CUDA alone: the others have run without it."""
    if IS_SIMULATED:
        config.hook.pytest_deselected(items=[item for item in items if not needs_cuda(item)])
        items[:] = filter(needs_cuda, items)


def pytest_runtest_setup(item):
    reason = cuda_status() if needs_cuda(item) else None
    if reason is not None:
        stop = pytest.fail if item.config.getoption("--require-cuda") else pytest.skip
        stop(f"no CUDA: {reason}")


@pytest.fixture
def python_env():
    """The environment in which another interpreter finds this checkout, installed or not."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "kernels")])}


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
