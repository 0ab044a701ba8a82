"""Whole trainings: how good their vectors are, how fast they are, and the memory that they take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.corpora import reviews
from benchmarks.report.results import Row, digits
from benchmarks.studies.cluster.machines import nodes
from benchmarks.studies.cluster.transfers import Peaks
from benchmarks.studies.replicas.corpora import of_vectors
from fastw2v import Word2Vec
from fastw2v.distributed import Cluster

EPOCHS = 5
_QUICK = {"vector_size": 20}
_PIECES = 38  # about as many as an epoch has rounds
_MIN_COUNT, _TOKENS_PER_WORD, _SENTENCE = 5, 16, 20


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


def lines_of(parts: int, *, quick: bool) -> list[bytes]:
    """Return the lines of the first of so many parts of the film reviews."""
    with TemporaryDirectory() as folder:
        text = Path(folder, "text")
        reviews(text, quick=quick)
        lines = text.read_bytes().splitlines(keepends=True)
    return lines[: len(lines) // parts]


def quality(
    n_nodes: int, seeds: list[int], *, epochs: int, order_of: int = 1, parts: int = 1, quick: bool
) -> Iterator[Row]:
    """Train on one machine (0 nodes), or on nodes; yield a line for each seed, without scores if on a part of the text.

    Other orders of a text give other vectors, so one machine may read it in the order in which so many nodes do.
    """
    known: Row = {"study": "quality", "nodes": n_nodes} | ({} if epochs == EPOCHS else {"epochs": epochs})
    known |= {name: value for name, value in {"order_of": order_of, "parts": parts}.items() if value > 1}
    has_no_scores = quick or parts > 1
    with TemporaryDirectory() as folder:
        text = Path(folder, "text")
        text.write_bytes(b"".join(in_order_of(order_of, lines_of(parts, quick=quick))))
        if n_nodes == 0:
            for seed in seeds:
                options = options_of(seed, quick=quick) | {"epochs": epochs}
                model = Word2Vec(corpus_file=str(text), **options)
                yield known | {"seed": seed, **scores_of(model, quick=has_no_scores)}
            return
        with nodes(n_nodes) as cluster:
            for seed in seeds:
                where, options = Cluster(cluster.address), options_of(seed, quick=quick) | {"epochs": epochs}
                model = Word2Vec(corpus_file=str(text), cluster=where, **options)
                yield known | {"seed": seed, **scores_of(model, quick=has_no_scores)}


def in_order_of(n_nodes: int, lines: list[bytes]) -> Iterator[bytes]:
    """Yield lines in the order in which nodes that have a run of them each train them, piece by piece."""
    runs = np.array_split(np.arange(len(lines)), n_nodes)
    for pieces in zip(*(np.array_split(run, _PIECES) for run in runs)):
        yield from (lines[number] for number in np.concatenate(pieces))


def speed(n_nodes: int, repeats: int, *, quick: bool) -> Iterator[Row]:
    """Train on nodes of one core, and in one process with as many threads, in turn; yield words/s of each."""
    with TemporaryDirectory() as folder, nodes(n_nodes) as cluster:
        text = Path(folder, "text")
        reviews(text, quick=quick)
        options = options_of(1, quick=quick)
        for repeat in range(repeats):
            for where in ("cluster", "process"):
                if where == "cluster":
                    model = Word2Vec(corpus_file=str(text), cluster=Cluster(cluster.address), **options)
                else:
                    model = Word2Vec(corpus_file=str(text), **options | {"workers": n_nodes})
                rate = digits(model.report.raw_words / model.report.train_seconds)
                found = {"study": "speed", "nodes": n_nodes, "repeat": repeat, "where": where, "words_per_s": rate}
                yield found | scores_of(model, quick=True) | {"encode_s": digits(model.seconds["encode"])}


def memory(n_nodes: int, shape: tuple[int, int], *, block_mb: int, store_mb: int) -> Row:
    """Train an epoch of a text with so many words of so many dimensions; return the most memory that workers held.

    All rows are merged twice, and then copied to the driver.
    """
    n_vocab, dim = shape
    stores = {"store_bytes": store_mb * 10**6}
    with TemporaryDirectory() as folder, nodes(n_nodes, **stores) as cluster, Peaks(cluster) as peaks:
        text = Path(folder, "text")
        _write_zipf(text, n_vocab)
        options = {"sg": 1, "vector_size": dim, "epochs": 1, "workers": 1, "min_count": _MIN_COUNT}
        where = Cluster(cluster.address, rounds=2, cycle=1, block_mb=block_mb)
        model = Word2Vec(corpus_file=str(text), cluster=where, **options)
        held = max(most["own_bytes"] + most["store_bytes"] for most in peaks.most.values())
    assert len(model.wv) == n_vocab, "all words of the text occur often enough"
    return {
        "study": "memory",
        "nodes": n_nodes,
        "vocab": n_vocab,
        "dim": dim,
        "block_mb": block_mb,
        "store_mb": store_mb,
        "raw_words": model.report.raw_words,
        "exchange_s": digits(model.cluster_report.exchange_seconds),
        "held_gb": digits(held / 1e9),
        "of_8vd": digits(held / (8 * n_vocab * dim)),
        "peaks": list(peaks.most.values()),
    }


def _write_zipf(path: Path, n_vocab: int) -> None:
    """Write a text in which each word occurs often enough for a row, and the k-th one in proportion to 1 / k."""
    rng, shares = np.random.default_rng(0), 1 / np.arange(1, n_vocab + 1)
    n_more = (_TOKENS_PER_WORD - _MIN_COUNT) * n_vocab
    ids = np.repeat(np.arange(n_vocab), _MIN_COUNT), rng.choice(n_vocab, n_more, p=shares / shares.sum())
    numbers = rng.permutation(np.concatenate(ids))
    with path.open("w") as text:
        for first in range(0, len(numbers), _SENTENCE):
            text.write(" ".join(f"w{number}" for number in numbers[first : first + _SENTENCE]) + "\n")
