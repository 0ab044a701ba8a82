"""The output of the command line: figures, scores, errors in one line."""

from __future__ import annotations

import logging
import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO

import typer

from fastw2v.runtime.interrupts import ctrl_c_raises
from fastw2v.runtime.memory import peak_rss_bytes
from fastw2v.runtime.signals import name_of, terminable
from fastw2v.runtime.streams import write_line
from fastw2v.runtime.word_bytes import printable
from fastw2v_kernels._jit.cuda import CudaUnavailableError

if TYPE_CHECKING:
    from fastw2v.distributed import ClusterReport
    from fastw2v.model import Word2Vec

STATUS_OF = {"Ctrl-C": 130, "SIGTERM": 143}  # 128 and the number of the signal, as in a shell


def say(text: str, *, to_stderr: bool = False) -> None:
    """Print lines; what would command the terminal, and bytes of words that are no UTF-8, are printed as numbers."""
    write_line(printable_lines(text), sys.stderr if to_stderr else sys.stdout)


def printable_lines(text: str) -> str:
    """Text for a terminal, which keeps its line ends and tabs; see `printable`."""
    return re.sub(r"[^\n\t]+", lambda found: printable(found[0]), text)


class PrintableFormatter(logging.Formatter):
    """Log records for a terminal; they may name words and files."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return printable_lines(super().format(record))


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg] # generic for the type checker alone
    """Writes log records to what stderr is at that moment."""

    @property
    def stream(self) -> TextIO:
        """The stream to write to."""
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None: ...


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Print an error that the user can mend as one line without a traceback, and exit with 1.

    SIGTERM within the block is Ctrl-C with another exit status.
    """
    try:
        with ctrl_c_raises(), terminable(ends_process=False):
            yield
    except KeyboardInterrupt as stop:
        say(f"stopped by {name_of(stop)}; nothing was written", to_stderr=True)
        raise typer.Exit(STATUS_OF[name_of(stop)]) from None
    except _mendable() as error:
        message = "; ".join([str(error), *getattr(error, "__notes__", [])])  # the notes hold the cure
        say(f"fastw2v: {' '.join(message.split())}", to_stderr=True)
        raise typer.Exit(1) from None


def _mendable() -> tuple[type[Exception], ...]:
    """Return the errors that the user can mend; the last of them needs modules that most commands do not load."""
    known = ValueError, TypeError, KeyError, OSError, MemoryError, ImportError, CudaUnavailableError
    transport = sys.modules.get("fastw2v.distributed.transport")
    return known if transport is None else (*known, transport.NoWorkerLeftError)


def figures(model: Word2Vec) -> dict[str, Any]:
    """Return the figures of a training for --json: words, losses, speed of the training phase, seconds, memory."""
    report = model.report
    seconds = max(report.train_seconds, 1e-9)
    found = {
        "raw_words": report.raw_words,
        "kept_words": report.kept_words,
        "pairs": report.pairs,
        "vocab_size": len(model.vocab),
        "loss_per_epoch": report.loss_per_epoch,
        "words_per_s": report.raw_words / seconds,
        "kept_words_per_s": report.kept_words / seconds,
        "pairs_per_s": report.pairs / seconds,
        "seconds": model.seconds,
        "workers": report.workers,
        "device": report.device,
        "peak_rss_bytes": peak_rss_bytes(),
    }
    return found if model.cluster_report is None else found | {"cluster": asdict(model.cluster_report)}


def about_the_loss(model: Word2Vec, corpus: Any) -> str:  # noqa: ANN401
    """Return what the text loses before and after a training, and why the loss of an epoch can rise meanwhile."""
    untrained = (1 + model.negative) * math.log(2)  # output vectors of 0 give each target the probability 1/2
    return (
        f"loss of the whole text: {untrained:.4f} before training, {model.mean_loss(corpus):.4f} after it\n"
        "(The loss per epoch may rise, and that is no fault. It is taken while training reads the text, and each line\n"
        "is like the lines that have just moved the vectors. The lower the learning rate, the less that helps.)"
    )


def summary(model: Word2Vec) -> str:
    """Return a readable summary of a training: losses, words, speed, seconds of each phase."""
    numbers, report = figures(model), model.report
    losses = " ".join(f"{loss:.4f}" for loss in report.loss_per_epoch)
    where = (
        report.device if report.device != "cpu" else f"{numbers['workers']} worker{'s' * (report.workers != 1)}, cpu"
    )
    phases = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in model.seconds.items())
    return (
        (f"loss per epoch, while training: {losses}\n" if losses else "")
        + f"{report.raw_words:,} words ({numbers['words_per_s'] / 1e6:.2f} M/s; vocabulary {len(model.vocab):,}, "
        + f"{where}): {phases}"
        + ("" if model.cluster_report is None else f"\n{_cluster_line(model.cluster_report)}")
    )


def _cluster_line(report: ClusterReport) -> str:
    nodes, lost = (
        f"{number} {what}{'s' * (number != 1)}"
        for number, what in ((report.n_nodes, "node"), (report.n_lost, "worker"))
    )
    were = "was" if report.n_lost == 1 else "were"
    sent = f"{report.exchanged_bytes / 1e9:.2f} GB in {report.exchange_seconds:.1f} s"
    again = f"; {lost} {were} lost, {report.repeated_words:,} words trained again" if report.n_lost else ""
    return f"{nodes}, {report.n_rounds} rounds, exchanged {sent}{again}"


def score_line(score: dict[str, Any]) -> str:
    """Return a readable line for one score."""
    return f"{score['file']}: {score['measure']} {score['score']:.4f} ({score['used']} of {score['of']} used)"
