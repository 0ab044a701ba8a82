"""The exchange of rows by itself, and the memory that it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.report.results import Row, digits
from benchmarks.studies.cluster.machines import actors, held_bytes, nodes
from fastw2v.config import TrainConfig
from fastw2v.distributed import Cluster, cluster_corpus
from fastw2v.distributed.exchange import exchange_rows
from fastw2v.distributed.on_ray import RayTransport
from fastw2v.distributed.plan import blocks
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
    vocab = Vocab.from_ids(np.arange(n_vocab), 10**7 // np.arange(1, n_vocab + 1) + 5)
    config = TrainConfig(vector_size=dim, sg=1, workers=1)
    with TemporaryDirectory() as folder, nodes(n_nodes) as cluster, Peaks(cluster) as peaks:
        text = Path(folder, "text")
        text.write_text("a b c")
        transport = RayTransport(Cluster(cluster.address), config, cluster_corpus(text))
        workers = sorted(transport.start())
        shared = transport.share(vocab)
        transport.gather([transport.call(worker, "begin", config, shared, np.array([10**6])) for worker in workers])
        for size in block_mb:
            cut = blocks(n_vocab, 4 * dim, n_owners=n_nodes, block_bytes=size << 20)
            seconds = []
            for number in range(rounds):
                begun = time.perf_counter()
                exchange_rows(transport, workers, workers, blocks=cut, exposure=1.0, n_rows=n_vocab)
                seconds.append(time.perf_counter() - begun)
                kept = [transport.call(worker, "commit", 1 + number, n_vocab, True) for worker in workers]
                transport.gather(kept)
            sent = 8 * n_vocab * dim * (n_nodes - 1) / n_nodes * 2  # by each node: its rows, and merged ones
            yield {
                "study": "exchange",
                "nodes": n_nodes,
                "vocab": n_vocab,
                "dim": dim,
                "block_mb": size,
                "seconds": [digits(took) for took in seconds],
                "mb_per_s": digits(sent / float(np.median(seconds)) / 1e6),
                "peaks": list(peaks.most.values()),
            }
        transport.close()
