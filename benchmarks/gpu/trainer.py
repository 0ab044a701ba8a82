"""A step of box.py: `Word2Vec(device="cuda")`, its speed by model and size, compared with the memory's bandwidth."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from benchmarks.gpu.jobs import FLOAT, Sizes
from benchmarks.gpu.quality import hot_words, phases_of, quality, small_and_streamed, streamed, zipf_corpus
from benchmarks.gpu.steps import UNFINISHED, Clock, Row, row
from fastw2v import Word2Vec

GOALS = {"skip-gram": 100e6, "CBOW": 200e6}  # raw words a second at D = 128


class Job(NamedTuple):
    """One training on a made-up corpus: words of the vocabulary, tokens, and what Word2Vec is given."""

    n_words: int
    n_tokens: int
    options: dict[str, Any]


BIG, MANY, COUNTED = 100_000_000, 1_000_000_000, 4_000_000
EPOCHS, EPOCHS_OF_MANY, TOY_EPOCHS = 6, 3, 2  # of which the first is not timed
JOBS = (
    Job(50_000, BIG, {"sg": 1, "vector_size": 128}),
    Job(50_000, BIG, {"sg": 0, "vector_size": 128}),
    Job(50_000, BIG, {"sg": 1, "vector_size": 300}),
    Job(50_000, BIG, {"sg": 1, "vector_size": 128, "negative_sharing": "pair"}),
    Job(1_000_000, BIG, {"sg": 1, "vector_size": 128}),
    Job(1_000_000, BIG, {"sg": 0, "vector_size": 300}),
    Job(1_000_000, BIG, {"sg": 1, "vector_size": 300}),
    Job(50_000, BIG // 5, {"sg": 1, "vector_size": 1024}),
    Job(50_000, BIG // 5, {"sg": 1, "vector_size": 128, "hs": 1, "negative": 0}),
    Job(50_000, BIG // 5, {"sg": 0, "vector_size": 128, "hs": 1, "negative": 0}),
    Job(1_000_000, MANY, {"sg": 1, "vector_size": 128}),
)
_TOY = {"vector_size": 6, "window": 1}
TOYS = (
    Job(20, 60, {"sg": 1} | _TOY),
    Job(20, 60, {"sg": 0} | _TOY),
    Job(20, 60, {"sg": 1, "hs": 1, "negative": 0} | _TOY),
)


def trainer(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Losses that must be the CPU's, then speed, then quality."""
    red = sizes.red & {"skipgram_ns", "cbow_ns", "skipgram_hs", "cbow_hs"}
    if red:
        yield row("trainer", " and ".join(sorted(red)), "not timed", note="parity is red")
        return
    yield from hot_words(sizes)
    yield from streamed(sizes)
    for job in TOYS if sizes.toy else JOBS:
        if clock.left() < sizes.reserve:
            yield row("trainer", name_of(job), UNFINISHED, note="no time left")
        else:
            n_epochs = TOY_EPOCHS if sizes.toy else EPOCHS_OF_MANY if job.n_tokens == MANY else EPOCHS
            yield speed(job, sizes, n_epochs)
    yield from quality(clock, sizes)


def counted(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """One span each of skip-gram and CBOW: counters take many passes over a launch."""
    for job in TOYS if sizes.toy else JOBS[:2]:
        yield speed(job._replace(n_tokens=min(job.n_tokens, COUNTED)), sizes, n_epochs=1)


def checked_trainer(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """A corpus in two buffers, small enough for NVIDIA's checkers."""
    for sg in (1,) if sizes.toy else (1, 0):
        yield small_and_streamed(sizes, sg)


def name_of(job: Job) -> str:
    """Model and sizes."""
    model = ("skip-gram" if job.options["sg"] else "CBOW") + (" hs" if job.options.get("hs") else "")
    rest = [str(value) for name, value in job.options.items() if name not in ("sg", "hs", "negative", "vector_size")]
    return ", ".join([f"{model} D {job.options['vector_size']}, V {job.n_words:,}, {job.n_tokens:,} tokens", *rest])


class EpochEnds:
    """A `progress` of `Word2Vec` that keeps when each epoch ended; it makes nothing wait, as no callback would."""

    def __init__(self, n_epochs: int) -> None:
        self._n_epochs, self._ends = n_epochs, list[float]()

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        """Note the time if words done make an epoch more."""
        if phase == "train" and total and done * self._n_epochs >= total * (len(self._ends) + 1):
            self._ends.append(time.perf_counter())

    def seconds(self) -> list[float]:
        """Of each epoch but the first, whose begin is not known."""
        return [max(float(gap), 1e-9) for gap in np.diff(self._ends)]


def speed(job: Job, sizes: Sizes, n_epochs: int) -> Row:
    """Words/s of training, counted before subsampling: the median epoch; the note has the seconds of all phases."""
    corpus, ends = zipf_corpus(job.n_words, job.n_tokens), EpochEnds(n_epochs)
    options = {"window": 5, "negative": 5, "epochs": n_epochs, "min_count": 1} | job.options
    model = Word2Vec(corpus, device="cuda", progress=ends, **options)
    each = ends.seconds() or [max(model.report.train_seconds, 1e-9)]
    seconds = statistics.median(each)
    rates = [model.report.raw_words / n_epochs / one for one in (seconds, max(each), min(each))]
    rate = rates[0]
    share = bytes_a_kept_word(model) * model.report.kept_words / n_epochs / seconds / sizes.bandwidth
    kept = f"{model.report.kept_words / model.report.raw_words:.0%} kept"
    moved = f"{share:.0%} of the copy's bandwidth, caches left aside"
    goal = GOALS["skip-gram" if job.options["sg"] else "CBOW"]
    is_goal = job.options["vector_size"] == 128 and len(job.options) == 2
    aim = f"{rate / goal:.2f} of the goal; " if is_goal else ""
    spread = f"{rates[1] / 1e6:.3g} to {rates[2] / 1e6:.3g} in {len(each)} epochs"
    note = f"{spread}; {aim}{moved}; {kept}; {phases_of(model)}"
    return row("trainer", name_of(job), f"{rate / 1e6:.3g} M words/s", note=note) | {
        "share": share,
        "epoch_seconds": each,
    }


def bytes_a_kept_word(model: Word2Vec) -> float:
    """Bytes moved for a word that subsampling keeps, by a model that knows no cache.

    Its input row comes on chip once and leaves by one atomic addition; so do the rows of a target and its negatives,
    once for a centre at windows up to 5, as all jobs have, or for each pair where every pair has separate negatives,
    whose rows are read twice; and those of the path of a centre with hierarchical softmax. An addition reads and
    writes. Each raw word has its id and the probability that it is kept.
    Rows of frequent words are in caches, so a share above 100 % is possible.
    """
    config, report = model.config, model.report
    row_bytes = FLOAT * -(-config.vector_size // 16) * 16
    in_pairs = config.sg and not config.shares_negatives
    n_targets = 1 + config.negative if config.negative else 0
    target_rows = (4 * report.pairs / report.kept_words if in_pairs else 3) * n_targets
    target_rows += 3 * nodes_of_a_kept_word(model) if config.hs else 0
    return row_bytes * (3 + target_rows) + 2 * FLOAT * report.raw_words / report.kept_words


def nodes_of_a_kept_word(model: Word2Vec) -> float:
    """Nodes on the path of a word of the text that subsampling keeps, their mean."""
    vocab, tree = model.vocab, model._state.weights.tree
    kept = vocab.counts * vocab.keep_probabilities(model.config.sample)
    return float(np.average(np.diff(tree.path_starts), weights=kept))
