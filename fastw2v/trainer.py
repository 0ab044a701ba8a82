"""The training loop. It does not know which device it drives."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastw2v.backends import Backend
from fastw2v.config import TrainConfig
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.memory import give_back_freed
from fastw2v.runtime.progress import PhaseProgress, ProgressLog
from fastw2v.runtime.stopwatch import seconds_of
from fastw2v.schedule import spans
from fastw2v.vectors.weights import Weights

if TYPE_CHECKING:
    from fastw2v.encode import Tokens
    from fastw2v.vocab import Vocab

logger = logging.getLogger("fastw2v")


@dataclass
class TrainReport:
    """What a training run did.

    Parameters
    ----------
    device : str
        Where it ran.
    raw_words : int
        Tokens of the vocabulary that were gone through, before subsampling, over all epochs.
    kept_words : int
        Tokens that survived subsampling.
    pairs : int
        Pairs of centre and context trained (CBOW: centres).
    loss_per_epoch : list of float
        Mean negative log-likelihood of a pair, positive and negatives together, for each epoch that had a pair; empty
        without compute_loss.
    loss : float
        Sum of the losses of all pairs.
    upload_seconds, compile_seconds, train_seconds, download_seconds : float
        Time to take corpus and weights to the device, to compile or load the kernels, to train, and to bring the
        weights back. Callbacks see the first two; `train_seconds`, theirs included, is known in the end.
    stopped_at : str, optional
        Where Ctrl-C stopped the run; None when it went to its end.
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


def train(
    backend: Backend,
    config: TrainConfig,
    vocab: Vocab,
    tokens: Tokens,
    weights: Weights,
    *,
    first_epoch: int = 0,
    progress: PhaseProgress | None = None,
    on_epoch: Callable[[str, TrainReport], None] = lambda event, report: None,
    shows_epochs: bool = False,
) -> TrainReport:
    """Train `weights` in place over all epochs.

    Parameters
    ----------
    backend : Backend
        Where to train.
    config, vocab, tokens, weights
        What to train on.
    first_epoch : int
        Epochs that the weights were trained for before; see `spans`.
    progress : callable, optional
        `progress(done, total)` in raw words over all epochs; from any thread, but one call at a time. Without
        it the logger "fastw2v" says at INFO, once a second at most, what share is done and how many words a second.
    on_epoch : callable
        `on_epoch("begin" or "end", report)` around each epoch.
    shows_epochs : bool
        Bring the weights back after each epoch, so that `on_epoch` sees them as they are on a GPU too. What it writes
        to them there is lost.

    Returns
    -------
    TrainReport
        After Ctrl-C it covers what was trained until then, and `stopped_at` says where that was.
    """
    report = TrainReport(backend.name)
    weights.on_device = None  # that memory may be wanted
    with cleanup(backend.close):
        report.upload_seconds = seconds_of(lambda: backend.upload(config, vocab, tokens, weights))
        report.compile_seconds = seconds_of(backend.compile)
        give_back_freed()
        begun, show = time.perf_counter(), ProgressLog() if progress is None else progress
        n_words = config.epochs * tokens.n_tokens

        def on_done(n_tokens: int) -> None:
            report.raw_words += n_tokens
            show(report.raw_words, n_words)

        epoch = 0
        try:
            for epoch in range(config.epochs):
                on_epoch("begin", report)
                backend.train(spans(config, tokens.n_tokens, epoch, backend.span_tokens, first_epoch), on_done)
                _add_tally(report, backend, config)
                if shows_epochs:
                    report.download_seconds += seconds_of(backend.download)
                    weights.on_device = None  # what lies there is trained further
                on_epoch("end", report)
        except KeyboardInterrupt:
            _add_tally(report, backend, config)
            percent = 100 * report.raw_words / n_words
            report.stopped_at = f"epoch {epoch + 1} of {config.epochs}, {percent:.1f} % of the work"
        report.train_seconds = time.perf_counter() - begun - report.download_seconds
        report.download_seconds += seconds_of(backend.download)
    took, n_raw, n_kept = report.train_seconds, report.raw_words, report.kept_words
    logger.info("training took %.1f s: %d raw words, %d kept", took, n_raw, n_kept)
    return report


def _add_tally(report: TrainReport, backend: Backend, config: TrainConfig) -> None:
    tally = backend.tally()
    report.kept_words += tally.kept
    report.pairs += tally.pairs
    report.loss += tally.loss
    if config.compute_loss and tally.pairs:
        report.loss_per_epoch.append(tally.loss / tally.pairs)
        logger.info("loss %.4f after %d words", report.loss_per_epoch[-1], report.raw_words)
