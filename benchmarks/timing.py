"""Shared code of the suites: check an operation before it is timed, time it, note rates, run processes."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastw2v
import fastw2v_kernels
from benchmarks.cases import Work
from benchmarks.events import gpu_name, seconds_of_calls
from benchmarks.peak import peak
from benchmarks.report.results import digits
from fastw2v.profile.machine import usable_bytes
from fastw2v_kernels.registry import Case, Op
from fastw2v_kernels.shared.threads import available_cores, set_max_threads
from tests.kernels.test_parity import OPS_BY_NAME, SIZES, check

Call = Callable[[], object]


class Timing:
    """The fixture `benchmark` with this project's conventions: rounds by the time there is, rates with the times.

    Parameters
    ----------
    benchmark
        pytest-benchmark's fixture.
    quick : bool
        Few rounds, so that all suites take minutes.
    """

    def __init__(self, benchmark: Any, *, quick: bool) -> None:  # noqa: ANN401 - has no public type
        self.benchmark, self.quick = benchmark, quick
        self.device_seconds: list[float] = []

    def measure(self, call: Call, setup: Call = lambda: None, *, device: str = "cpu") -> None:
        """Time `call` round by round, `setup` before each of them untimed; two rounds before, untimed too, compile.

        On a GPU as many rounds again are timed by device events: pytest-benchmark's own times there are of the clock,
        from the launch to the end of a wait; `note` adds those of the events, which the results use.
        """
        launch, prepare = call, setup
        call, setup = synchronised(call, device), synchronised(setup, device)
        for _ in range(2):
            setup()
            begun = time.perf_counter()
            call()
            seconds = time.perf_counter() - begun
        limit, most = (0.05, 30) if self.quick else (1.0, 300)
        n_rounds = int(np.clip(limit / seconds, 3, most))
        self.benchmark.pedantic(call, setup=setup, rounds=n_rounds, warmup_rounds=n_rounds // 10)
        if device == "cuda":
            self.device_seconds = seconds_of_calls(launch, n_rounds, prepare)

    def note(self, work: Work, *, device: str, threads: int = 1, **sizes: object) -> None:
        """Add to a time its device, threads, sizes, and rates with their share of the peak."""
        info = self.benchmark.extra_info
        info |= {"device": device, "threads": threads, "profile": "quick" if self.quick else "full", **sizes}
        if self.benchmark.stats is None:  # --benchmark-disable
            return
        seconds = self.benchmark.stats.stats.median
        if self.device_seconds:
            quartiles = np.quantile(self.device_seconds, [0.5, 0.25, 0.75])
            info |= {"device_ms": [digits(1e3 * x) for x in quartiles], "gpu": gpu_name()}
            seconds = quartiles[0]
        if work.words:
            info["words_per_s"] = digits(work.words / seconds)
        for name, amount in (("gflops", work.flops), ("gb_per_s", work.n_bytes)):
            if amount:
                info[name] = digits(amount / seconds / 1e9)
            if amount and device != "cuda":  # the peak is the CPU's; a share above 1: the data stay in a cache
                best = getattr(peak(threads), name)
                info |= {f"{name}_share": digits(info[name] / best), f"{name}_peak": digits(best)}


def synchronised(call: Call, device: str) -> Call:
    """`call`; on a GPU, which runs in the background, with a wait for its end."""
    if device != "cuda":
        return call
    wait = _cuda().synchronize

    def call_and_wait() -> None:
        call()
        wait()

    return call_and_wait


def _cuda() -> Any:  # noqa: ANN401 - a module
    return importlib.import_module("fastw2v_kernels._jit.cuda")


def moved(case: Case, device: str) -> Case:
    """The arguments of a call, for a GPU with their arrays there."""
    if device != "cuda":
        return case
    make = _cuda().array_module().asarray
    return {name: make(value) if isinstance(value, np.ndarray) else value for name, value in case.items()}


def refuse_if_red(device: str, *names: str) -> None:
    """Fail the benchmark unless these operations pass their parity test on this device: a wrong result has no speed.

    Where there is no such device the benchmark is skipped.
    """
    reason = _cuda().cuda_status() if device == "cuda" else None
    if reason is not None:
        pytest.skip(f"no CUDA: {reason}")
    for name in names if device != "reference" else ():
        error = parity_error(OPS_BY_NAME[name], device)
        if error:
            pytest.fail(f"not timed: the parity test of {name} on {device} is red: {error}", pytrace=False)


@cache
def parity_error(op: Op, device: str) -> str:
    """Why the parity test of an operation is red, found once a session; empty if it is green."""
    try:
        for size in SIZES:
            check(op, device, op.make_case(np.random.default_rng(size), size))
    except Exception as error:
        return str(error).strip().split("\n")[0] or "its result differs from the reference's"
    return ""


def need_memory(n_bytes: float) -> None:
    """Skip the benchmark if it would not fit into the memory that is free."""
    usable = usable_bytes()
    if usable is not None and n_bytes > usable:
        needed, free = n_bytes / 1e9, usable / 1e9
        pytest.skip(f"needs {needed:.1f} GB of memory and may have {free:.1f} GB: close programs, or use more memory")


def thread_counts(*, quick: bool) -> list[int]:
    """Numbers of threads to time: 1 and all cores, in the full profile the powers of two between them too."""
    n = available_cores()
    between = [] if quick else [1 << k for k in range(n.bit_length()) if 1 << k < n]
    return sorted({1, *between, n})


@contextmanager
def kernel_threads(n: int) -> Iterator[ThreadPoolExecutor]:
    """Let kernels use `n` threads, and lend a pool of them for kernels that each need a thread of their own."""
    before = set_max_threads(n)
    try:
        with ThreadPoolExecutor(n) as pool:
            yield pool
    finally:
        set_max_threads(before)


def run_child(*arguments: str, **environment: str) -> str:
    """Run `python *arguments` on the sources under test; return what it printed."""
    files = fastw2v.__file__, fastw2v_kernels.__file__, __file__
    folders = dict.fromkeys(str(Path(file).parents[1]) for file in files)
    environment = os.environ | environment | {"PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"python {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout
