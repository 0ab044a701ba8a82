"""Recorded figures: results/<suite>.jsonl, a line for each, with machine, versions, revision and spread.

A spread is a median and its bounds: quartiles of the rounds of pytest-benchmark, least and greatest of a few long runs.
For device "cuda" `seconds` are those of device events, and `wall_seconds` those of the clock.

Usage: python benchmarks/results.py add FILE.json ...   what `pytest benchmarks --benchmark-json=FILE.json` wrote
       python benchmarks/results.py floors              speeds beside what the project has set itself; fails if below
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Spread = list[float]

FOLDER = Path(__file__).parent / "results"

# By how much "cpu" is to be faster than "reference" (with Adam, for an iteration).
LAYER_FLOORS = {
    ("sampler distinct", 10_000): 300,
    ("embedding backward", 10_000): 20,
    ("embedding backward", 1_000_000): 1000,
    ("loss forward and backward", 10_000): 10,
}
ITERATION_FLOORS = {
    ("CBOW", "Adam"): 12,
    ("CBOW", "SparseAdam"): 100,
    ("SkipGram", "Adam"): 25,
    ("SkipGram", "SparseAdam"): 150,
}


def main() -> None:
    match sys.argv[1:]:
        case ["add", *files] if files:
            for file in files:
                add(Path(file))
        case ["floors"]:
            sys.exit(floors())
        case _:
            sys.exit(__doc__)


def add(file: Path) -> None:
    """Append the benchmarks of a pytest-benchmark report to the results of their suites."""
    report = json.loads(file.read_text())
    machine, commit = report["machine_info"], report["commit_info"]
    known = {
        "date": report["datetime"][:10],
        "machine": f"{machine['cpu'].get('brand_raw', machine['machine'])}, {machine['lanes']} lanes",
        "cores": machine["cores"],
        "versions": machine["versions"],
        "revision": commit["id"][:12] + (" and changes" if commit["dirty"] else ""),
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
        append(suite, {"name": benchmark["name"], **times, **benchmark["extra_info"], **known})


def append(suite: str, row: Row) -> None:
    """Write a line to the results of a suite."""
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / f"{suite}.jsonl", "a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")


def latest(suite: str, key: Callable[[Row], Any]) -> dict[Any, Row]:
    """The latest line for each key; what it does not tell (speed without quality), from the lines before it."""
    rows: dict[Any, Row] = {}
    file = FOLDER / f"{suite}.jsonl"
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        row = json.loads(line)
        rows[key(row)] = rows.get(key(row), {}) | row
    return rows


def floors() -> int:
    """Print every floor beside the latest figures; return how many are missed."""
    layers = latest("models", lambda row: (row.get("layer"), row["V"], row["device"]))
    runs = latest("models", lambda row: (row.get("model"), row.get("optimizer"), row["device"]))
    pairs = [(key, n, layers.get((*key, "reference")), layers.get((*key, "cpu"))) for key, n in LAYER_FLOORS.items()]
    pairs += [
        (key, n, runs.get((key[0], "Adam", "reference")), runs.get((*key, "cpu")))
        for key, n in ITERATION_FLOORS.items()
    ]
    n_missed = 0
    for key, floor, slow, fast in pairs:
        found = ratio(slow["seconds"], fast["seconds"]) if slow and fast else None
        n_missed += found is None or found[0] < floor
        print(f"{' '.join(map(str, key)):36} at least {floor:5} x: {cell(found) if found else 'not measured'}")
    return n_missed


def spread(values: Iterable[float]) -> Spread:
    """Median, least and greatest."""
    known = list(values)
    return [digits(x) for x in (statistics.median(known), min(known), max(known))]


def ratio(a: Spread, b: Spread) -> Spread:
    """A / b of two spreads: of the medians, and the least and greatest that their bounds give."""
    return [digits(a[0] / b[0]), digits(a[1] / b[2]), digits(a[2] / b[1])]


def digits(x: float) -> float:
    """Four significant digits."""
    return float(f"{x:.4g}")


def cell(value: object) -> str:
    """A median with its spread, or the value as it is."""
    is_spread = isinstance(value, list) and len(value) == 3 and all(isinstance(x, float) for x in value)
    return "{:g} ({:g}-{:g})".format(*value) if is_spread else str(value)  # type: ignore[misc]


def here() -> Row:
    """Date, machine, versions and revision, for what is not run by pytest-benchmark."""
    from cpuinfo import get_cpu_info

    from fastw2v_kernels._simd import LANES

    git = ["git", "-C", str(FOLDER.parent), "describe", "--always", "--dirty", "--abbrev=12"]
    revision = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    machine = {"machine": f"{get_cpu_info().get('brand_raw', '')}, {LANES} lanes", "cores": os.cpu_count()}
    return {"date": str(date.today()), **machine, "versions": versions(), "revision": revision}


def versions() -> dict[str, str]:
    """Versions of what a time depends on."""
    import fastw2v

    found = {"fastw2v": fastw2v.__version__}
    for package in ("numpy", "numba", "llvmlite", "gensim"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


if __name__ == "__main__":
    main()
