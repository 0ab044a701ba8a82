"""The training loop, the same for every device."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from fastw2v.backends import Backend, Tally, TrainingData
from fastw2v.config import TrainConfig
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.memory import return_freed_memory
from fastw2v.runtime.progress import PhaseProgress, ProgressLog
from fastw2v.runtime.stopwatch import seconds_of
from fastw2v.schedule import Span, spans

logger = logging.getLogger("fastw2v")


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
        Epoch and share of the work at which training stopped, and why if a callback stopped it; None when it ran to the
        end.
    stopped_by : str, optional
        "Ctrl-C", or the reason that `Word2Vec.stop_training` was given.
    metrics : dict of str to list of float
        What callbacks have measured, a value for each epoch; see `add_metric`.
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
    metrics: dict[str, list[float]] = field(default_factory=dict)

    def add(self, tally: Tally, *, with_loss: bool) -> None:
        """Add the counts of an epoch, or of its beginning after Ctrl-C."""
        self.kept_words += tally.kept
        self.pairs += tally.pairs
        self.loss += tally.loss
        if with_loss and tally.pairs:
            self.loss_per_epoch.append(tally.loss / tally.pairs)
            logger.info("loss %.4f after %d words", self.loss_per_epoch[-1], self.raw_words)

    def add_metric(self, name: str, value: float) -> None:
        """Append the value that a callback has measured after an epoch, for other callbacks and for the user."""
        self.metrics.setdefault(name, []).append(float(value))

    def stopped(self, by: str | None, in_epoch: str, n_words: int) -> None:
        """Note where and why training has stopped, if something stopped it before all `n_words` were trained."""
        if by is None or (self.raw_words >= n_words and by != CTRL_C):
            return
        percent = 100 * self.raw_words / max(n_words, 1)
        self.stopped_at, self.stopped_by = f"epoch {in_epoch}, {percent:.1f} % of the work", by
        if by != CTRL_C:
            self.stopped_at += f": {by}"
            logger.info("stopped in %s", self.stopped_at)


CTRL_C = "Ctrl-C"
EpochHook = Callable[[str, TrainReport], "str | None"]
"""``on_epoch("begin" or "end", report)``, called before and after each epoch; returns a reason to stop, or None."""


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


def train(
    backend: Backend,
    config: TrainConfig,
    data: TrainingData,
    *,
    first_epoch: int = 0,
    progress: PhaseProgress | None = None,
    on_epoch: EpochHook = lambda event, report: None,
    on_wait: Callable[[TrainReport], str | None] = lambda report: None,
    download_each_epoch: bool = False,
) -> TrainReport:
    """Train ``data.weights`` in place over all epochs.

    Parameters
    ----------
    backend : Backend
        The device.
    config : TrainConfig
    data : TrainingData
        Vocabulary, tokens and weights.
    first_epoch : int
        Epochs that these weights have been trained for before; see `spans`.
    progress : callable, optional
        ``progress(done, total)`` in raw words over all epochs; called from any thread, one call at a time. Without it,
        share and speed are logged at INFO about once a second.
    on_epoch : callable
        ``on_epoch("begin" or "end", report)``. If it returns a reason to stop, training ends there.
    on_wait : callable
        ``on_wait(report)``, called by this thread about ten times a second while the device trains, and at the end of
        each epoch. If it returns a reason to stop, training ends with the running spans, and its epoch ends there.
    download_each_epoch : bool
        Copy the weights back after each epoch, so that `on_epoch` sees them when a GPU trains. What it writes to them
        there is lost.

    Returns
    -------
    TrainReport
        After Ctrl-C or a reason to stop it covers what was trained until then, and `stopped_at` is set.
    """
    report = TrainReport(backend.name)
    data.weights.on_device = None  # the upload may need that memory
    with cleanup(backend.close):
        report.upload_seconds = seconds_of(lambda: backend.upload(config, data))
        report.compile_seconds = seconds_of(backend.compile)
        return_freed_memory()
        begun, show = time.perf_counter(), ProgressLog() if progress is None else progress
        stop, n_tokens, span_tokens = _Stop(), data.tokens.n_tokens, backend.span_tokens
        n_words = config.epochs * n_tokens

        def wait() -> None:
            stop.because(on_wait(report))

        def on_done(n_tokens: int) -> None:
            report.raw_words += n_tokens
            show(report.raw_words, n_words)

        epoch = 0
        try:
            for epoch in range(config.epochs):
                stop.because(on_epoch("begin", report))
                planned = spans(config, n_tokens, epoch, span_tokens=span_tokens, first_epoch=first_epoch)
                backend.train(stop.before(planned), on_done, wait)
                wait()
                report.add(backend.tally(), with_loss=config.compute_loss)
                if download_each_epoch:
                    report.download_seconds += seconds_of(backend.download)
                    data.weights.on_device = None  # the next epoch changes these rows
                stop.because(on_epoch("end", report))
                if stop.reason is not None:
                    break
        except KeyboardInterrupt:
            report.add(backend.tally(), with_loss=config.compute_loss)
            stop.reason = CTRL_C
        report.stopped(stop.reason, f"{epoch + 1} of {config.epochs}", n_words)
        report.train_seconds = time.perf_counter() - begun - report.download_seconds
        report.download_seconds += seconds_of(backend.download)
    took, n_raw, n_kept = report.train_seconds, report.raw_words, report.kept_words
    logger.info("training took %.1f s: %d raw words, %d kept", took, n_raw, n_kept)
    return report
