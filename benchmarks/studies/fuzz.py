"""Damage files of every format at random, read them, and count what happens.

    python -m benchmarks.studies.fuzz --cases 10000 --seed 1
    python -m benchmarks.studies.fuzz --minutes 10 --formats text binary
    python -m benchmarks.studies.fuzz --seed 1 --first 4711 --cases 1 --keep damaged

Each case depends on the seed and its number alone. The cases run in a child process, one after the other. A case is a
"crash" if the process ends or an error is raised that tells a user nothing; a "hang" after 2 s of computing or a minute
of waiting; "memory" if the process grows by more than three times the file and 50 MB (a packed file counts as what it
unpacks to, up to 16 MB, since a word may be so long); "wrong" if what was read is not what the file holds. The program
prints the count of each outcome by format, and ends with status 1 if there is such a case. `--keep` writes the files of
such cases to a folder.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.studies.fuzz_formats import Input
from benchmarks.studies.fuzz_inputs import inputs
from benchmarks.studies.mutations import damaged
from fastw2v.runtime.compressed import unpacked

MOST_CPU_S, MOST_WALL_S = 2.0, 60.0
MOST_EXTRA_BYTES, MOST_UNPACKED_BYTES, ADDRESS_SPACE_BYTES = 50 << 20, 16 << 20, 4 << 30
CASES_OF_CHILD, FIRST_READS = 20_000, 4
_IN_MEMORY = "/dev/shm"  # a file system that need not be written to a disk
_OWN_ERROR = 3  # exit status of a child
BAD = ("crash", "hang", "memory", "wrong")


class Outcome(NamedTuple):
    """Number and format of a case, what happened, and the error."""

    case: int
    format: str
    kind: str
    detail: str = ""


def main() -> int:
    """Run the cases that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=None, help="how many; default: 10,000, or as many as fit")
    parser.add_argument("--minutes", type=float, default=None, help="stop after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--formats", nargs="+", default=None, metavar="NAME", help="default: all")
    parser.add_argument("--keep", type=Path, default=None, metavar="FOLDER", help="for the files of bad cases")
    given = parser.parse_args()
    formats = {name: each for name, each in inputs().items() if given.formats is None or name in given.formats}
    if not formats:
        parser.error(f"no such format; there are: {', '.join(inputs())}")
    n_cases = given.cases or (10_000 if given.minutes is None else 1 << 60)
    seconds = 60 * given.minutes if given.minutes is not None else float("inf")
    cases = range(given.first, given.first + n_cases)
    found: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes(formats, given.seed, cases, seconds=seconds):
        found[outcome.format, outcome.kind] += 1
        if outcome.kind in BAD:
            print(f"case {outcome.case}, {outcome.format}: {outcome.kind}: {outcome.detail}", flush=True)
            if given.keep is not None:
                given.keep.mkdir(parents=True, exist_ok=True)
                content = content_of(formats, given.seed, outcome.case)[1]
                (given.keep / f"{given.seed}-{outcome.case}").write_bytes(content)
    print(table(found))
    return int(any(kind in BAD for _, kind in found))


def table(found: Mapping[tuple[str, str], int]) -> str:
    """Markdown: a row for each format, a column for each outcome."""
    kinds = sorted({kind for _, kind in found} - set(BAD)) + list(BAD)
    rows = {name: [found.get((name, kind), 0) for kind in kinds] for name in dict.fromkeys(name for name, _ in found)}
    rows["all"] = [sum(column) for column in zip(*rows.values())]
    lines = [f"| format | cases | {' | '.join(kinds)} |", "|---|" + "---|" * (len(kinds) + 1)]
    lines += [f"| {name} | {sum(counts):,} | {' | '.join(f'{n:,}' for n in counts)} |" for name, counts in rows.items()]
    return "\n".join(lines)


def content_of(formats: dict[str, Input], seed: int, case: int) -> tuple[str, bytes, random.Random]:
    """Return format and content of a case, and the random numbers that choose how it is read."""
    rng = random.Random(f"{seed} {case}")
    name = list(formats)[case % len(formats)]
    each = formats[name]
    if each.pack is not bytes and rng.random() < 0.5:
        return name, damaged(each.pack(each.content), rng), rng
    return name, each.pack(damaged(each.content, rng)), rng


def outcomes(formats: dict[str, Input], seed: int, cases: range, *, seconds: float = float("inf")) -> Iterator[Outcome]:
    """Yield what happens in each case, in child processes."""
    end, case = time.monotonic() + seconds, cases.start
    while case < cases.stop and time.monotonic() < end:
        with tempfile.TemporaryDirectory(dir=_IN_MEMORY if os.path.isdir(_IN_MEMORY) else None) as folder:
            some = range(case, min(cases.stop, case + CASES_OF_CHILD))
            for outcome in _of_child(formats, seed, some, folder=folder, end=end):
                yield outcome
                case = outcome.case + 1


def _of_child(formats: dict[str, Input], seed: int, cases: range, *, folder: str, end: float) -> Iterator[Outcome]:
    """Yield the outcomes of one child process until it has done all cases, or dies, or is killed."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child uses no thread of its parent
        pid = os.fork()
    if pid == 0:
        os.close(reader)
        _run_child(formats, seed, cases, folder=folder, writer=writer)
    os.close(writer)
    next_case, is_killed = cases.start, False
    try:
        with open(reader, "rb", buffering=0) as lines:  # a buffer would hide lines from select
            begun = _Begun(pid)
            while time.monotonic() < end:
                if not select.select([lines], [], [], 0.2)[0]:
                    if begun.is_too_long():
                        is_killed = True
                        break
                    continue
                line = lines.readline().decode()
                if not line:
                    break
                if line != "begin\n":
                    name, kind, detail = line.rstrip("\n").split("\t", 2)
                    yield Outcome(next_case, name, kind, detail)
                    next_case += 1
                begun = _Begun(pid)
            else:
                return
    finally:
        os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == _OWN_ERROR:
        raise RuntimeError("the study itself failed, not the reading of a file; its traceback is above")
    if next_case < cases.stop:
        name = list(formats)[next_case % len(formats)]
        yield Outcome(next_case, name, *(("hang", "killed") if is_killed else ("crash", f"ended by signal {-status}")))


class _Begun:
    """When a case began: computing and other time."""

    def __init__(self, pid: int) -> None:
        self._pid, self._cpu_s, self._wall_s = pid, _cpu_s(pid), time.monotonic()

    def is_too_long(self) -> bool:
        is_waiting = time.monotonic() - self._wall_s > MOST_WALL_S
        return is_waiting or _cpu_s(self._pid) - self._cpu_s > 5 * MOST_CPU_S  # the child counts its own cases exactly


def _cpu_s(pid: int) -> float:
    """Seconds of computing of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _run_child(formats: dict[str, Input], seed: int, cases: range, *, folder: str, writer: int) -> None:
    """Run the cases; a line for each to the pipe. Does not return."""
    status = _OWN_ERROR
    try:
        warnings.simplefilter("ignore")
        logging.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        path = Path(folder, "file")
        for each in formats.values():  # loads kernels and modules
            path.write_bytes(each.pack(each.content))
            for i in range(FIRST_READS):
                with suppress(ValueError):  # of text that is read as binary
                    each.read(path, random.Random(i))
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + ADDRESS_SPACE_BYTES,) * 2)
        for case in cases:
            name, content, rng = content_of(formats, seed, case)
            path.write_bytes(content)
            os.write(writer, b"begin\n")
            kind, detail = run_case(formats[name], path, rng)
            os.write(writer, f"{name}\t{kind}\t{' '.join(detail.split())[:400]}\n".encode(errors="replace"))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def run_case(each: Input, path: Path, rng: random.Random) -> tuple[str, str]:
    """Read one file; return what happened, and the error."""
    before, begun = _reset_peak(), time.process_time()
    kind, detail = _read(each, path, rng)
    cpu_s, grown = time.process_time() - begun, _status("VmHWM") - before
    if grown > MOST_EXTRA_BYTES and grown > 3 * _unpacked_bytes(path) + MOST_EXTRA_BYTES:
        return "memory", f"{grown >> 20} MB for {path.stat().st_size} bytes; {kind} {detail}"
    return ("hang", f"{cpu_s:.1f} s; {kind} {detail}") if cpu_s > MOST_CPU_S else (kind, detail)


def _unpacked_bytes(path: Path) -> int:
    """Size of a file; of a packed one, of what it unpacks to until it ends, is damaged, or has become large."""
    n_bytes, n_new = 0, 1
    with suppress(OSError), open(path, "rb") as file, unpacked(file, str(path)) as stream:
        while n_new and n_bytes < MOST_UNPACKED_BYTES:
            n_new = len(stream.read(1 << 16))
            n_bytes += n_new
    return max(n_bytes, path.stat().st_size)


def _read(each: Input, path: Path, rng: random.Random) -> tuple[str, str]:
    try:
        each.read(path, rng)
    except (ValueError, OSError) as error:
        is_clear = len(str(error)) > 20 and (not each.names_file or str(path) in str(error))
        return (type(error).__name__ if is_clear else "crash"), f"{type(error).__name__}: {error}"
    except MemoryError as error:
        return "memory", str(error)
    except AssertionError:
        return "wrong", traceback.format_exc(limit=-2)
    except BaseException:
        return "crash", traceback.format_exc(limit=-3)
    return "read", ""


def _status(name: str) -> int:
    """Bytes of an entry of /proc/self/status."""
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))


def _address_space() -> int:
    return _status("VmSize")


def _reset_peak() -> int:
    """Make the peak of the memory what is used now; return that."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


if __name__ == "__main__":
    sys.exit(main())
