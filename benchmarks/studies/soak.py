"""Many trainings in one process: threads, open files and memory must not grow; and trainings side by side.

    python -m benchmarks.studies.soak --trainings 300

prints the figures after each tenth of the trainings, and ends with status 1 if one has grown.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fastw2v import Word2Vec
from fastw2v.runtime.memory import return_freed_memory

N_WARM = 20  # trainings before the first figures: caches fill, and the allocator takes what it will need
MOST_GROWTH_BYTES = 16 << 20


class Figures(NamedTuple):
    """What a process holds: threads, open files, bytes of resident memory."""

    threads: int
    files: int
    rss_bytes: int


def figures() -> Figures:
    """Figures of this process (Linux)."""
    gc.collect()
    return_freed_memory()
    rss = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return Figures(threading.active_count(), len(os.listdir("/proc/self/fd")), 1024 * int(rss[1]) if rss else 0)


def sentences(seed: int, n_sentences: int = 200) -> list[list[str]]:
    """Sentences of 10 words, of 300 different ones."""
    words = np.random.default_rng(seed).zipf(1.3, (n_sentences, 10)) % 300
    return [[f"w{word}" for word in line] for line in words.tolist()]


def train(seed: int) -> np.ndarray:
    """Train a small model, skip-gram or CBOW in turn; return its vectors."""
    options = {"sg": seed % 2, "workers": 1 + seed % 3, "seed": seed, "compute_loss": True}
    model = Word2Vec(sentences(seed), min_count=1, vector_size=16, epochs=1, **options)
    model.wv.most_similar("w1", topn=3)
    return np.asarray(model.wv.vectors)


def soak(n_trainings: int) -> list[Figures]:
    """Train so many models; return the figures after the first and after each tenth of the rest."""
    for seed in range(N_WARM):
        train(seed)
    found = [figures()]
    for part in range(10):
        for seed in range(n_trainings * part // 10, n_trainings * (part + 1) // 10):
            train(seed)
        found.append(figures())
    return found


def has_grown(found: list[Figures]) -> bool:
    """Whether threads or files became more, or memory grew beyond what an allocator keeps."""
    first, last = found[0], found[-1]
    more = last.threads > first.threads or last.files > first.files
    return more or last.rss_bytes > first.rss_bytes + MOST_GROWTH_BYTES


def train_at_once(n_threads: int) -> bool:
    """Train in several threads at once, with one worker each; return whether this changed no result."""
    seeds = [3 * n for n in range(n_threads)]  # these have one worker, whose result is the same each time
    with ThreadPoolExecutor(n_threads) as pool:
        together = list(pool.map(train, seeds))
    return all(np.array_equal(vectors, train(seed)) for vectors, seed in zip(together, seeds))


def train_in_child(method: str) -> int:
    """Train here, then in a child process started by `method`, "fork" or "spawn"; return its exit status."""
    train(0)
    child = multiprocessing.get_context(method).Process(target=train, args=(1,))
    child.start()
    child.join(120)
    if child.exitcode is None:
        child.kill()
        child.join()
    return child.exitcode if child.exitcode is not None else -1


def main() -> int:
    """Run all parts and print what was found; 1 if a figure has grown or a part has failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trainings", type=int, default=300)
    found = soak(parser.parse_args().trainings)
    for part, now in enumerate(found):
        print(f"{10 * part:3} %: {now.threads} threads, {now.files} files, {now.rss_bytes / 1e6:.1f} MB")
    children = {method: train_in_child(method) for method in ("fork", "spawn")}
    alike = train_at_once(2)
    print(f"grown: {has_grown(found)}; in two threads at once as alone: {alike}; exit status of children: {children}")
    return int(has_grown(found) or not alike or any(children.values()))


if __name__ == "__main__":
    sys.exit(main())
