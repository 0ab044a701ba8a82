"""The training loop, the same for every device."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from fastw2v.backends import Backend, Tally, TrainingData
from fastw2v.config import TrainConfig
from fastw2v.pauses import UntilDue
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.memory import return_freed_memory
from fastw2v.runtime.progress import PhaseProgress, ProgressLog
from fastw2v.runtime.signals import name_of
from fastw2v.runtime.stopwatch import seconds_of
from fastw2v.schedule import Span, spans

logger = logging.getLogger("fastw2v")
_NOTHING = Tally(0.0, 0, 0)


@dataclass
class TrainReport:
    """Counts, losses and times of a training.

    Parameters
    ----------
    device : str
        "cpu" or "cuda"; "none" before the first training.
    raw_words : int
        Words trained over all epochs, counted before subsampling; words outside the vocabulary do not count.
    kept_words : int
        Those of them that survived subsampling.
    pairs : int
        Pairs of centre and context trained (CBOW: centres).
    loss_per_epoch : list of float
        Mean negative log-likelihood of a pair (positive and negatives together) for each epoch that had a pair. Empty
        without compute_loss.
    loss : float
        Sum of the losses of all pairs.
    upload_seconds, compile_seconds, train_seconds, download_seconds : float
        Time to copy corpus and weights to the device, to compile or load the kernel, to train, and to copy the weights
        back. `train_seconds` includes the callbacks, and is set after the last epoch.
    stopped_at : str, optional
        Epoch and share of the work at which Ctrl-C stopped training; None when it ran to the end.
    stopped_by : str, optional
        "Ctrl-C", or "SIGTERM" on the command line; None when it ran to the end.
    first_epoch : int
        Epochs that the weights had been trained for before this training; see `fastw2v.schedule.spans`.
    unfinished : Tally
        Counts of the epoch that has begun, as of the last pause; they are not in the sums above yet.
    """

    device: str
    raw_words: int = 0
    kept_words: int = 0
    pairs: int = 0
    loss_per_epoch: list[float] = field(default_factory=list)
    loss: float = 0.0
    upload_seconds: float = 0.0
    compile_seconds: float = 0.0
    train_seconds: float = 0.0
    download_seconds: float = 0.0
    stopped_at: str | None = None
    stopped_by: str | None = None
    first_epoch: int = 0
    unfinished: Tally = _NOTHING

    def count(self, tally: Tally) -> None:
        """Add the counts of a part of an epoch."""
        loss, pairs, kept = self.unfinished
        self.unfinished = Tally(loss + tally.loss, pairs + tally.pairs, kept + tally.kept)

    def end_epoch(self, *, with_loss: bool) -> None:
        """Add the counts of an epoch, or of its beginning after Ctrl-C, to the sums."""
        tally, self.unfinished = self.unfinished, _NOTHING
        self.kept_words += tally.kept
        self.pairs += tally.pairs
        self.loss += tally.loss
        if with_loss and tally.pairs:
            self.loss_per_epoch.append(tally.loss / tally.pairs)
            logger.info("loss %.4f after %d words", self.loss_per_epoch[-1], self.raw_words)


EpochHook = Callable[[str, TrainReport], None]
"""``on_epoch("begin" or "end", report)``, called before and after each epoch."""


class Pause(Protocol):
    """Work that is done between spans, while no worker trains."""

    def is_due(self, n_words: int, *, ends_epoch: bool) -> bool:
        """Whether it is due when `n_words` are trained; asked before each span, in any thread, and after each epoch."""

    def run(self, report: TrainReport) -> None:
        """Do it, in the thread that called `train`; the weights are the model's own arrays, up to date."""

    def finish(self, report: TrainReport) -> None:
        """Do it when training has ended; after Ctrl-C, the counts of the unfinished epoch are not in the sums yet."""


class NoPause:
    """A pause that is never due."""

    def is_due(self, n_words: int, *, ends_epoch: bool) -> bool:
        """Return False."""
        return False

    def run(self, report: TrainReport) -> None:
        """Do nothing."""

    def finish(self, report: TrainReport) -> None:
        """Do nothing."""


def train(
    backend: Backend,
    config: TrainConfig,
    data: TrainingData,
    *,
    report: TrainReport | None = None,
    progress: PhaseProgress | None = None,
    on_epoch: EpochHook = lambda event, report: None,
    download_each_epoch: bool = False,
    pause: Pause = NoPause(),  # noqa: B008 - it has no state
) -> TrainReport:
    """Train ``data.weights`` in place over all epochs.

    Parameters
    ----------
    backend : Backend
        The device.
    config : TrainConfig
    data : TrainingData
        Vocabulary, tokens and weights.
    report : TrainReport, optional
        Of a training that goes on: it begins after `raw_words`, whose epoch begins with `on_epoch` once more. A new one
        may have `first_epoch`. It is changed, and returned.
    progress : callable, optional
        ``progress(done, total)`` in raw words over all epochs; called from any thread, one call at a time. Without it,
        share and speed are logged at INFO about once a second.
    on_epoch : callable
        ``on_epoch("begin" or "end", report)``.
    download_each_epoch : bool
        Copy the weights back after each epoch, so that `on_epoch` sees them when a GPU trains. What it writes to them
        there is lost.
    pause : Pause
        What is done between spans whenever it is due.

    Returns
    -------
    TrainReport
        After Ctrl-C it covers what was trained until then, and `stopped_at` is set.

    Raises
    ------
    SystemExit
        A handler of a signal raised it. Training ends as after Ctrl-C, and then it is raised again.
    """
    report = TrainReport(backend.name) if report is None else report
    report.device = backend.name
    data.weights.on_device = None  # the upload may need that memory
    with cleanup(backend.close):
        report.upload_seconds += seconds_of(lambda: backend.upload(config, data))
        report.compile_seconds += seconds_of(backend.compile)
        return_freed_memory()
        loop = _Loop(backend, config, data, report=report, on_epoch=on_epoch, pause=pause)
        stop = loop.run(ProgressLog(report.raw_words) if progress is None else progress, download_each_epoch)
        loop.download()
        stop = loop.finish() or stop
        report.end_epoch(with_loss=config.compute_loss)
    took, n_raw, n_kept = report.train_seconds, report.raw_words, report.kept_words
    logger.info("training took %.1f s: %d raw words, %d kept", took, n_raw, n_kept)
    if isinstance(stop, SystemExit):
        raise stop
    return report


class _Loop:
    """The epochs of a training, on a backend that has the weights."""

    def __init__(
        self,
        backend: Backend,
        config: TrainConfig,
        data: TrainingData,
        *,
        report: TrainReport,
        on_epoch: EpochHook,
        pause: Pause,
    ) -> None:
        self._backend, self._config, self._weights, self._report = backend, config, data.weights, report
        self._on_epoch, self._pause = on_epoch, pause
        self._n_tokens = data.tokens.n_tokens
        self._downloaded = report.download_seconds
        self._begun = time.perf_counter() - report.train_seconds

    def run(self, show: PhaseProgress, download_each_epoch: bool) -> BaseException | None:
        """Train what is left; return what has stopped it, or None."""
        report, n_words = self._report, self._config.epochs * self._n_tokens

        def on_done(n_tokens: int) -> None:
            report.raw_words += n_tokens
            show(report.raw_words, n_words)

        epoch = 0
        try:
            for epoch in range(report.raw_words // max(self._n_tokens, 1), self._config.epochs):
                self._on_epoch("begin", report)
                while self._train_until_pause(epoch, on_done):
                    self._run_pause()
                report.end_epoch(with_loss=self._config.compute_loss)
                if download_each_epoch:
                    self._show_weights()
                self._on_epoch("end", report)
                if report.raw_words < n_words and self._pause.is_due(report.raw_words, ends_epoch=True):
                    self._run_pause()
        except (KeyboardInterrupt, SystemExit) as stop:
            report.count(self._backend.tally())
            if report.raw_words == (epoch + 1) * self._n_tokens:
                report.end_epoch(with_loss=self._config.compute_loss)
            self._note_stop(stop, epoch)
            return stop
        finally:
            self._measure()
        return None

    def finish(self) -> BaseException | None:
        """Do what the pause does at the end; return what came in between, which stops no training any more."""
        try:
            self._pause.finish(self._report)
        except (KeyboardInterrupt, SystemExit) as stop:
            if self._report.stopped_at is None:
                self._note_stop(stop, self._config.epochs - 1)
            return stop
        return None

    def _note_stop(self, stop: BaseException, epoch: int) -> None:
        percent = 100 * self._report.raw_words / max(self._config.epochs * self._n_tokens, 1)
        self._report.stopped_at = f"epoch {epoch + 1} of {self._config.epochs}, {percent:.1f} % of the work"
        self._report.stopped_by = name_of(stop)

    def download(self) -> None:
        """Copy the weights back."""
        self._report.download_seconds += seconds_of(self._backend.download)

    def _show_weights(self) -> None:
        """Copy the weights back in the middle of the training."""
        self.download()
        self._weights.on_device = None  # what follows changes these rows

    def _train_until_pause(self, epoch: int, on_done: Callable[[int], None]) -> bool:
        """Train to the end of the epoch, or until a pause is due; return whether one is."""
        first_word, is_due = epoch * self._n_tokens, self._pause.is_due
        spans = UntilDue(
            self._spans(epoch), self._n_tokens, lambda n_tokens: is_due(first_word + n_tokens, ends_epoch=False)
        )
        self._backend.train(spans, on_done)
        self._report.count(self._backend.tally())
        return spans.has_paused

    def _spans(self, epoch: int) -> Iterator[Span]:
        """Return the spans of an epoch that are not trained yet."""
        options = {"span_tokens": self._backend.span_tokens, "first_epoch": self._report.first_epoch}
        begin = self._report.raw_words - epoch * self._n_tokens
        return spans(self._config, self._n_tokens, epoch, begin=begin, **options)

    def _run_pause(self) -> None:
        self._show_weights()
        self._measure()
        self._pause.run(self._report)

    def _measure(self) -> None:
        """Set the seconds of training, without those of downloads."""
        downloads = self._report.download_seconds - self._downloaded
        self._report.train_seconds = time.perf_counter() - self._begun - downloads
