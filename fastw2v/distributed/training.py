"""Train a model on the machines of a cluster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np

from fastw2v.backends import check_config
from fastw2v.backends.windows import with_fitting_window
from fastw2v.checkpointing import Checkpoints
from fastw2v.cluster import Cluster, check_trainable
from fastw2v.config import TrainConfig
from fastw2v.distributed.driver import ClusterReport, Training
from fastw2v.distributed.encoding import encode_shards, read_shards
from fastw2v.distributed.nodes import Nodes
from fastw2v.distributed.on_ray import RayTransport
from fastw2v.distributed.plan import Work
from fastw2v.distributed.saving import ClusterCheckpoints, Place, place_of
from fastw2v.distributed.shards import ClusterCorpus, cluster_corpus, count_of
from fastw2v.distributed.transport import NoWorkerLeftError, Transport
from fastw2v.encode import Tokens
from fastw2v.growth import with_null_word
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.raw_text import warn_of_no_pair, warn_of_raw_text
from fastw2v.resuming import Resumed, exists
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.progress import PhaseProgress, Progress, ProgressLog, show_loss, shown_progress
from fastw2v.runtime.signals import finished_first, name_of, terminable
from fastw2v.state import ModelState
from fastw2v.trainer import TrainReport
from fastw2v.vectors.divergence import DivergenceWatch
from fastw2v.vocab_rule import TrimRule, VocabRule, log_subsampling

logger = logging.getLogger("fastw2v")


@dataclass
class Trained:
    """What a cluster has trained.

    Parameters
    ----------
    state : ModelState
        Vocabulary and weights.
    report : TrainReport
        As of one machine; `workers` counts the threads of all nodes.
    cluster : ClusterReport
    effective_min_count : int
        The count that a word needed for a row.
    seconds : dict of str to float
        Seconds of "encode" and "train".
    stop : BaseException, optional
        SystemExit, if that ended the training.
    """

    state: ModelState
    report: TrainReport
    cluster: ClusterReport
    effective_min_count: int
    seconds: dict[str, float] = field(default_factory=dict)
    stop: BaseException | None = None

    @property
    def wv(self) -> KeyedVectors:
        """The vectors."""
        return self.state.wv


@dataclass
class Request:
    """What to train.

    Parameters
    ----------
    corpus : ClusterCorpus
    cluster : Cluster
    config : TrainConfig
    trim_rule : callable, optional
        See `VocabRule`.
    checkpoints : Checkpoints, optional
    resumed : Resumed, optional
        Go on from this checkpoint.
    notes : callable
        Returns what a checkpoint holds in addition to options, vocabulary and weights.
    progress : bool, None or callable
        As in `Word2Vec`.
    """

    corpus: ClusterCorpus
    cluster: Cluster
    config: TrainConfig
    trim_rule: TrimRule | None = None
    checkpoints: Checkpoints | None = None
    resumed: Resumed | None = None
    notes: Callable[[], Mapping[str, Any]] = dict
    progress: Progress | bool | None = None

    def check(self) -> None:
        """Raise what `train` raises, before anything is started or read."""
        check_trainable(self.config)  # first, since no cure of an option helps one that is refused
        check_config(self.config)
        if self.checkpoints is not None:
            self.checkpoints.check()


def train(
    corpus: ClusterCorpus | str | PathLike[str] | Iterable[str | PathLike[str]],
    cluster: Cluster | str = "auto",
    config: TrainConfig | None = None,
    *,
    checkpoint: str | PathLike[str] | None = None,
    checkpoint_every: str | int | None = None,
    progress: Progress | bool | None = None,
) -> Trained:
    """Train vectors on a cluster. ``Word2Vec(corpus_file=..., cluster=...)`` does the same and returns a model.

    Parameters
    ----------
    corpus : ClusterCorpus, path, or list of paths
        What `cluster_corpus` made, or takes.
    cluster : Cluster or str
        Where to train, or the address alone.
    config : TrainConfig, optional
        Options of training; default: those of `Word2Vec`.
    checkpoint, checkpoint_every, progress
        As in `Word2Vec`.

    Returns
    -------
    Trained

    Raises
    ------
    ImportError
        Ray is not installed.
    ConnectionError
        There is no such cluster, this process is connected to another, or the head is gone.
    TimeoutError
        All nodes wait for each other, and nothing moves between them: the network is broken. Or fewer nodes than were
        asked for came in two minutes.
    ValueError, TypeError
        An option is out of its range, or a cluster does not train it.
    OSError
        A file cannot be read.
    NoWorkerLeftError
        All nodes were lost.
    """
    chosen = as_cluster(cluster)
    found = corpus if isinstance(corpus, ClusterCorpus) else cluster_corpus(corpus)
    checkpoints = Checkpoints.of(checkpoint, checkpoint_every, set())
    request = Request(found, chosen, config or TrainConfig(), checkpoints=checkpoints, progress=progress)
    return train_on_ray(request)


def as_cluster(cluster: Cluster | str) -> Cluster:
    """Return a cluster by its address."""
    return cluster if isinstance(cluster, Cluster) else Cluster(cluster)


def train_on_ray(request: Request) -> Trained:
    """Train on a cluster of Ray; raises as `train`."""
    request.check()
    return train_by(RayTransport(request.cluster, request.config, request.corpus), request)


def train_by(transport: Transport, request: Request) -> Trained:
    """Train with the workers of any transport, which is closed at the end."""
    with cleanup(transport.close):
        begun = time.perf_counter()
        try:
            run = _Run(transport, request)
            encoded_s = time.perf_counter() - begun
            trained = run.trained()
        except NoWorkerLeftError as error:
            error.add_note(cure(request))
            raise
        trained.seconds = {"encode": encoded_s, "train": trained.report.train_seconds}
    return trained


def cure(request: Request) -> str:
    """Say what to do when all workers are lost."""
    checkpoints = request.checkpoints
    if checkpoints is None:
        return "give a checkpoint next time (checkpoint=PATH, or --checkpoint FILE), from which a training goes on"
    path = checkpoints.path
    if not exists(path):
        return f"the checkpoint {path} was not due yet; choose a shorter checkpoint_every, and train again"
    return f"when the nodes are there again, go on from {path}: Word2Vec.resume, or the same command with --resume"


class _Run:
    """A corpus on the nodes, and the state of the model that is trained on it."""

    def __init__(self, transport: Transport, request: Request) -> None:
        self._request = request
        if request.resumed is None:
            self._begin(transport)
        else:
            self._go_on(transport, request.resumed)
        self._watch = DivergenceWatch(self._state.weights, request.config.alpha)

    def _begin(self, transport: Transport) -> None:
        """Read the corpus, choose its vocabulary, and draw the first weights."""
        request, config = self._request, self._request.config
        shards = request.corpus.shards()
        self._nodes = Nodes(transport, shards)
        self._nodes.start()
        with shown_progress(request.progress, "encode") as shown:
            encoded = encode_shards(self._nodes, VocabRule.of(config, request.trim_rule), shown)
        vocab, n_tokens = encoded.vocab, int(encoded.n_tokens.sum())
        warn_of_raw_text(vocab, request.corpus.how)
        logger.info("vocabulary of %d words, which are %d of %d tokens", len(vocab), n_tokens, vocab.n_raw_tokens)
        log_subsampling(vocab, config.sample)
        if config.null_word:
            encoded = encoded._replace(vocab=with_null_word(vocab))
        self._place, self._report = Place(shards, encoded, Work.begin(encoded.n_tokens)), TrainReport("cpu")
        self._state = ModelState.untrained(encoded.vocab, config, encoded.n_sentences)

    def _go_on(self, transport: Transport, resumed: Resumed) -> None:
        """Read the corpus of a checkpoint again, as rows of its vocabulary."""
        request, self._report, self._state = self._request, resumed.report, resumed.model.state
        self._place = place_of(resumed, request.corpus)
        path = "the checkpoint" if request.checkpoints is None else request.checkpoints.path
        logger.info("going on from %s: %d words are trained", path, self._report.raw_words)
        self._nodes = Nodes(transport, self._place.shards)
        self._nodes.start()
        with shown_progress(request.progress, "encode") as shown:
            read_shards(self._nodes, self._state.vocab, shown)

    def trained(self) -> Trained:
        """Train until the end, or until Ctrl-C, and return the model."""
        request, report, encoded = self._request, self._report, self._place.encoded
        tokens = Tokens(np.empty(0, np.int32), np.array([0, encoded.longest]))
        config = with_fitting_window(request.config, tokens)
        cluster, place = request.cluster, self._place
        training = Training(self._nodes, config, cluster, encoded=encoded, report=report, work=place.work)
        report.device, report.workers = "cpu", sum(self._nodes.threads.values())
        begun, stop = time.perf_counter() - report.train_seconds, None
        kind, sizes = "skip-gram" if config.sg else "CBOW", (config.vector_size, config.epochs, place.work.n_tokens)
        where = f"on {count_of(len(self._nodes.threads), 'node')} with {count_of(report.workers, 'thread')}"
        n_words = len(encoded.vocab)
        logger.info("training %s %s: %d words, vector_size=%d, %d epochs of %d tokens", kind, where, n_words, *sizes)
        with shown_progress(request.progress, "train") as shown, terminable() if request.checkpoints else nullcontext():
            try:
                training.begin(None if request.resumed is None else self._state.weights)
                self._train(training, shown, begun)
            except (KeyboardInterrupt, SystemExit) as signal:
                stop = signal
                epoch, n_words = training.work.epoch, config.epochs * training.work.n_tokens
                report.stopped(name_of(stop), f"{min(epoch + 1, config.epochs)} of {config.epochs}", n_words)
                training.interrupt()
            report.train_seconds = time.perf_counter() - begun
            with finished_first("the copy of the vectors"):
                self._finish(training)
        logger.info(
            "training took %.1f s: %d raw words, %d kept", report.train_seconds, report.raw_words, report.kept_words
        )
        if report.raw_words and not report.pairs:
            n_sentences = encoded.n_sentences
            warn_of_no_pair(request.config, encoded.vocab, n_tokens=place.work.n_tokens, n_sentences=n_sentences)
        trained = Trained(self._state, report, training.figures, encoded.effective_min_count)
        trained.stop = stop if isinstance(stop, SystemExit) else None
        return trained

    def _train(self, training: Training, shown: PhaseProgress | None, begun: float) -> None:
        report, checkpoints = self._report, self._checkpoints()
        if checkpoints is not None:
            checkpoints.restart(training.work.n_words)

        def on_commit() -> None:
            report.train_seconds = time.perf_counter() - begun
            if not training.work.done.any():  # an epoch has ended
                self._watch.look(training.work.epoch / self._request.config.epochs, loss=report.loss)
            if report.unfinished.pairs and report.unfinished.loss:
                show_loss(shown, report.unfinished.loss / report.unfinished.pairs)
            is_last = training.work.epoch >= self._request.config.epochs
            if checkpoints is not None and not is_last and checkpoints.is_due(training.work):
                self._save(training, checkpoints)

        training.run(ProgressLog(report.raw_words) if shown is None else shown, on_commit)

    def _finish(self, training: Training) -> None:
        """Copy the vectors from the cluster, write the last checkpoint, and count what was trained."""
        report, state = self._report, self._state
        training.fetch(state.weights)
        self._watch.look_at_all()
        state.epochs_trained = report.first_epoch + training.work.epochs_begun
        state.note_moves()
        checkpoints = self._checkpoints()
        if checkpoints is not None:
            checkpoints.finish(self._place.shards, self._place.encoded, training.work, report=report)
        report.end_epoch(with_loss=self._request.config.compute_loss)

    def _save(self, training: Training, checkpoints: ClusterCheckpoints) -> None:
        training.fetch(self._state.weights)
        self._state.epochs_trained = self._report.first_epoch + training.work.epochs_begun
        checkpoints.write(self._place.shards, self._place.encoded, training.work, report=self._report)

    def _checkpoints(self) -> ClusterCheckpoints | None:
        request = self._request
        if request.checkpoints is None:
            return None
        return ClusterCheckpoints(
            request.checkpoints, request.config, self._state, corpus=request.corpus, notes=request.notes
        )
