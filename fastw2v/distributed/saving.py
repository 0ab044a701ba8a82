"""Checkpoints of a cluster: a model, and which words of which files are trained."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fastw2v.checkpoint import write_model
from fastw2v.checkpointing import Checkpoints
from fastw2v.config import TrainConfig
from fastw2v.distributed.encoding import Encoded
from fastw2v.distributed.plan import Work
from fastw2v.distributed.replica import Sizes
from fastw2v.distributed.shards import ClusterCorpus, Shard
from fastw2v.resuming import FORMAT, Resumed, report_figures, version
from fastw2v.runtime.warn import warn_user
from fastw2v.state import ModelState
from fastw2v.trainer import TrainReport

logger = logging.getLogger("fastw2v")


class Place(NamedTuple):
    """Where a training is: the shards of its corpus, what is known of them, and what is trained."""

    shards: list[Shard]
    encoded: Encoded
    work: Work


def place_of(resumed: Resumed, corpus: ClusterCorpus) -> Place:
    """Return where the training of a checkpoint was.

    Raises
    ------
    ValueError
        It was no training on a cluster, or the corpus has other files, or a file has grown or shrunk.
    """
    found = resumed.cluster
    if found is None:
        raise ValueError("the checkpoint is of one machine; resume it without cluster, with its corpus")
    expected = tuple(found["paths"]), found["column"], found["how"]
    given = tuple(corpus.paths), corpus.column, None if corpus.how is None else list(corpus.how)
    if given != expected:
        raise ValueError(
            f"the corpus is not that of the checkpoint: expected {expected}, found {given}; pass that, or train anew"
        )
    shards = [Shard(corpus.paths[file], *rest) for file, *rest in found["shards"]]
    _check_ends(shards, corpus)
    if any(len(size) != len(Sizes._fields) for size in found["sizes"]):
        raise ValueError("the checkpoint is of a version of fastw2v that kept no hashes of the corpus: train anew")
    sizes = [Sizes(*size) for size in found["sizes"]]
    encoded = Encoded(resumed.model.state.vocab, sizes, found["effective_min_count"])
    return Place(shards, encoded, Work(encoded.n_tokens, found["epoch"], np.array(found["done"], np.int64)))


def _check_ends(shards: Sequence[Shard], corpus: ClusterCorpus) -> None:
    """Raise ValueError unless each file ends where its last shard does; what is in a shard, nodes check by its hash."""
    expected, found = ({shard.path: shard.end for shard in each} for each in (shards, corpus.shards()))
    for path in corpus.paths:
        was, ends = expected.get(path, 0), found.get(path, 0)
        if was != ends:
            unit = "bytes" if corpus.column is None else "row groups"
            raise ValueError(
                f"{path} is not that of the checkpoint: it had {was:,} {unit}, and has {ends:,}; pass the file as it "
                "was, or train anew"
            )


class ClusterCheckpoints:
    """Writes a checkpoint whenever one is due, between two rounds.

    Parameters
    ----------
    checkpoints : Checkpoints
    config : TrainConfig
    state : ModelState
        Gets the rows of the cluster when a checkpoint is written.
    corpus : ClusterCorpus
    notes : callable
        Returns what the file holds in addition to options, vocabulary and weights.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        config: TrainConfig,
        state: ModelState,
        *,
        corpus: ClusterCorpus,
        notes: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._checkpoints, self._config, self._state = checkpoints, config, state
        self._corpus, self._notes = corpus, notes

    def restart(self, n_words: int) -> None:
        """Count from now, when `n_words` are trained."""
        self._checkpoints.every.restart(n_words)

    def is_due(self, work: Work) -> bool:
        """Whether one is to be written now."""
        return self._checkpoints.every.is_due(work.n_words, ends_epoch=not work.done.any())

    def write(self, shards: Sequence[Shard], encoded: Encoded, work: Work, *, report: TrainReport) -> None:
        """Write one; a failure is logged, and training goes on."""
        try:
            self._write(shards, encoded, work, report=report, notes=self._noted(encoded, report))
        except Exception as error:  # whatever it is, it must not end hours of training
            path = self._checkpoints.path
            logger.warning("the checkpoint %s could not be written (%s); training goes on", path, error)

    def finish(self, shards: Sequence[Shard], encoded: Encoded, work: Work, *, report: TrainReport) -> None:
        """Write the last one; a failure is a RuntimeWarning."""
        notes = self._noted(encoded, report)
        if report.stopped_at is None:
            notes["train_count"] = notes.get("train_count", 0) + 1
            notes["total_train_time"] = notes.get("total_train_time", 0.0) + report.train_seconds
            notes["min_alpha_yet_reached"] = self._config.min_alpha
        try:
            self._write(shards, encoded, work, report=report, notes=notes)
        except Exception as error:  # likewise
            warn_user(f"the last checkpoint could not be written ({error}); the model in memory is whole")

    def _noted(self, encoded: Encoded, report: TrainReport) -> dict[str, Any]:
        """Return the notes, with what the model itself gets only at the end."""
        known = {"effective_min_count": encoded.effective_min_count, "running_training_loss": report.loss}
        return {**self._notes(), **known, "report": report_figures(report)}

    def _write(
        self, shards: Sequence[Shard], encoded: Encoded, work: Work, *, report: TrainReport, notes: dict[str, Any]
    ) -> None:
        begun, path = time.perf_counter(), self._checkpoints.path
        self.restart(work.n_words)
        training: dict[str, Any] = {
            "format": FORMAT,
            "version": version(),
            "report": dataclasses.asdict(report),
            "n_words": self._config.epochs * work.n_tokens,
            "has_ended": False,
            "every": self._checkpoints.every.value,
            "tokens": {"n_tokens": work.n_tokens, "n_sentences": encoded.n_sentences, "hash": "of a cluster"},
            "cluster": self._described(shards, encoded, work),
        }
        self._checkpoints.write(
            partial(write_model, config=self._config, state=self._state, notes=notes, raw=None, training=training)
        )
        done, took = 100 * report.raw_words / max(training["n_words"], 1), time.perf_counter() - begun
        logger.info("checkpoint at %.1f %% of the work, in %.1f s: %s", done, took, path)

    def _described(self, shards: Sequence[Shard], encoded: Encoded, work: Work) -> dict[str, Any]:
        corpus, numbers = self._corpus, {path: number for number, path in enumerate(self._corpus.paths)}
        return {
            "paths": list(corpus.paths),
            "column": corpus.column,
            "how": None if corpus.how is None else list(corpus.how),
            "shards": [[numbers[shard.path], *shard[1:]] for shard in shards],
            "sizes": [list(size) for size in encoded.sizes],
            "effective_min_count": encoded.effective_min_count,
            "epoch": work.epoch,
            "done": work.done.tolist(),
        }
