"""Steps of box.py: NVIDIA's checkers over operations and trainer, and the command for its profiler's counters."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.gpu.jobs import Sizes
from benchmarks.gpu.steps import UNFINISHED, Clock, Row, colour, row
from fastw2v_kernels._jit import cuda as gpu


def checkers(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """NVIDIA's memory and race checkers over every operation and a small trainer, in new processes."""
    checker = compute_sanitizer()
    for (tool, option), most in LIMITS.items():
        if gpu.IS_SIMULATED and tool != "memcheck":
            continue
        what = f"{tool} {option}"
        if checker is None and not gpu.IS_SIMULATED:
            where = "neither on PATH nor in CUDA_HOME, where NVIDIA's toolkit has it"
            yield row("checker", what, "LEFT OUT", note=f"compute-sanitizer is {where}")
            continue
        watch = [] if checker is None else [checker, "--tool", tool, *CHECKER_OPTIONS]
        command = [*watch, sys.executable, str(Path(__file__).with_name("box.py")), option]
        limit = max(1.0, min(most, clock.left() - sizes.reserve))
        status, output = run_group(command, limit)
        summary = re.search(r"SUMMARY: (.*)", output)
        said = summary[1] if summary else " ".join(output[-200:].split())
        if status is None:
            value, said = UNFINISHED, f"not done in {limit:.0f} s; to run it alone: {shlex.join(command)}"
        elif checker is None:
            said = f"simulator: the calls ran (exit status {status}), nothing watched them"
            value = "LEFT OUT" if status == 0 else "RED"
        else:
            value, said = colour(status == 0 and summary is not None), f"{said}; {shlex.join(command)}"
        yield row("checker", what, value, note=said)


def run_group(command: list[str], limit: float) -> tuple[int | None, str]:
    """Run a command; return its exit status, None where it had to be ended with all its children, and its output."""
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # what is left on the GPU would be in the later steps' way
            return None, ""
    return process.returncode, output


# Seconds at most of a tool over what box.py does by an option: watched kernels take ten to a hundred times as long.
LIMITS = {
    ("memcheck", "--checked"): 180.0,
    ("racecheck", "--checked"): 300.0,
    ("memcheck", "--checked-trainer"): 90.0,
    ("racecheck", "--checked-trainer"): 150.0,
}

# An error makes the exit status 1; CUDA calls that libraries expect to fail do not count.
CHECKER_OPTIONS = ("--error-exitcode", "1", "--report-api-errors", "no")


def compute_sanitizer() -> str | None:
    """Where NVIDIA's checker is; there is none for the simulator."""
    return None if gpu.IS_SIMULATED else tool_of_nvidia("compute-sanitizer")


def counters(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """The command for the counters of the span kernels, where NVIDIA's profiler is: it is not run here."""
    ncu = tool_of_nvidia("ncu")
    if ncu is None:
        yield row("counters", "ncu", "LEFT OUT", note="ncu is neither on PATH nor in CUDA_HOME")
        return
    command = [ncu, *COUNTER_OPTIONS, sys.executable, str(Path(__file__).with_name("box.py")), "--counted"]
    yield row("counters", "ncu", "to be run", note=shlex.join(command))


# Of each kernel the two tokens that compile it, and one span.
COUNTER_OPTIONS = (
    "--kernel-name", "regex:span_cuda_kernel", "--launch-count", "4",
    *("--section", "SpeedOfLight", "--section", "MemoryWorkloadAnalysis"),
    *("--section", "Occupancy", "--section", "WarpStateStats"),
)  # fmt: skip


def tool_of_nvidia(name: str) -> str | None:
    """Where one of the toolkit's programs is."""
    homes = [os.environ[name] for name in ("CUDA_HOME", "CUDA_PATH") if os.environ.get(name)]
    folders = [os.environ.get("PATH", ""), *(str(Path(home, "bin")) for home in homes)]
    return shutil.which(name, path=os.pathsep.join(folders))
