"""Kill `fastw2v train` at random moments, resume it, and compare its vectors with those of an undisturbed run.

`python -m benchmarks.studies.crash` kills `--kills` runs by SIGKILL and `--terms` by SIGTERM, resumes each until
it has ended, and kills `--saves` processes that save over an old file. Then it fills disks, takes names of many bytes
and files that cannot be renamed, and lets two processes write one file. It prints a line of counts for each, and exits
with 1 if a file was lost, differs, or was left. Moments are drawn from `--seed`; what a process does then is up to it.
Mounting needs root; what could not be tried is said.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 300
N_WORDS, N_LINES = 3000, 10_000
OPTIONS = ("--workers", "1", "--epochs", "30", "--min-count", "1", "--sg", "--vector-size", "50")
CHECKPOINT = ("--checkpoint", "run.checkpoint", "--checkpoint-every", "100000", "--resume")
OUTPUT = "vectors.bin"
EXPECTED = {  # what must be as often as something was tried
    "trainings": "equal files",
    "kills": "old or new",
    "full disks": "vectors elsewhere",
    "read-only folders": "refused",
}
MOST_RUNS = 30  # of one training
SAVING = """
import sys
from fastw2v import KeyedVectors
old, new = map(KeyedVectors.load, sys.argv[2:4])
print("ready", flush=True)
while True:
    new.save(sys.argv[1])
    old.save(sys.argv[1])
"""


class Place:
    """A folder with a corpus, where trainings run.

    Parameters
    ----------
    folder : Path
    n_lines : int
        Of the corpus, of 20 words each.

    Attributes
    ----------
    expected : bytes
        The vectors of a run that nothing interrupted, without checkpoints.
    seconds : float
        How long a run with checkpoints takes.
    """

    def __init__(self, folder: Path, n_lines: int = N_LINES) -> None:
        self.folder, self.temporary = folder, folder / "tmp"
        self.temporary.mkdir()
        words = np.random.default_rng(0).zipf(1.3, (n_lines, 20)) % N_WORDS
        (folder / "corpus.txt").write_text("\n".join(" ".join(f"w{word}" for word in line) for line in words))
        self.finish(self.start("-o", OUTPUT))  # and the kernel is compiled
        self.expected = (folder / OUTPUT).read_bytes()
        self.clean()
        begun = time.perf_counter()
        self.finish(self.start("-o", OUTPUT, *CHECKPOINT))
        self.seconds = time.perf_counter() - begun
        self.clean()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `fastw2v train` on the corpus."""
        return self.python("-m", "fastw2v", "train", "corpus.txt", *OPTIONS, *arguments)

    def python(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Python in this folder."""
        path = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
        environment = os.environ | {"PYTHONPATH": path, "TMPDIR": str(self.temporary)}
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def finish(process: subprocess.Popen[str]) -> str:
        """Wait for a process that must succeed; return what it has printed."""
        output = "".join(process.communicate(timeout=TIMEOUT_S))
        if process.returncode:
            raise SystemExit(f"a run ended with status {process.returncode}:\n{output}")
        return output

    def clean(self) -> None:
        """Delete what trainings have written."""
        for path in self.folder.iterdir():
            if path.is_file() and path.name != "corpus.txt":
                path.unlink()

    def left(self) -> list[str]:
        """Return the names of the files that should not be there."""
        known = {"corpus.txt", "tmp", OUTPUT, "run.checkpoint", "run.checkpoint.previous"}
        return sorted({path.name for path in self.folder.iterdir()} - known) + sorted(os.listdir(self.temporary))


def stop_and_resume(place: Place, number: signal.Signals, n_runs: int, *, rng: random.Random) -> Counter[str]:
    """Send a signal to trainings until each has ended; count runs, signals, and what was found."""
    counts: Counter[str] = Counter()
    for _ in range(n_runs):
        is_first = True
        for _ in range(MOST_RUNS):
            process = place.start("-o", OUTPUT, *CHECKPOINT)
            if is_first or rng.random() < 0.3:  # resumed runs too, now and then
                status = signalled(process, number, rng.uniform(0, place.seconds))
                counts["signals"] += status != 0
            else:
                place.finish(process)
                status = 0
            is_first = False
            if status == 0:
                break
            if status not in (-number, 128 + number):
                counts[f"status {status}"] += 1
        counts["trainings"] += 1
        counts["equal files"] += (place.folder / OUTPUT).read_bytes() == place.expected
        counts["left files"] += len(place.left())
        place.clean()
    return counts


def signalled(process: subprocess.Popen[str], number: signal.Signals, seconds: float) -> int:
    """Send a signal after some seconds, unless the process has ended; return its status."""
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        process.communicate(timeout=TIMEOUT_S)
    return process.returncode


def kill_saves(place: Place, n_runs: int, rng: random.Random) -> Counter[str]:
    """Kill processes that save over an old file; count what is there then, and what is left after the next save."""
    from fastw2v import KeyedVectors

    counts: Counter[str] = Counter()
    numbers = np.random.default_rng(1)
    names = [f"w{word}" for word in range(50_000)]
    for ending in (".bin", ".safetensors"):
        files = [place.folder / f"{name}{ending}" for name in ("old", "new")]
        for file in files:
            KeyedVectors(names, numbers.random((len(names), 50), np.float32)).save(file)
        old, new = (file.read_bytes() for file in files)
        target = place.folder / f"saved{ending}"
        target.write_bytes(old)
        for _ in range(n_runs // 2):
            process = place.python("-c", SAVING, target.name, *(file.name for file in files))
            assert process.stdout is not None
            process.stdout.readline()
            signalled(process, signal.SIGKILL, rng.uniform(0, 0.5))
            found = target.read_bytes()
            counts["kills"] += 1
            counts["old or new"] += found in (old, new)
            counts["with a draft"] += any(name.endswith(".tmp") for name in os.listdir(place.folder))
        KeyedVectors.load(files[0]).save(target)
        counts["left files"] += len([name for name in os.listdir(place.folder) if name.endswith(".tmp")])
        for file in (*files, target):
            file.unlink()
    return counts


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[bool]:
    """Mount something within the block; yields whether it could be."""
    command = ["mount", *arguments, str(folder)]
    try:
        is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        is_mounted = False
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", str(folder)], check=True)


def full_disk(place: Place) -> Counter[str]:
    """Train on a disk too small for the vectors, and on one too small for checkpoints."""
    counts: Counter[str] = Counter()
    disk = place.folder / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=100k", "tmpfs") as is_mounted:
        if is_mounted:
            counts["full disks"] += 1
            process = place.start("-o", f"disk/{OUTPUT}")
            error = process.communicate(timeout=TIMEOUT_S)[1]
            where = [word.rstrip(";") for word in error.split() if word.rstrip(";").endswith("vectors.bin")]
            kept = [path for path in map(Path, where) if path.is_file() and path.parent != disk]
            counts["vectors elsewhere"] += any(path.read_bytes() == place.expected for path in kept)
            for path in kept:
                path.unlink()
                path.parent.rmdir()
            every = ("--checkpoint-every", "20000")
            text = place.finish(place.start("-o", OUTPUT, "--checkpoint", "disk/run.checkpoint", *every))
            counts["trainings"] += 1
            counts["warned of checkpoints"] += "could not be written" in text
            counts["equal files"] += (place.folder / OUTPUT).read_bytes() == place.expected
            counts["left files"] += len(os.listdir(disk)) + len(place.left()) - 1
        counts["not tried"] += not is_mounted
    disk.rmdir()
    place.clean()
    return counts


def refused_before(place: Place) -> Counter[str]:
    """Train into a folder that is read-only; it must be refused before the corpus is read."""
    counts: Counter[str] = Counter()
    disk = place.folder / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "ro", "tmpfs") as is_mounted:
        if is_mounted:
            for arguments in (("-o", f"disk/{OUTPUT}"), ("-o", OUTPUT, "--checkpoint", "disk/run.checkpoint")):
                counts["read-only folders"] += 1
                process = place.start(*arguments)
                error = process.communicate(timeout=TIMEOUT_S)[1]
                counts["refused"] += process.returncode == 1 and "nothing was written" in error
        counts["not tried"] += not is_mounted
    disk.rmdir()
    counts["left files"] += len(place.left())
    return counts


def odd_targets(place: Place) -> Counter[str]:
    """Save under a name of 240 bytes, and over a file that cannot be renamed."""
    counts: Counter[str] = Counter()
    long_name = place.folder / ("\u8a5e" * 78 + ".bin")
    place.finish(place.start("-o", long_name.name))
    counts["trainings"] += 1
    counts["equal files"] += long_name.read_bytes() == place.expected
    fixed = place.folder / OUTPUT
    fixed.write_bytes(b"old")
    with mounted(fixed, "--bind", str(fixed)) as is_mounted:
        if is_mounted:
            place.finish(place.start("-o", OUTPUT))
            counts["trainings"] += 1
            counts["equal files"] += fixed.read_bytes() == place.expected
        counts["not tried"] += not is_mounted
    long_name.unlink()
    counts["left files"] += len(place.left())
    place.clean()
    return counts


def two_at_once(place: Place) -> Counter[str]:
    """Let two processes write one output and one checkpoint."""
    processes = [place.start("-o", OUTPUT, *CHECKPOINT) for _ in range(2)]
    for process in processes:
        process.communicate(timeout=TIMEOUT_S)
    counts = Counter({"trainings": 1, "succeeded": sum(process.returncode == 0 for process in processes)})
    counts["equal files"] += (place.folder / OUTPUT).read_bytes() == place.expected
    counts["left files"] += len(place.left())
    place.clean()
    return counts


def faults(counts: Counter[str]) -> int:
    """Return how many files were lost, differ, or were left."""
    missing = sum(max(0, counts[tried] - counts[kept]) for tried, kept in EXPECTED.items())
    return missing + counts["left files"] + sum(n for name, n in counts.items() if name.startswith("status"))


def main(arguments: list[str]) -> int:
    """Run the study; return 1 if anything was lost, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100, help="trainings killed by SIGKILL")
    parser.add_argument("--terms", type=int, default=20, help="trainings stopped by SIGTERM")
    parser.add_argument("--saves", type=int, default=40, help="processes killed while they save")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=int, default=N_LINES, help="lines of the corpus")
    chosen = parser.parse_args(arguments)
    rng, n_faults = random.Random(chosen.seed), 0
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), chosen.lines)
        print(f"a run takes {place.seconds:.1f} s", flush=True)
        studies = {
            "SIGKILL": lambda: stop_and_resume(place, signal.SIGKILL, chosen.kills, rng=rng),
            "SIGTERM": lambda: stop_and_resume(place, signal.SIGTERM, chosen.terms, rng=rng),
            "SIGKILL while saving": lambda: kill_saves(place, chosen.saves, rng),
            "full disk": lambda: full_disk(place),
            "read-only folder": lambda: refused_before(place),
            "long name, mounted file": lambda: odd_targets(place),
            "two processes, one output": lambda: two_at_once(place),
        }
        for name, study in studies.items():
            counts = study()
            n_faults += faults(counts)
            print(f"{name}: {', '.join(f'{what} {n}' for what, n in counts.items())}", flush=True)
    return min(n_faults, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
