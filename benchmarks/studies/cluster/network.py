"""Exchanges and trainings on links of limited speed, and what two nodes tell of four.

A node is one core here, so a link of 10 Gb/s would be too fast for it. What counts is how many bytes a link carries in
the time in which its node trains a word. A node of one core trains about 1.25 million words/s in a round, and one of 16
cores about 5 million with the long rows of a large model. So a link here has a quarter of the speed that it stands for.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpora import reviews
from benchmarks.report.results import Row, digits
from benchmarks.studies.cluster.model import Link, Shape
from benchmarks.studies.cluster.namespaces import Network, RayNodes, ray_network
from benchmarks.studies.cluster.trainings import options_of
from benchmarks.studies.cluster.transfers import exchanges
from fastw2v import Word2Vec
from fastw2v.distributed import Cluster

SCALE = 0.25
REAL_GIGABITS = (25, 10)
SLOW_MEGABITS = 250  # so slow that the link decides, and not the cores
BLOCK_MB = (4, 16, 32, 64)
FITTED_BLOCK_MB = (1, 8, 32)
_ROUNDS_IN_EPOCH, _DIM = 16, 100


def study(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Exchange rows by size of blocks, train, and fit a slow link with two nodes; see what it tells of four."""
    n_vocab = 5_000 if quick else 50_000
    with ray_network(4) as (made, nodes):
        nodes.start(2)
        large = [Shape(2, 4 * n_vocab, _DIM, mb) for mb in BLOCK_MB]
        for megabits in (None, 1000 * SCALE * REAL_GIGABITS[-1]):
            yield from _exchanges(made, nodes, large, megabits=megabits, rounds=rounds)
        for megabits in (None, *(1000 * SCALE * real for real in REAL_GIGABITS)):
            yield _training(made, nodes, megabits, quick=quick)
        of_two = [Shape(2, factor * n_vocab, _DIM, mb) for factor in (1, 2, 4) for mb in FITTED_BLOCK_MB]
        known = list(_exchanges(made, nodes, of_two, megabits=SLOW_MEGABITS, rounds=rounds))
        yield from known
        nodes.start(4)
        of_four = [Shape(4, factor * n_vocab, _DIM, mb) for factor in (1, 2) for mb in FITTED_BLOCK_MB]
        found = list(_exchanges(made, nodes, of_four, megabits=SLOW_MEGABITS, rounds=rounds))
        yield from found
        yield fit(known, found)


def _exchanges(
    made: Network, nodes: RayNodes, shapes: Sequence[Shape], *, megabits: float | None, rounds: int
) -> Iterator[Row]:
    made.limit(megabits)
    for n_nodes, n_vocab, dim in dict.fromkeys(shape[:3] for shape in shapes):
        sizes = [shape.block_mb for shape in shapes if shape[:3] == (n_nodes, n_vocab, dim)]
        where = Cluster(nodes.address, nodes=n_nodes)
        options = {"rounds": rounds, "block_mb": sizes, "cores_s": made.cores_s}
        for row in exchanges(where, Shape(n_nodes, n_vocab, dim), **options):
            yield {"study": "network", "what": "exchange", "link_mbit": megabits, **row}


def _training(made: Network, nodes: RayNodes, megabits: float | None, *, quick: bool) -> Row:
    """Train the film reviews, with as many words in a round as 80 rounds of five epochs have."""
    made.limit(megabits)
    ends = TrainingEnds()
    with TemporaryDirectory() as folder:
        text = Path(folder, "text")
        reviews(text, quick=quick)
        where, options = Cluster(nodes.address, nodes=2, rounds=_ROUNDS_IN_EPOCH, cycle=1), options_of(1, quick=quick)
        model = Word2Vec(corpus_file=str(text), cluster=where, progress=ends, **options | {"epochs": 2})
    told = model.cluster_report
    if told is None:
        raise RuntimeError("the training was of no cluster")
    n_words, exchange_s = told.words / told.n_rounds, told.exchange_seconds / told.n_rounds
    train_s = ends.seconds_between(told.n_rounds) - exchange_s
    return {
        "study": "network",
        "what": "training",
        "link_mbit": megabits,
        "nodes": told.n_nodes,
        "vocab": len(model.wv),
        "rounds": told.n_rounds,
        "round_words": digits(n_words),
        "round_train_s": digits(train_s),
        "round_exchange_s": digits(exchange_s),
        "words_per_s": digits(n_words / (train_s + exchange_s)),
        "node_words_per_s": digits(n_words / train_s / told.n_nodes),
        "exchange_mb_per_s": digits(told.exchanged_bytes / told.n_nodes / told.exchange_seconds / 1e6),
    }


class TrainingEnds:
    """When the training of rounds ended; what is shown of it is told to this."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        """Note the time at which so many words were trained."""
        if phase == "train" and total:
            self._seen.append((time.perf_counter(), done / total))

    def seconds_between(self, n_rounds: int) -> float:
        """Return the time from the end of one training to that of the next, its mean, without what was before."""
        first = next(when for when, share in self._seen if share >= 0.99 / n_rounds)
        last = next(when for when, share in self._seen if share == 1)
        return (last - first) / (n_rounds - 1)


def shape_of(row: Row) -> Shape:
    """Return the shape of an exchange's line."""
    return Shape(row["nodes"], row["vocab"], row["dim"], row["block_mb"])


def fit(known: Sequence[Row], found: Sequence[Row]) -> Row:
    """Fit a link to lines of exchanges, and say how well it predicts others."""
    link = Link.fitted([shape_of(row) for row in known], [statistics.median(row["seconds"]) for row in known])
    predictions = []
    for row in found:
        predicted, measured = link.seconds(shape_of(row)), statistics.median(row["seconds"])
        error = digits(100 * (predicted / measured - 1))
        about = {name: row[name] for name in ("nodes", "vocab", "block_mb")}
        predictions.append(
            {**about, "predicted_s": digits(predicted), "measured_s": digits(measured), "error_percent": error}
        )
    megabits = known[0]["link_mbit"]
    return {
        "study": "network",
        "what": "fit",
        "link_mbit": megabits,
        "piece_ms": digits(1000 * link.piece_s),
        "mb_per_s": digits(link.bytes_per_s / 1e6),
        "link_share": digits(8 * link.bytes_per_s / megabits / 1e6),
        "predictions": predictions,
    }
