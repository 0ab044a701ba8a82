"""Whole trainings: how good their vectors are, what kills do to them, and how fast they are."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.corpora import reviews
from benchmarks.report.results import Row, digits
from benchmarks.studies.cluster.machines import actors, left_behind, nodes
from benchmarks.studies.replicas.corpora import of_vectors
from fastw2v import Word2Vec
from fastw2v.distributed import Cluster

KINDS = ("actor", "node", "driver")
_QUICK = {"vector_size": 20, "epochs": 2}


def options_of(seed: int, *, quick: bool) -> dict[str, Any]:
    """Return the options of a training: one thread on each node, so that nodes on one machine share it equally."""
    return {"sg": 1, "workers": 1, "seed": seed, "compute_loss": True, **(_QUICK if quick else {})}


def scores_of(model: Word2Vec, *, quick: bool) -> Row:
    """Return losses, counts of words, and, for a whole training, the scores of the vectors."""
    report = model.report
    counted = {"raw_words": report.raw_words, "kept_words": report.kept_words, "pairs": report.pairs}
    found: Row = {"losses": [round(loss, 5) for loss in report.loss_per_epoch], **counted}
    if not quick:
        found |= {k: digits(v) for k, v in of_vectors(model.vocab, model._state_to_grow().weights).items()}
    if model.cluster_report is not None:
        found |= {"lost": model.cluster_report.n_lost, "repeated_words": model.cluster_report.repeated_words}
        found |= {"exchange_s": digits(model.cluster_report.exchange_seconds)}
    return found | {"train_s": digits(report.train_seconds)}


def quality(n_nodes: int, seeds: list[int], *, quick: bool) -> Iterator[Row]:
    """Train on one machine (0 nodes), or on nodes; yield a line for each seed."""
    with TemporaryDirectory() as folder:
        text = Path(folder, "text")
        reviews(text, quick=quick)
        if n_nodes == 0:
            for seed in seeds:
                model = Word2Vec(corpus_file=str(text), **options_of(seed, quick=quick))
                yield {"study": "quality", "nodes": 0, "seed": seed, **scores_of(model, quick=quick)}
            return
        with nodes(n_nodes) as cluster:
            for seed in seeds:
                where = Cluster(cluster.address)
                model = Word2Vec(corpus_file=str(text), cluster=where, **options_of(seed, quick=quick))
                yield {"study": "quality", "nodes": n_nodes, "seed": seed, **scores_of(model, quick=quick)}


class AtShare:
    """Does something once, when a share of the words is trained, and then waits a moment."""

    def __init__(self, share: float, wait_s: float, action: Callable[[], None]) -> None:
        self._share, self._wait_s, self._action, self._is_done = share, wait_s, action, False

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        """Start a thread for the action, when it is due."""
        if phase == "train" and done > self._share * (total or 1) and not self._is_done:
            self._is_done = True
            threading.Timer(self._wait_s, self._action).start()


def kills(n_runs: int, kind: str, first: int, *, quick: bool) -> Iterator[Row]:
    """Kill something at a random moment of each run: an actor, a node, or the driver, which is then resumed."""
    with TemporaryDirectory() as folder:
        text = Path(folder, "text")
        reviews(text, quick=quick)
        with nodes(2) as cluster:
            for run in range(first, first + n_runs):
                draw = random.Random(f"{kind} {run}")
                share, wait_s = draw.uniform(0, 0.95), draw.uniform(0, 2)
                begun = time.perf_counter()
                if kind == "driver":
                    model = _resumed(text, cluster.address, Path(folder, f"run{run}"), share=share, quick=quick)
                else:
                    action = _killer(kind, cluster, draw)
                    model = Word2Vec(
                        corpus_file=str(text),
                        cluster=Cluster(cluster.address, deadline=60),
                        progress=AtShare(share, wait_s, action),
                        **options_of(1, quick=quick),
                    )
                time.sleep(2)
                found = {
                    "study": "kills",
                    "kind": kind,
                    "run": run,
                    "share": digits(share),
                    "left": left_behind(cluster),
                }
                yield found | scores_of(model, quick=quick) | {"seconds": digits(time.perf_counter() - begun)}


def _killer(kind: str, cluster: Any, draw: random.Random) -> Callable[[], None]:  # noqa: ANN401 - Ray has no types
    if kind == "actor":
        return lambda: os.kill(draw.choice(actors(cluster)), signal.SIGKILL)
    other = next(iter(cluster.worker_nodes), None) or cluster.add_node(num_cpus=1)
    return lambda: cluster.remove_node(other, allow_graceful=False)


_DRIVER = """
import sys
from fastw2v import Word2Vec
from fastw2v.distributed import Cluster
text, address, checkpoint, options = sys.argv[1:]
Word2Vec(corpus_file=text, cluster=Cluster(address), checkpoint=checkpoint, checkpoint_every="1s", **eval(options))
"""


def _resumed(text: Path, address: str, checkpoint: Path, *, share: float, quick: bool) -> Word2Vec:
    """Kill a driver when it has written a checkpoint of about this share, and go on from that."""
    from fastw2v.resuming import read_training
    from fastw2v.resuming import share as share_of

    options = repr(options_of(1, quick=quick))
    driver = subprocess.Popen([sys.executable, "-c", _DRIVER, str(text), address, str(checkpoint), options])
    while driver.poll() is None:
        time.sleep(0.2)
        training = read_training(checkpoint)[1] if checkpoint.exists() else None
        if training is not None and share_of(training) >= share:
            driver.kill()
    driver.wait()
    return Word2Vec.resume(checkpoint, corpus_file=str(text), cluster=Cluster(address))


def speed(n_nodes: int, repeats: int, *, quick: bool) -> Iterator[Row]:
    """Train on nodes of one core, and in one process with as many threads, in turn; yield words/s of each."""
    with TemporaryDirectory() as folder, nodes(n_nodes) as cluster:
        text = Path(folder, "text")
        reviews(text, quick=quick)
        options = options_of(1, quick=quick) | {"epochs": 2}
        for repeat in range(repeats):
            for where in ("cluster", "process"):
                if where == "cluster":
                    where_to = Cluster(cluster.address, rounds=64)  # as in five epochs
                    model = Word2Vec(corpus_file=str(text), cluster=where_to, **options)
                else:
                    model = Word2Vec(corpus_file=str(text), **options | {"workers": n_nodes})
                rate = digits(model.report.raw_words / model.report.train_seconds)
                found = {"study": "speed", "nodes": n_nodes, "repeat": repeat, "where": where, "words_per_s": rate}
                yield found | scores_of(model, quick=True) | {"encode_s": digits(model.seconds["encode"])}
