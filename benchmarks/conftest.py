"""Options, fixtures and notes of the benchmark suites; `pytest benchmarks --quick` runs them all in minutes."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from fastw2v.profile.machine import keep_memory
from fastw2v_kernels.shared.threads import available_cores

if TYPE_CHECKING:
    from benchmarks.timing import Timing

PARAMETERS = ("device", "model", "optimizer", "n_vocab", "layer", "op", "threads")  # one meaning in all suites


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fastw2v")
    group.addoption("--quick", action="store_true", help="small sizes, few rounds: all suites in under 3 minutes")
    group.addoption(
        "--seeds", type=int, default=1, help="seeds of the quality in test_end_to_end.py and test_pairs.py; 0: none"
    )
    group.addoption("--scored-peers", action="store_true", help="take gensim's scores from results/")
    group.addoption("--pairs", type=int, default=5, help="how often test_pairs.py and test_nearest.py run both sides")


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError("the benchmarks need pytest-benchmark: pip install '.[bench]'")
    keep_memory()


@pytest.fixture
def quick(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("quick"))


@pytest.fixture
def timing(benchmark: Any, quick: bool) -> Timing:  # noqa: ANN401 - pytest-benchmark's fixture has no public type
    from benchmarks.timing import Timing

    return Timing(benchmark, quick=quick)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    from benchmarks.peak import LANES
    from benchmarks.report.results import versions

    machine_info |= {"lanes": LANES, "cores": available_cores(), "versions": versions()}


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_commit_info(commit_info: dict[str, Any]) -> None:
    from benchmarks.report.results import has_changes

    commit_info["dirty"] = has_changes()


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(output_json: dict[str, Any]) -> None:
    """Write the same into the report, for `pytest-benchmark compare`."""
    for benchmark in output_json["benchmarks"]:
        benchmark["params"] = _parameters(benchmark, PARAMETERS)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_benchmark_group_stats(benchmarks: list[dict[str, Any]], group_by: str) -> None:
    """Let `--benchmark-group-by=param:NAME` go over all suites: a benchmark without NAME takes it from its notes."""
    names = [name.removeprefix("param:") for name in group_by.split(",") if name.startswith("param:")]
    for benchmark in benchmarks:
        benchmark["params"] = _parameters(benchmark, names)


def _parameters(benchmark: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    noted = {name: benchmark["extra_info"].get("V" if name == "n_vocab" else name, "-") for name in names}
    return noted | (benchmark["params"] or {})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Leave benchmarks that fail after they were timed out of the report."""
    if call.excinfo is not None and "benchmark" in getattr(item, "funcargs", {}):
        item.funcargs["benchmark"].has_error = True  # type: ignore[attr-defined]
    return (yield)
