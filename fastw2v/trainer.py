"""The training loop, the same for every device."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from fastw2v.backends import Backend, Tally, TrainingData
from fastw2v.backends.windows import with_fitting_window
from fastw2v.config import TrainConfig
from fastw2v.pauses import UntilDue
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.memory import return_freed_memory
from fastw2v.runtime.progress import PhaseProgress, ProgressLog
from fastw2v.runtime.signals import name_of
from fastw2v.runtime.stopwatch import seconds_of
from fastw2v.schedule import Span, spans
from fastw2v.vectors.divergence import DivergenceWatch

logger = logging.getLogger("fastw2v")
_NOTHING = Tally(0.0, 0, 0)


@dataclass
class TrainReport:
    """Counts, losses and times of a training.

    Parameters
    ----------
    device : str
        "cpu" or "cuda"; "none" before the first training.
    workers : int
        Threads that trained: 1 for a small corpus, whatever the option says; 0 before the first training.
    raw_words : int
        Words trained over all epochs, counted before subsampling; words outside the vocabulary do not count.
    kept_words : int
        Those of them that survived subsampling.
    pairs : int
        Pairs of centre and context trained (CBOW: centres).
    loss_per_epoch : list of float
        Mean negative log-likelihood of a pair (positive and negatives together) for each epoch that had a pair. Empty
        without compute_loss. With weights it is the weighted mean: of explicit pairs exactly, of sentences as if each
        word had as many pairs.
    loss : float
        Sum of the losses of all pairs; with weights, each times its weight over the mean weight.
    upload_seconds, compile_seconds, train_seconds, download_seconds : float
        Time to copy corpus and weights to the device, to compile or load the kernel, to train, and to copy the weights
        back. `train_seconds` includes the callbacks, and is set after the last epoch.
    stopped_at : str, optional
        Epoch and share of the work at which training stopped, and why if a callback stopped it; None when it ran to the
        end.
    stopped_by : str, optional
        "Ctrl-C", "SIGTERM", or the reason that `Word2Vec.stop_training` was given.
    first_epoch : int
        Epochs that the weights had been trained for before this training; see `fastw2v.schedule.spans`.
    unfinished : Tally
        Counts of the epoch that has begun, as of the last pause; they are not in the sums above yet.
    metrics : dict of str to list of float
        What callbacks have measured, a value for each epoch; see `add_metric`.
    """

    device: str
    workers: int = 0
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
    metrics: dict[str, list[float]] = field(default_factory=dict)

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

    def add_metric(self, name: str, value: float) -> None:
        """Append the value that a callback has measured after an epoch, for other callbacks and for the user."""
        self.metrics.setdefault(name, []).append(float(value))

    def stopped(self, by: str, epoch: str, n_words: int) -> None:
        """Note where and why training has stopped, of `n_words`."""
        percent = 100 * self.raw_words / max(n_words, 1)
        self.stopped_at, self.stopped_by = f"epoch {epoch}, {percent:.1f} % of the work", by


EpochHook = Callable[[str, TrainReport], "str | None"]
"""``on_epoch("begin" or "end", report)``, called before and after each epoch; returns a reason to stop, or None."""


class Hooks(NamedTuple):
    """What the caller of `train` is told, and may answer.

    Parameters
    ----------
    on_epoch : callable
        ``on_epoch("begin" or "end", report)``. If it returns a reason to stop, training ends there.
    on_wait : callable
        ``on_wait(report)``, called by this thread about ten times a second while the device trains, and at the end of
        each epoch. If it returns a reason to stop, training ends with the running spans, and its epoch ends there.
    see_epochs : bool
        Copy the weights back after each epoch, so that `on_epoch` sees them when a GPU trains. What it writes to them
        there is lost.
    """

    on_epoch: EpochHook = lambda event, report: None
    on_wait: Callable[[TrainReport], str | None] = lambda report: None
    see_epochs: bool = False


class _Stop:
    """The reason to end a training; None while it shall go on."""

    reason: str | None = None

    def because(self, reason: str | None) -> None:
        """Take a reason to stop; None leaves it as it is."""
        self.reason = reason or self.reason

    def before(self, planned: Iterable[Span]) -> Iterator[Span]:
        """Yield the spans until there is a reason to stop."""
        for span in planned:
            if self.reason is not None:
                return
            yield span


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
    hooks: Hooks = Hooks(),  # noqa: B008 - it is immutable
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
    hooks : Hooks
        What is called before, while and after an epoch is trained.
    pause : Pause
        What is done between spans whenever it is due.

    Returns
    -------
    TrainReport
        After Ctrl-C or a reason to stop it covers what was trained until then, and `stopped_at` is set.

    Raises
    ------
    ValueError
        The weights have no output rows for a loss that is to be trained.
    DivergedError
        The weights grow without end, or are no numbers any more.
    SystemExit
        A handler of a signal raised it. Training ends as after Ctrl-C, and then it is raised again.
    """
    report = TrainReport(backend.name) if report is None else report
    report.device = backend.name
    data.weights.on_device = None  # the upload may need that memory
    data.weights.check_outputs(hs=config.hs, negative=config.negative)
    fitting = with_fitting_window(config, data.tokens)
    with cleanup(backend.close):
        report.upload_seconds += seconds_of(lambda: backend.upload(fitting, data))
        report.workers = backend.n_workers
        report.compile_seconds += seconds_of(backend.compile)
        return_freed_memory()
        loop = _Loop(backend, config, data, report=report, hooks=hooks, pause=pause)
        stop = loop.run(ProgressLog(report.raw_words) if progress is None else progress)
        loop.download()
        loop.check()
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
        hooks: Hooks,
        pause: Pause,
    ) -> None:
        self._backend, self._config, self._weights, self._report = backend, config, data.weights, report
        self._hooks, self._pause, self._stop = hooks, pause, _Stop()
        self._n_tokens, self._divergence = data.tokens.n_tokens, DivergenceWatch(data.weights, config.alpha)
        self._downloaded, self._mean_weight = report.download_seconds, data.tokens.mean_weight
        self._begun = time.perf_counter() - report.train_seconds

    def run(self, show: PhaseProgress) -> BaseException | None:
        """Train what is left; return what has stopped it, or None."""
        report, n_words = self._report, self._config.epochs * self._n_tokens

        def on_done(n_tokens: int) -> None:
            report.raw_words += n_tokens
            self._divergence.look(report.raw_words / n_words)
            show(report.raw_words, n_words)

        epoch = 0
        try:
            self._wait()
            for epoch in range(report.raw_words // max(self._n_tokens, 1), self._config.epochs):
                if self._stop.reason is None:
                    self._train_epoch(epoch, on_done)
                if self._stop.reason is not None:
                    self._note_reason(self._stop.reason, epoch)
                    break
                if report.raw_words < n_words and self._pause.is_due(report.raw_words, ends_epoch=True):
                    self._run_pause()
        except (KeyboardInterrupt, SystemExit) as stop:
            report.count(self._tally())
            if report.raw_words == (epoch + 1) * self._n_tokens:
                report.end_epoch(with_loss=self._config.compute_loss)
            self._note_stop(name_of(stop), epoch)
            return stop
        finally:
            self._measure()
        return None

    def _train_epoch(self, epoch: int, on_done: Callable[[int], None]) -> None:
        self._stop.because(self._hooks.on_epoch("begin", self._report))
        while self._train_until_pause(epoch, on_done):
            self._run_pause()
        self._wait()
        self._report.end_epoch(with_loss=self._config.compute_loss)
        n_words = self._config.epochs * self._n_tokens
        self._divergence.look(self._report.raw_words / max(n_words, 1), loss=self._report.loss)
        if self._hooks.see_epochs:
            self._show_weights()
        self._stop.because(self._hooks.on_epoch("end", self._report))

    def _note_reason(self, reason: str, epoch: int) -> None:
        """Note that a callback has stopped training, unless all was trained by then."""
        report = self._report
        if report.raw_words < self._config.epochs * self._n_tokens:
            self._note_stop(reason, epoch)
            report.stopped_at = f"{report.stopped_at}: {reason}"
            logger.info("stopped in %s", report.stopped_at)

    def _note_stop(self, by: str, epoch: int) -> None:
        n_words = self._config.epochs * self._n_tokens
        self._report.stopped(by, f"{epoch + 1} of {self._config.epochs}", n_words)

    def _wait(self) -> None:
        self._stop.because(self._hooks.on_wait(self._report))

    def check(self) -> None:
        """Raise DivergedError unless all downloaded weights are numbers."""
        self._divergence.look_at_all()

    def finish(self) -> BaseException | None:
        """Do what the pause does at the end; return what came in between, which stops no training any more."""
        try:
            self._pause.finish(self._report)
        except (KeyboardInterrupt, SystemExit) as stop:
            if self._report.stopped_at is None:
                self._note_stop(name_of(stop), self._config.epochs - 1)
            return stop
        return None

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
            self._stop.before(self._spans(epoch)),
            self._n_tokens,
            lambda n_tokens: is_due(first_word + n_tokens, ends_epoch=False),
        )
        self._backend.train(spans, on_done, self._wait)
        self._report.count(self._tally())
        return spans.has_paused

    def _tally(self) -> Tally:
        return self._backend.tally().relative_to(self._mean_weight)

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
