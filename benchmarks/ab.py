"""Compare the speed of two revisions: run the same benchmarks on both in alternation, print the ratios of their times.

Usage: python -m benchmarks.ab REV_A REV_B [--rounds 5] [--full] [--own-files] [arguments of pytest: -k EXPR, FILE, ...]

A revision is a commit, tag or branch, or "." for the working tree. Each revision is installed into its own environment.
Both run the benchmark files of the working tree, so that both are timed by the same code. If these files do not work
with one of the revisions, because modules were renamed between them, `--own-files` lets each revision run its own
benchmark files; benchmarks are then matched by their test ids. Everything lies in a temporary folder, which is removed
at the end, after errors and Ctrl-C too.

A ratio is B's time over A's: of the medians over the rounds, with the least and greatest of any round of B over any
round of A. "slower" and "faster" are printed only if every round of one revision is beyond every round of the other.
For revisions of equal speed that happens by chance once in 126 comparisons with 5 rounds, once in 10 with 3.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from benchmarks.report.results import Spread, cell, ratio, spread

ROOT = Path(__file__).resolve().parents[1]
BENCHMARK_FILES = ("benchmarks", "tests")
Medians = dict[str, list[float]]  # of each round, by the test id of the benchmark


class Side(NamedTuple):
    """One of the two revisions: its interpreter, the folder with the benchmark files it runs, its kernel cache."""

    python: Path
    suites: Path
    cache: Path


def main() -> None:
    arguments, for_pytest = parse()
    with contextlib.ExitStack() as cleanup:
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
        cleanup.callback(signal.signal, signal.SIGTERM, before)
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="fastw2v-ab-")))
        sides = []
        for name, revision in zip("ab", arguments.revisions):
            source = checked_out(folder / name, revision, cleanup)
            sides.append(installed(folder / name, source, source if arguments.own_files else ROOT))
        medians: list[Medians] = [defaultdict(list), defaultdict(list)]
        for n in range(arguments.rounds):
            for side in (0, 1) if n % 2 == 0 else (1, 0):  # A B B A ..., a drift of the machine cancels out
                say(f"round {n + 1} of {arguments.rounds}, {'AB'[side]} = {arguments.revisions[side]}")
                for name, seconds in run(sides[side], for_pytest, quick=not arguments.full).items():
                    medians[side][name].append(seconds)
    report(*medians)


def parse() -> tuple[argparse.Namespace, list[str]]:
    """Our arguments, and those for pytest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revisions", nargs=2, metavar="REV")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each side (default 5)")
    parser.add_argument("--full", action="store_true", help="realistic sizes, instead of the quick ones")
    parser.add_argument("--own-files", action="store_true", help="each revision runs its own benchmark files")
    arguments, for_pytest = parser.parse_known_args()
    if arguments.rounds < 3:
        parser.error(f"--rounds is {arguments.rounds}; expected at least 3, for a spread")
    return arguments, for_pytest


def checked_out(folder: Path, revision: str, cleanup: contextlib.ExitStack) -> Path:
    """Check a revision out into a new folder; return its root."""
    folder.mkdir()
    if revision == ".":
        return ROOT
    tree = folder / "tree"
    cleanup.callback(git, "worktree", "remove", "--force", str(tree), check=False)
    git("worktree", "add", "--detach", str(tree), revision)
    return tree


def installed(folder: Path, source: Path, benchmark_files: Path) -> Side:
    """Install a checkout into a new environment; copy the benchmark files of a checkout for it."""
    say(f"installing {source}")
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    needed = [f"{source}[test]", "pytest-benchmark>=5.1", "gensim>=4.4"]
    subprocess.run([str(python), "-m", "pip", "install", "-qq", *needed], check=True)
    return Side(python, copy_benchmarks(benchmark_files, folder / "suites"), folder / "cache")


def git(*arguments: str, check: bool = True) -> None:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit(f"git {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")


def copy_benchmarks(source: Path, target: Path) -> Path:
    """Copy the benchmarks of a checkout, and the tests they use, into a folder that holds no package to be timed."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in BENCHMARK_FILES:
        shutil.copytree(source / name, target / name, ignore=ignored)
    shutil.copy2(source / "pyproject.toml", target)
    return target


def run(side: Side, for_pytest: list[str], *, quick: bool) -> dict[str, float]:
    """Run the benchmarks once; return their medians in seconds."""
    result, unset = side.suites / "result.json", ("PYTHONPATH", "NUMBA_CACHE_DIR", "PYTEST_ADDOPTS")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"NUMBA_CACHE_DIR": str(side.cache)}
    has_file = any(Path(side.suites, argument.split("::")[0]).exists() for argument in for_pytest)
    command = [str(side.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--benchmark-json={result}"]
    command += [*([] if has_file else ["benchmarks"]), *(["--quick"] if quick else []), *for_pytest]
    result.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=side.suites, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not result.exists():
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    if done.returncode:
        say(done.stdout[done.stdout.rfind("short test summary") :])
    benchmarks = json.loads(result.read_text())["benchmarks"]
    return {benchmark["fullname"]: benchmark["stats"]["median"] for benchmark in benchmarks}


def report(a: Medians, b: Medians) -> None:
    """Print a line for each benchmark that ran on both revisions; name the others."""
    both = [name for name in a if name in b]
    for name in both:
        found = ratio(spread(b[name]), spread(a[name]))
        millis = (1e3 * statistics.median(side[name]) for side in (a, b))
        print("{:6} {:18} {:10.4g} ms {:10.4g} ms  {}".format(verdict(found), cell(found), *millis, name))
    for name in sorted(a.keys() ^ b.keys()):
        print(f"only {'A' if name in a else 'B'}  {name}")
    verdicts = [verdict(ratio(spread(b[name]), spread(a[name]))) for name in both]
    print(", ".join(f"{verdicts.count(kind)} {kind}" for kind in ("slower", "same", "faster")))


def verdict(found: Spread) -> str:
    """Whether B is slower or faster than A, by a ratio with its spread."""
    return "slower" if found[1] > 1 else "faster" if found[2] < 1 else "same"


def say(text: str) -> None:
    """Print progress to stderr; stdout has the table alone."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
