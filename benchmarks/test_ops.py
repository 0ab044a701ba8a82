"""Every operation of the registry, on every device it has, by threads where it uses them.

`--benchmark-group-by=param:op` (the default here) shows the devices of an operation together.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from benchmarks.cases import workload
from benchmarks.timing import Timing, kernel_threads, moved, refuse_if_red, thread_counts
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.registry import Case, Op
from tests.kernels.test_parity import OPS_BY_NAME


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    counts = thread_counts(quick=metafunc.config.getoption("quick"))
    metafunc.parametrize(("op", "device", "threads"), [case for op in OPS for case in variants(op, counts)])


def variants(op: Op, counts: list[int]) -> Iterator[tuple[str, str, int]]:
    """An operation's name with each device, and the numbers of threads that make a difference on it."""
    for device in ("reference", *op.devices):
        for n_threads in counts if device == "cpu" and (is_threaded(op) or is_span(op)) else [1]:
            yield op.name, device, n_threads


def is_threaded(op: Op) -> bool:
    """Whether its CPU function splits a call over threads."""
    return hasattr(importlib.import_module(f"fastw2v_kernels.{op.name}.cpu"), "run_on_threads")


def is_span(op: Op) -> bool:
    """Whether it works on tokens `begin` to `end`, which the trainer gives to its threads in spans."""
    function = op.implementation("reference")
    return {"begin", "end"} <= set(function.__annotations__)


def test_op(op: str, device: str, threads: int, timing: Timing) -> None:
    timing.benchmark.group = op
    refuse_if_red(device, op)
    operation = OPS_BY_NAME[op]
    load, function = workload(operation, quick=timing.quick), operation.implementation(device)
    on_host = operation.implementation("cpu" if "cpu" in operation.devices else "reference")
    prepare = load.rounds(on_host, partial(moved, device=device))
    with kernel_threads(threads) as pool:
        n_spans = threads if is_span(operation) else 1
        timing.measure(partial(call, function, load.case, n_spans, pool=pool), prepare, device=device)
    timing.note(load.work(load.case), device=device, threads=threads, op=op, **load.sizes)


def call(function: Callable[..., object], case: Case, n_spans: int, *, pool: ThreadPoolExecutor) -> None:
    """One call; with several threads one call per thread, each with its span of the tokens and its own tally."""
    if n_spans == 1:
        function(**case)
        return
    bounds = [case["begin"] + (case["end"] - case["begin"]) * i // n_spans for i in range(n_spans + 1)]
    tallies = [case["tally"].copy() for _ in range(n_spans)]
    spans = zip(bounds, bounds[1:], tallies)
    for future in [pool.submit(function, **case | {"begin": a, "end": b, "tally": t}) for a, b, t in spans]:
        future.result()
    case["tally"][...] = sum(tallies)
