"""Two revisions side by side: the same benchmarks, in turn, on both, and the ratios of their times.

Usage: python -m benchmarks.ab REV_A REV_B [--rounds 5] [--full] [what pytest takes: -k EXPR, FILE, ...]

A revision is what git takes for one, or "." for the working tree as it is. Each side is installed into an environment
of its own; the benchmark files are those of the working tree on both. All is in a temporary folder, which goes also
after an error or Ctrl-C. A ratio is B's time over A's: of the medians over the rounds, with the least and greatest that
any round of B and any of A give. "slower" and "faster" are said only where every round of one side is beyond every
round of the other; for equal sides that happens by chance once in 126 with 5 rounds, in 10 with 3.
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

from benchmarks.report.results import Spread, cell, ratio, spread

ROOT = Path(__file__).resolve().parents[1]
BENCHMARK_FILES = ("benchmarks", "tests")
Medians = dict[str, list[float]]  # of each round, by the benchmark's name


def main() -> None:
    arguments, for_pytest = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="fastw2v-ab-")))
        sides = [build(folder / name, revision, cleanup) for name, revision in zip("ab", arguments.revisions)]
        suites = copy_benchmarks(folder / "suites")
        medians: list[Medians] = [defaultdict(list), defaultdict(list)]
        for n in range(arguments.rounds):
            for side in (0, 1) if n % 2 == 0 else (1, 0):  # A B B A ..., so that a drift of the machine cancels out
                say(f"round {n + 1} of {arguments.rounds}, {'AB'[side]} = {arguments.revisions[side]}")
                for name, seconds in run(sides[side], suites, for_pytest, quick=not arguments.full).items():
                    medians[side][name].append(seconds)
    report(*medians)


def parse() -> tuple[argparse.Namespace, list[str]]:
    """Our arguments, and those for pytest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revisions", nargs=2, metavar="REV")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each side (default 5)")
    parser.add_argument("--full", action="store_true", help="the full profile, not the quick one")
    arguments, for_pytest = parser.parse_known_args()
    if arguments.rounds < 3:
        parser.error(f"--rounds is {arguments.rounds}; expected at least 3, for a spread")
    return arguments, for_pytest


def build(side: Path, revision: str, cleanup: contextlib.ExitStack) -> Path:
    """Install a revision into an environment of its own, `side`/env; return its interpreter."""
    side.mkdir()
    source = ROOT
    if revision != ".":
        source = side / "tree"
        cleanup.callback(git, "worktree", "remove", "--force", str(source), check=False)
        git("worktree", "add", "--detach", str(source), revision)
    say(f"installing {revision}")
    python = side / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([sys.executable, "-m", "venv", str(side / "env")], check=True)
    needed = [f"{source}[test]", "pytest-benchmark>=5.1", "gensim>=4.4"]
    subprocess.run([str(python), "-m", "pip", "install", "-qq", *needed], check=True)
    return python


def git(*arguments: str, check: bool = True) -> None:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit(f"git {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")


def copy_benchmarks(target: Path) -> Path:
    """Copy the benchmarks, and what they need, to where no package lies beside them."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in BENCHMARK_FILES:
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    shutil.copy2(ROOT / "pyproject.toml", target)
    return target


def run(python: Path, suites: Path, for_pytest: list[str], *, quick: bool) -> dict[str, float]:
    """Run the benchmarks once; return their medians in seconds."""
    result, hidden = suites / "result.json", ("PYTHONPATH", "NUMBA_CACHE_DIR", "PYTEST_ADDOPTS")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"NUMBA_CACHE_DIR": str(python.parents[2] / "cache")}
    chosen = [] if any(Path(suites, argument.split("::")[0]).exists() for argument in for_pytest) else ["benchmarks"]
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--benchmark-json={result}"]
    command += [*chosen, *(["--quick"] if quick else []), *for_pytest]
    result.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=suites, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not result.exists():
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    if done.returncode:
        say(done.stdout[done.stdout.rfind("short test summary") :])
    benchmarks = json.loads(result.read_text())["benchmarks"]
    return {benchmark["fullname"]: benchmark["stats"]["median"] for benchmark in benchmarks}


def report(a: Medians, b: Medians) -> None:
    """Print a line for each benchmark that ran on both sides, and name the others."""
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
    """What a ratio with its spread says of B."""
    return "slower" if found[1] > 1 else "faster" if found[2] < 1 else "same"


def say(text: str) -> None:
    """Tell how far it is; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
