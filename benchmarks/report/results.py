"""Recorded figures: a line of results/<suite>.jsonl each, with spread, machine, versions and revision.

A spread is a median with two bounds: quartiles of the rounds of pytest-benchmark, or least and greatest of long runs.
For device "cuda" `seconds` are those of device events, and `wall_seconds` those of the clock.

Usage: python -m benchmarks.report.results add FILE.json ... [--to FOLDER]
           what `pytest benchmarks --benchmark-json=FILE.json` wrote, to benchmarks/results or another folder
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Spread = list[float]

FOLDER = Path(__file__).parents[1] / "results"
ORIGIN = ("date", "machine", "cores", "versions", "revision")  # fields of every line
CHANGED = " and changes"
RECORDED = (":(top,exclude)benchmarks/results", ":(top,exclude,glob)**/README.md")  # what recording writes


def main() -> None:
    match sys.argv[1:]:
        case ["add", *files, "--to", folder] if files:
            add(map(Path, files), Path(folder))
        case ["add", *files] if files and "--to" not in files:
            add(map(Path, files))
        case _:
            sys.exit(__doc__)


def add(files: Iterable[Path], folder: Path | None = None) -> None:
    """Append the benchmarks of pytest-benchmark's reports to the results of their suites: all, or none."""
    rows = [row for file in files for row in rows_of(file)]
    for suite, row in rows:
        append(suite, row, folder)
    for suite in dict.fromkeys(suite for suite, _ in rows):
        print(f"{(folder or FOLDER) / suite}.jsonl: {sum(suite == name for name, _ in rows)} lines more")


def rows_of(file: Path) -> Iterator[tuple[str, Row]]:
    """The suite of each benchmark of a report, and its line."""
    report = json.loads(file.read_text())
    machine, commit = report["machine_info"], report["commit_info"]
    known = {
        "date": report["datetime"][:10],
        "machine": processor(machine["cpu"], machine["lanes"]),
        "cores": machine["cores"],
        "versions": machine["versions"],
        "revision": commit["id"][:12] + (CHANGED if commit["dirty"] else ""),
    }
    for benchmark in report["benchmarks"]:
        if benchmark["extra_info"].get("profile") != "full":
            sys.exit(f"{file}: {benchmark['name']} is of the quick profile; record runs without --quick")
        stats = benchmark["stats"]
        times = {"seconds": [digits(stats[name]) for name in ("median", "q1", "q3")], "rounds": stats["rounds"]}
        if "device_ms" in benchmark["extra_info"]:
            of_events = [digits(ms / 1e3) for ms in benchmark["extra_info"]["device_ms"]]
            times |= {"seconds": of_events, "wall_seconds": times["seconds"]}
        suite = Path(benchmark["fullname"].split("::")[0]).stem.removeprefix("test_")
        yield suite, {"name": benchmark["name"], **times, **benchmark["extra_info"], **known}


def append(suite: str, row: Row, folder: Path | None = None) -> None:
    """Write a line to the results of a suite.

    Raises
    ------
    ValueError
        The line lacks a field that says where its figures come from.
    """
    absent = [name for name in ORIGIN if not row.get(name)]
    if absent:
        raise ValueError(f"a line of {suite} has no {', '.join(absent)}; expected all of {', '.join(ORIGIN)}")
    folder = folder or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{suite}.jsonl", "a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")


def latest(suite: str, key: Callable[[Row], Any], *, has: str = "date", folder: Path | None = None) -> dict[Any, Row]:
    """The latest line for each key, of those that have a field, in the order in which keys first occur."""
    file = (folder or FOLDER) / f"{suite}.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {key(row): row for row in map(json.loads, lines) if has in row}


def spread(values: Iterable[float]) -> Spread:
    """Median, least and greatest."""
    known = list(values)
    return [digits(x) for x in (statistics.median(known), min(known), max(known))]


def ratio(a: Spread, b: Spread) -> Spread:
    """Ratio a / b of two spreads: of their medians, and the least and greatest ratio that their bounds allow."""
    return [digits(a[0] / b[0]), digits(a[1] / b[2]), digits(a[2] / b[1])]


def digits(x: float) -> float:
    """Four significant digits."""
    return float(f"{x:.4g}")


def quartiles(values: Iterable[float]) -> Spread:
    """Median, lower and upper quartile."""
    known = list(values)
    if len(known) == 1:
        return [digits(known[0])] * 3
    low, median, high = statistics.quantiles(known, n=4, method="inclusive")
    return [digits(x) for x in (median, low, high)]


def cell(value: object) -> str:
    """A median with its spread as text; any other value unchanged."""
    is_spread = isinstance(value, list) and len(value) == 3 and all(isinstance(x, float) for x in value)
    return "{:g} ({:g}-{:g})".format(*value) if is_spread else str(value)  # type: ignore[misc]


def here() -> Row:
    """Date, machine, versions and revision, for programs that run without pytest-benchmark."""
    from cpuinfo import get_cpu_info

    from fastw2v_kernels._simd import LANES
    from fastw2v_kernels.shared.threads import available_cores

    machine = {"machine": processor(get_cpu_info(), LANES), "cores": available_cores()}
    revision = (git("rev-parse", "--short=12", "HEAD") or "unversioned") + (CHANGED if has_changes() else "")
    return {"date": str(date.today()), **machine, "versions": versions(), "revision": revision}


def processor(known: Row, lanes: int) -> str:
    """Name a processor by what py-cpuinfo knows of it.

    Family and model tell generations apart, where a virtual machine hides the rest of the name.
    """
    name = known.get("brand_raw", known.get("arch", "unknown"))
    kind = f" (family {known['family']}, model {known['model']})" if {"family", "model"} <= known.keys() else ""
    return f"{name}{kind}, {lanes} lanes"


def has_changes() -> bool:
    """Whether the working tree differs from its revision, but for what recording writes."""
    return bool(git("status", "--porcelain", "--", ":/", *RECORDED))


def git(*arguments: str) -> str:
    """Output of git for this checkout; empty without a repository."""
    command = ["git", "-C", str(FOLDER.parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def versions() -> dict[str, str]:
    """Versions of the packages that a time depends on."""
    import fastw2v

    found = {"fastw2v": fastw2v.__version__}
    for package in ("numpy", "numba", "llvmlite", "gensim", "fasttext-wheel"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


if __name__ == "__main__":
    main()
