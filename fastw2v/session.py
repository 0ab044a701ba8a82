"""Session: the phases of one call of `Word2Vec`, each timed: encode a corpus, train on it, notify the callbacks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from fastw2v.backends import TrainingData, check_config, get_backend
from fastw2v.callbacks import Callbacks
from fastw2v.checkpointing import CheckpointPause, Checkpoints
from fastw2v.config import TrainConfig
from fastw2v.corpus import Corpus, as_corpus
from fastw2v.encode import Encoding, Tokens, check_device_of, encode_by_rule, encode_with, load_encoder
from fastw2v.raw_counts import RawCounts
from fastw2v.runtime.progress import Progress, of_phase
from fastw2v.runtime.stopwatch import stopwatch
from fastw2v.runtime.warn import warn_user
from fastw2v.state import ModelState
from fastw2v.trainer import NoPause, TrainReport, train
from fastw2v.vocab import Vocab
from fastw2v.vocab_rule import VocabRule

logger = logging.getLogger("fastw2v")


class Session:
    """The phases of one call: `build_vocab` or `encode_with`, then `train`.

    Parameters
    ----------
    config : TrainConfig
        Checked against its device at once, before anything is read.
    progress : callable, optional
        As in `Word2Vec`.

    Attributes
    ----------
    seconds : dict of str to float
        Seconds of each phase so far: "encode", "upload", "compile", "train", "download".
    report : TrainReport
    """

    def __init__(self, config: TrainConfig, progress: Progress | None) -> None:
        check_config(config)
        self._config, self._progress = config, progress
        self.seconds: dict[str, float] = {}
        self.report = TrainReport("none")

    def build_vocab(
        self,
        sentences: Any,  # noqa: ANN401 - whatever `as_corpus` takes
        rule: VocabRule,
        *,
        keep_raw: bool = False,
        once: bool = False,
    ) -> Encoding:
        """Read a corpus (with `once` an iterator, too), choose its vocabulary, and write its tokens as rows."""
        config, corpus = self._config, self._checked_corpus(sentences, once=once)
        with stopwatch(self.seconds, "encode"):
            return encode_by_rule(
                corpus,
                rule,
                keep_raw=keep_raw,
                max_vocab_size=config.max_vocab_size,
                workers=config.n_workers,
                progress=of_phase(self._progress, "encode"),
            )

    def scan(self, sentences: Any) -> RawCounts:  # noqa: ANN401
        """Count all words of a corpus or an iterator, or all ids; with min_count=0 all up to the largest."""
        config, corpus = self._config, self._checked_corpus(sentences, once=True)
        with stopwatch(self.seconds, "encode"):
            encoding = encode_by_rule(
                corpus,
                VocabRule(min(config.min_count, 1), sorted_vocab=False),
                max_vocab_size=config.max_vocab_size,
                workers=config.n_workers,
                progress=of_phase(self._progress, "encode"),
            )
        n_words, tokens = len(encoding.vocab), encoding.tokens
        logger.info("counted %d distinct words in %d tokens", n_words, tokens.n_raw)
        with tokens:
            return RawCounts(encoding.vocab, tokens.n_sentences)

    def encode_with(self, sentences: Any, vocab: Vocab) -> Tokens:  # noqa: ANN401
        """Read a corpus as rows of an existing vocabulary; unknown words are left out."""
        corpus = self._checked_corpus(sentences)
        with stopwatch(self.seconds, "encode"):
            progress = of_phase(self._progress, "encode")
            tokens = encode_with(corpus, vocab, workers=self._config.n_workers, progress=progress)
        return tokens

    def train(
        self,
        model: Any,  # noqa: ANN401
        state: ModelState,
        tokens: Tokens,
        *,
        callbacks: Callbacks,
        checkpoints: Checkpoints | None = None,
        resumed: TrainReport | None = None,
    ) -> None:
        """Train the weights of `state` in place.

        The callbacks get `model`, whose `report` and `running_training_loss` are up to date. With `resumed`, the report
        of a checkpoint, training goes on from there, and callbacks are told of its begin as of any other.
        """
        if resumed is None:
            model.running_training_loss = 0.0
            report = TrainReport("none", first_epoch=state.epochs_trained)
        else:
            report = resumed
            state.epochs_trained = report.first_epoch + report.raw_words // max(tokens.n_tokens, 1)
        callbacks.notify("on_train_begin", model)
        data = TrainingData(state.vocab, tokens, state.weights_to_train())
        pause = None if checkpoints is None else CheckpointPause(checkpoints, model, state, tokens)
        with state.training() as follow, nullcontext() if pause is None else pause.writing(report):
            events = _Events(model, state, callbacks=callbacks, follow=follow, report=report)
            if pause is not None:
                pause.on_end = events.count_training
            self.report = model.report = train(
                get_backend(self._config.device),
                self._config,
                data,
                report=report,
                progress=of_phase(self._progress, "train"),
                on_epoch=events,
                download_each_epoch=callbacks.see_epochs,
                pause=pause or NoPause(),
            )
        state.wv.norms = None
        events.add_loss()
        events.count_training()
        self.seconds["compile"] += self.report.compile_seconds
        for phase in ("upload", "train", "download"):
            self.seconds[phase] = getattr(self.report, f"{phase}_seconds")
        callbacks.notify("on_train_end", model)
        self._warn(state)

    def _checked_corpus(self, sentences: Any, *, once: bool = False) -> Corpus:  # noqa: ANN401
        """Return the corpus, and compile its reader."""
        corpus = as_corpus(sentences, once=once)
        check_device_of(corpus, self._config.device)
        with stopwatch(self.seconds, "compile"):
            load_encoder(corpus)
        return corpus

    def _warn(self, state: ModelState) -> None:
        if not np.isfinite(state.wv.matrix.sum(dtype=np.float64)):
            warn_user(f"training diverged: vectors are not finite; lower alpha (it was {self._config.alpha:g})")
        if self.report.stopped_at is not None:
            stopped = f"stopped by {self.report.stopped_by} in {self.report.stopped_at}"
            warn_user(f"{stopped}; the vectors trained so far are kept")


class _Events:
    """What happens to a model before and after each epoch, and at the end of a training."""

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        state: ModelState,
        *,
        callbacks: Callbacks,
        follow: Callable[[], None],
        report: TrainReport,
    ) -> None:
        self._model, self._state, self._callbacks, self._follow = model, state, callbacks, follow
        self._report, self._is_counted = report, False
        self._added = report.loss  # what model.running_training_loss has of it; callbacks may write to that

    def __call__(self, event: str, report: TrainReport) -> None:
        """Keep the model up to date, and notify its callbacks."""
        self._model.report, self._state.wv.norms = report, None
        self.add_loss()
        self._state.epochs_trained += event == "begin"
        self._callbacks.notify(f"on_epoch_{event}", self._model)
        self._follow()

    def add_loss(self) -> None:
        """Add what is new of the loss."""
        self._model.running_training_loss += self._report.loss - self._added
        self._added = self._report.loss

    def count_training(self) -> None:
        """Count the training, once."""
        if not self._is_counted:
            self._is_counted = True
            self._model.train_count += 1
            self._model.total_train_time += self._report.train_seconds
            self._model.min_alpha_yet_reached = self._model.config.min_alpha
