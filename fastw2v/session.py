"""Session: the phases of one call of `Word2Vec`, each timed: encode a corpus, train on it, notify the callbacks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, cast

import numpy as np

from fastw2v.backends import Backend, TrainingData, check_config, get_backend
from fastw2v.callbacks import Callbacks
from fastw2v.checkpointing import CheckpointPause, Checkpoints
from fastw2v.config import FastTextConfig, TrainConfig
from fastw2v.corpus import Corpus, TextCorpus, WeightedCorpus, as_corpus
from fastw2v.encode import Encoding, Tokens, check_device_of, encode_by_rule, encode_with, load_encoder
from fastw2v.pair_options import check_pair_options, options_of_pairs
from fastw2v.raw_counts import RawCounts
from fastw2v.raw_text import warn_of_no_pair, warn_of_raw_text
from fastw2v.runtime.progress import PhaseProgress, Progress, show_loss, shown_progress
from fastw2v.runtime.signals import SIGNALS
from fastw2v.runtime.stopwatch import stopwatch
from fastw2v.runtime.warn import warn_user
from fastw2v.state import ModelState
from fastw2v.trainer import Hooks, NoPause, TrainReport, train
from fastw2v.vocab import Vocab
from fastw2v.vocab_rule import VocabRule

logger = logging.getLogger("fastw2v")


class Session:
    """The phases of one call: `build_vocab` or `encode_with`, then `train`.

    Parameters
    ----------
    config : TrainConfig
        Checked against its device at once, before anything is read.
    progress : bool, None or callable
        As in `Word2Vec`.

    Attributes
    ----------
    seconds : dict of str to float
        Seconds of each phase so far: "encode", "upload", "compile", "train", "download".
    report : TrainReport
    """

    def __init__(self, config: TrainConfig, progress: Progress | bool | None) -> None:
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
    ) -> Encoding:
        """Read a corpus, choose its vocabulary, and write its tokens as rows."""
        config = self._config
        with self._reading(sentences) as (corpus, progress):
            encoding = encode_by_rule(
                corpus,
                rule,
                keep_raw=keep_raw,
                max_vocab_size=config.max_vocab_size,
                workers=config.n_workers,
                progress=progress,
            )
        warn_of_raw_text(encoding.vocab, corpus.tokens if isinstance(corpus, TextCorpus) else None)
        return encoding

    def scan(self, sentences: Any) -> RawCounts:  # noqa: ANN401
        """Count all words of a corpus, or all ids; with min_count=0 all up to the largest."""
        config = self._config
        with self._reading(sentences) as (corpus, progress):
            encoding = encode_by_rule(
                corpus,
                VocabRule(min(config.min_count, 1), sorted_vocab=False),
                max_vocab_size=config.max_vocab_size,
                workers=config.n_workers,
                progress=progress,
            )
        n_words, tokens = len(encoding.vocab), encoding.tokens
        logger.info("counted %d distinct words in %d tokens", n_words, tokens.n_raw)
        with tokens:
            return RawCounts(encoding.vocab, tokens.n_sentences)

    def encode_with(self, sentences: Any, vocab: Vocab) -> Tokens:  # noqa: ANN401
        """Read a corpus as rows of an existing vocabulary; unknown words are left out."""
        with self._reading(sentences) as (corpus, progress):
            return encode_with(corpus, vocab, workers=self._config.n_workers, progress=progress)

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
        config = options_of_pairs(self._config) if tokens.are_pairs else self._config
        if resumed is None:
            model.running_training_loss = 0.0
            report = TrainReport("none", first_epoch=state.epochs_trained)
        else:
            report = resumed
            state.epochs_trained = report.first_epoch + report.raw_words // max(tokens.n_tokens, 1)
        self.report = model.report = report
        events = _Events(model, state, callbacks, report)
        callbacks.notify("on_train_begin", model)
        data = TrainingData(state.vocab, tokens, state.weights_to_train())
        _log_begin(config, data)
        pause = None if checkpoints is None else CheckpointPause(checkpoints, model, state, tokens)
        if pause is not None:
            pause.on_end = events.count_training
        with (
            state.training() as events.follow,
            nullcontext() if pause is None else pause.writing(report),
            shown_progress(self._progress, "train") as events.progress,
        ):
            self.report = model.report = train(
                self._backend_for(tokens),
                config,
                data,
                report=report,
                progress=events.progress,
                hooks=Hooks(events.on_epoch, events.on_wait, callbacks.see_epochs),
                pause=pause or NoPause(),
            )
        state.note_moves()
        events.add_loss()
        events.count_training()
        self.seconds["compile"] = self.seconds.get("compile", 0.0) + self.report.compile_seconds
        for phase in ("upload", "train", "download"):
            self.seconds[phase] = getattr(self.report, f"{phase}_seconds")
        callbacks.notify("on_train_end", model)
        if pause is not None and callbacks.see_end:
            pause.finish(self.report)  # once more: they may have changed the weights
        self._tell(tokens, state.vocab)

    def _backend_for(self, tokens: Tokens) -> Backend:
        config = self._config
        deterministic = config.deterministic and not isinstance(config, FastTextConfig)  # that is one worker's
        return get_backend(config.device, deterministic=deterministic, n_tokens=tokens.n_tokens)

    @contextmanager
    def _reading(self, sentences: Any) -> Iterator[tuple[Corpus, PhaseProgress | None]]:  # noqa: ANN401
        """Compile the reader of a corpus; yield the corpus and the progress, and time the block."""
        corpus = as_corpus(sentences)
        if isinstance(corpus, WeightedCorpus) and corpus.are_pairs:
            if isinstance(self._config, FastTextConfig):
                raise ValueError("FastText does not train explicit pairs; train them with Word2Vec, or pass sentences")
            check_pair_options(self._config)
        check_device_of(corpus, self._config.device)
        with shown_progress(self._progress, "encode") as progress:
            with stopwatch(self.seconds, "compile"):
                load_encoder(corpus)
            with stopwatch(self.seconds, "encode"):
                yield corpus, progress

    def _tell(self, tokens: Tokens, vocab: Vocab) -> None:
        if self.report.raw_words and not self.report.pairs:
            warn_of_no_pair(self._config, vocab, n_tokens=tokens.n_tokens, n_sentences=tokens.n_sentences)
        if self.report.stopped_by in SIGNALS:
            stopped = f"stopped by {self.report.stopped_by} in {self.report.stopped_at}"
            warn_user(f"{stopped}; the vectors trained so far are kept")


class _Events:
    """What a model and its callbacks are told while it is trained.

    Attributes
    ----------
    follow : callable
        What `ModelState.training` yields.
    progress : callable or None
        What shows the progress.
    """

    follow: Callable[[], None]
    progress: PhaseProgress | None

    def __init__(self, model: Any, state: ModelState, callbacks: Callbacks, report: TrainReport) -> None:  # noqa: ANN401
        self._model, self._state, self._callbacks, self._report = model, state, callbacks, report
        self._added = report.loss  # the part of the loss that running_training_loss has; callbacks may write to that
        self._is_counted, model._stop_reason = False, None

    def add_loss(self) -> None:
        """Add what is new of the loss to `running_training_loss`."""
        self._model.running_training_loss += self._report.loss - self._added
        self._added = self._report.loss

    def on_epoch(self, event: str, report: TrainReport) -> str | None:
        """Call the callbacks before or after an epoch; return the reason to stop that one of them gave."""
        self._model.report = report
        self.add_loss()
        self._state.epochs_trained += event == "begin"
        if event == "end" and report.loss_per_epoch:
            show_loss(self.progress, report.loss_per_epoch[-1])
        return self._notify(partial(self._callbacks.notify, f"on_epoch_{event}"))

    def on_wait(self, report: TrainReport) -> str | None:
        """Call the callbacks that wait for a number of words, if it is reached; return a reason to stop."""
        due = self._callbacks.due(report.raw_words)
        return self._notify(due) if due is not None else cast("str | None", self._model._stop_reason)

    def count_training(self) -> None:
        """Count the training, once."""
        if not self._is_counted:
            self._is_counted = True
            self._model.train_count += 1
            self._model.total_train_time += self._report.train_seconds
            self._model.min_alpha_yet_reached = self._model.config.min_alpha

    def _notify(self, call: Callable[[Any], None]) -> str | None:
        self._state.note_moves()
        call(self._model)
        self.follow()
        return cast("str | None", self._model._stop_reason)


def _log_begin(config: TrainConfig, data: TrainingData) -> None:
    kind = "skip-gram" if config.sg else "CBOW"
    sizes = len(data.vocab), config.vector_size, config.epochs, data.tokens.n_tokens
    if data.tokens.are_pairs:
        _log_pairs(data.tokens, len(data.vocab))
    if config.hs and config.negative:
        losses = f"hierarchical softmax and {config.negative} negatives"
        logger.info("two losses are trained: %s; for the first alone, pass negative=0", losses)
    logger.info("training %s: %d words, vector_size=%d, %d epochs of %d tokens", kind, *sizes)


def _log_pairs(tokens: Tokens, n_vocab: int) -> None:
    n_contexts = n_vocab - len(np.unique(tokens.ids[::2]))
    if n_contexts:
        where = "their first random vectors in wv, and trained ones in syn1neg"
        logger.info("%d of %d keys are no centre of a pair: they have %s", n_contexts, n_vocab, where)
