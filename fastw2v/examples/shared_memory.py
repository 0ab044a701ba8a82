"""Neighbours served by several processes from one file: they share its memory, however many they are.

`KeyedVectors.load(path, mmap="r")` leaves the vectors in the file. The system keeps one copy of what is read in memory,
for all processes. A server with many worker processes, such as gunicorn's, loads them so.
"""

from __future__ import annotations

import multiprocessing
import re
import tempfile
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

from fastw2v import KeyedVectors

N_WORDS, DIM, N_PROCESSES = 50_000, 64, 3
vectors: KeyedVectors  # of this process
all_look: Barrier


def load(path: str, barrier: Barrier) -> None:
    """Map the file, once in each process."""
    global vectors, all_look
    vectors, all_look = KeyedVectors.load(path, mmap="r"), barrier


def neighbours(words: list[str]) -> list[list[str]]:
    """Answer some queries."""
    return [[word for word, _ in found] for found in vectors.most_similar_batch(words, topn=3)]


def memory_of(path: str) -> tuple[int, int]:
    """Return the kB of a mapped file that are in memory, and those of them that no other process has (Linux)."""
    neighbours(["word0"])  # looks at all vectors
    all_look.wait(timeout=60)  # so each process does so once, and none is asked before all have
    maps = Path("/proc/self/smaps").read_text().split(f"{path}\n")[1:]
    kilobytes = [dict(re.findall(r"^(\w+): +(\d+) kB", part, re.MULTILINE)[:12]) for part in maps]
    resident = sum(int(part["Rss"]) for part in kilobytes)
    return resident, sum(int(part["Private_Clean"]) + int(part["Private_Dirty"]) for part in kilobytes)


def main() -> None:
    """Save vectors, and let a pool of processes serve them."""
    random = np.random.default_rng(1).standard_normal((N_WORDS, DIM), np.float32)
    words = [f"word{n}" for n in range(N_WORDS)]
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "vectors.safetensors").resolve())
        KeyedVectors(words, random).save(path)
        batches = [words[n::1000][:20] for n in range(12)]
        spawn = multiprocessing.get_context("spawn")
        with spawn.Pool(N_PROCESSES, load, (path, spawn.Barrier(N_PROCESSES))) as pool:
            answers = [answer for batch in pool.map(neighbours, batches, chunksize=1) for answer in batch]
            print(f"answers: {len(answers)}")
            if Path("/proc/self/smaps").exists():
                resident, own = np.array(pool.map(memory_of, [path] * N_PROCESSES, chunksize=1)).max(axis=0)
                print(f"a process has {resident / 1e3:.1f} MB of the vectors in memory")
                print(f"MB of that which it does not share: {own / 1e3:.1f}")


if __name__ == "__main__":
    main()
