import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


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
