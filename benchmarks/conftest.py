"""Options, fixtures and notes of the benchmark suites; `pytest benchmarks --quick` runs them all in minutes."""

from __future__ import annotations

import contextlib
import ctypes
from typing import TYPE_CHECKING, Any

import pytest

from fastw2v.config import available_cores

if TYPE_CHECKING:
    from timing import Timing


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fastw2v")
    group.addoption("--quick", action="store_true", help="small sizes, few rounds: all suites in under 3 minutes")
    group.addoption("--seeds", type=int, default=1, help="seeds of the quality in test_end_to_end.py; 0: none")
    group.addoption("--pairs", type=int, default=5, help="how often test_pairs.py and test_nearest.py run both sides")


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError("the benchmarks need pytest-benchmark: pip install 'fastw2v[bench]'")
    _keep_memory()


def _keep_memory() -> None:
    """Let glibc keep what is freed: fresh pages for large temporaries were half of the time of the NumPy baseline."""
    m_mmap_max, m_trim_threshold = -4, -1
    with contextlib.suppress(OSError, AttributeError):  # another C library keeps to its own ways
        glibc = ctypes.CDLL("libc.so.6")
        glibc.mallopt(m_mmap_max, 0)
        glibc.mallopt(m_trim_threshold, 2**31 - 1)


@pytest.fixture
def quick(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("quick"))


@pytest.fixture
def timing(benchmark: Any, quick: bool) -> Timing:  # noqa: ANN401 - pytest-benchmark's fixture has no public type
    from timing import Timing

    return Timing(benchmark, quick=quick)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    from peak import LANES
    from results import versions

    machine_info |= {"lanes": LANES, "cores": available_cores(), "versions": versions()}
