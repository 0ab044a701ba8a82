"""The exchange of rows by itself, and the memory that it takes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

import numpy as np

from benchmarks.report.results import Row, digits
from benchmarks.studies.cluster.machines import actors, held_bytes, nodes
from benchmarks.studies.cluster.model import Shape
from fastw2v.config import TrainConfig
from fastw2v.distributed import Cluster, cluster_corpus
from fastw2v.distributed.contexts import Contexts
from fastw2v.distributed.exchange import exchange_rows
from fastw2v.distributed.on_ray import RayTransport
from fastw2v.distributed.plan import blocks
from fastw2v.distributed.shards import ClusterCorpus
from fastw2v.vocab import Vocab

_SAMPLE_S = 0.05


class Peaks:
    """The most memory that workers have held, looked at twenty times a second."""

    def __init__(self, cluster: Any) -> None:  # noqa: ANN401 - Ray has no types
        self._cluster = cluster
        self.most: dict[int, dict[str, int]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peaks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_SAMPLE_S):
            for pid in actors(self._cluster):
                try:
                    found = held_bytes(pid)
                except (OSError, KeyError):
                    continue
                before = self.most.get(pid, found)
                self.most[pid] = {name: max(size, before[name]) for name, size in found.items()}


def exchange(n_nodes: int, n_vocab: int, dim: int, *, rounds: int, block_mb: list[int]) -> Iterator[Row]:
    """Exchange all rows of a model several times; yield seconds, MB/s of a node and memory, for each size of blocks."""
    with nodes(n_nodes) as cluster, Peaks(cluster) as peaks:
        shape = Shape(n_nodes, n_vocab, dim)
        for row in exchanges(Cluster(cluster.address), shape, rounds=rounds, block_mb=block_mb):
            yield {"study": "exchange", **row, "peaks": list(peaks.most.values())}


def cores_of_all() -> float:
    """Return the seconds in which cores of this machine were busy, with all programs."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split(maxsplit=9)[1:9]]
    user, nice, system, _idle, _waiting, *interrupts = ticks
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def exchanges(
    cluster: Cluster,
    shape: Shape,
    *,
    rounds: int,
    block_mb: Sequence[int],
    cores_s: Callable[[], float] = cores_of_all,
) -> Iterator[Row]:
    """Exchange all rows several times on a cluster; yield seconds and MB/s of a node for each size of blocks.

    `cores_s` tells for how many seconds cores were busy, from some time on; the share of the cores is recorded.
    """
    n_nodes, n_vocab, dim, _ = shape
    vocab = Vocab.from_ids(np.arange(n_vocab), 10**7 // np.arange(1, n_vocab + 1) + 5)
    config = TrainConfig(vector_size=dim, sg=1, workers=1)
    with TemporaryDirectory() as folder, closing(RayTransport(cluster, config, _text(folder))) as transport:
        workers = sorted(transport.start())
        shared, every = transport.share(vocab), Contexts(1, 1, 6, 36, 1 / 6)
        transport.gather([transport.call(worker, "begin", config, shared, np.array([10**6])) for worker in workers])
        for number, size in enumerate(block_mb):
            cut = blocks(n_vocab, 4 * dim, n_owners=n_nodes, block_bytes=size << 20)
            seconds, begun = [], Use.now(cores_s())
            for turn in range(rounds):
                began = time.perf_counter()
                exchange_rows(transport, workers, workers, blocks=cut, exposure=1.0, contexts=every)
                seconds.append(time.perf_counter() - began)
                commits = [transport.call(w, "commit", 1 + number * rounds + turn, n_vocab, True) for w in workers]
                transport.gather(commits)
            yield {
                "nodes": n_nodes,
                "vocab": n_vocab,
                "dim": dim,
                "block_mb": size,
                "blocks": len(cut),
                "seconds": [digits(took) for took in seconds],
                "mb_per_s": digits(shape.sent_bytes / float(np.median(seconds)) / 1e6),
                **Use.now(cores_s()).since(begun),
            }


def _text(folder: str) -> ClusterCorpus:
    text = Path(folder, "text")
    text.write_text("a b c")
    return cluster_corpus(text)


class Use(NamedTuple):
    """Time, how long cores were busy until then, and what this machine, or namespace, has sent."""

    when: float
    busy_s: float
    sent_bytes: int

    @classmethod
    def now(cls, busy_s: float) -> Self:
        """Look at the counters of Linux."""
        links = [line.split(":") for line in Path("/proc/thread-self/net/dev").read_text().splitlines()[2:]]
        sent = sum(int(counts.split()[8]) for name, counts in links if name.strip() != "lo")
        return cls(time.perf_counter(), busy_s, sent)

    def since(self, begun: Use) -> Row:
        """Return the share of time in which the cores were busy, and the MB/s that were sent."""
        took_s = self.when - begun.when
        busy = (self.busy_s - begun.busy_s) / took_s / (os.cpu_count() or 1)
        return {
            "busy_share": digits(busy),
            "sent_mb_per_s": digits((self.sent_bytes - begun.sent_bytes) / took_s / 1e6),
        }
