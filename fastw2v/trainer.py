"""The training loop, the same for every device."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fastw2v.backends import Backend, Tally, TrainingData
from fastw2v.config import TrainConfig
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.memory import return_freed_memory
from fastw2v.runtime.progress import PhaseProgress, ProgressLog
from fastw2v.runtime.stopwatch import seconds_of
from fastw2v.schedule import Span, spans
from fastw2v.vectors.divergence import DivergenceWatch

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
        Epoch and share of the work at which Ctrl-C stopped training; None when it ran to the end.
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

    def add(self, tally: Tally, *, with_loss: bool) -> None:
        """Add the counts of an epoch, or of its beginning after Ctrl-C."""
        self.kept_words += tally.kept
        self.pairs += tally.pairs
        self.loss += tally.loss
        if with_loss and tally.pairs:
            self.loss_per_epoch.append(tally.loss / tally.pairs)
            logger.info("loss %.4f after %d words", self.loss_per_epoch[-1], self.raw_words)


EpochHook = Callable[[str, TrainReport], None]
"""``on_epoch("begin" or "end", report)``, called before and after each epoch."""


def train(
    backend: Backend,
    config: TrainConfig,
    data: TrainingData,
    *,
    first_epoch: int = 0,
    progress: PhaseProgress | None = None,
    on_epoch: EpochHook = lambda event, report: None,
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
        ``on_epoch("begin" or "end", report)``.
    download_each_epoch : bool
        Copy the weights back after each epoch, so that `on_epoch` sees them when a GPU trains. What it writes to them
        there is lost.

    Returns
    -------
    TrainReport
        After Ctrl-C it covers what was trained until then, and `stopped_at` is set.

    Raises
    ------
    DivergedError
        The weights grow without end, or are no numbers any more.
    """
    report = TrainReport(backend.name)
    data.weights.on_device = None  # the upload may need that memory
    with cleanup(backend.close):
        report.upload_seconds = seconds_of(lambda: backend.upload(config, data))
        report.compile_seconds = seconds_of(backend.compile)
        return_freed_memory()
        begun, show = time.perf_counter(), ProgressLog() if progress is None else progress
        n_words = config.epochs * data.tokens.n_tokens
        watch = DivergenceWatch(data.weights, config.alpha)

        def spans_of(epoch: int) -> Iterator[Span]:
            n_tokens, span_tokens = data.tokens.n_tokens, backend.span_tokens
            return spans(config, n_tokens, epoch, span_tokens=span_tokens, first_epoch=first_epoch)

        def on_done(n_tokens: int) -> None:
            report.raw_words += n_tokens
            watch.look(report.raw_words / n_words)
            show(report.raw_words, n_words)

        epoch = 0
        try:
            for epoch in range(config.epochs):
                on_epoch("begin", report)
                backend.train(spans_of(epoch), on_done)
                report.add(backend.tally(), with_loss=config.compute_loss)
                watch.look(report.raw_words / max(n_words, 1), loss=report.loss)
                if download_each_epoch:
                    report.download_seconds += seconds_of(backend.download)
                    data.weights.on_device = None  # the next epoch changes these rows
                on_epoch("end", report)
        except KeyboardInterrupt:
            report.add(backend.tally(), with_loss=config.compute_loss)
            percent = 100 * report.raw_words / max(n_words, 1)
            report.stopped_at = f"epoch {epoch + 1} of {config.epochs}, {percent:.1f} % of the work"
        report.train_seconds = time.perf_counter() - begun - report.download_seconds
        report.download_seconds += seconds_of(backend.download)
    watch.look_at_all()
    took, n_raw, n_kept = report.train_seconds, report.raw_words, report.kept_words
    logger.info("training took %.1f s: %d raw words, %d kept", took, n_raw, n_kept)
    return report
