"""What the command line shows: progress bars, figures, scores."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from fastw2v.runtime.memory import peak_rss_bytes
from fastw2v_kernels._jit.cuda import CudaUnavailableError

if TYPE_CHECKING:
    from fastw2v.keyedvectors import KeyedVectors
    from fastw2v.model import Word2Vec

ABOUT_THE_LOSS = "\n(each loss is taken on the way: it can rise as the learning rate falls; see README, design notes)"
_UNITS = {"encode": "B", "train": " words"}


def say(text: str, *, to_stderr: bool = False) -> None:
    """Print a line. Bytes of a word that are not UTF-8 come out as they are in the file."""
    stream = sys.stderr if to_stderr else sys.stdout
    stream.buffer.write((text + "\n").encode("utf-8", "surrogateescape"))
    stream.flush()


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Print what is wrong with the input in a line, without a traceback, and exit with 1."""
    try:
        yield
    except KeyboardInterrupt:
        say("stopped by Ctrl-C; nothing was written", to_stderr=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:  # `fastw2v similar ... | head`: Typer ends it without a word
        raise
    except (ValueError, TypeError, KeyError, OSError, MemoryError, ImportError, CudaUnavailableError) as error:
        message = "; ".join([str(error), *getattr(error, "__notes__", [])])  # the notes hold the cure
        say(f"fastw2v: {' '.join(message.split())}", to_stderr=True)
        raise typer.Exit(1) from None


class Bars:
    """A progress bar on stderr for each phase, with speed and time left; silent unless that is a terminal.

    Within the `with` block what is logged appears above the bar.
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._phase = ""
        self._redirection = ExitStack()

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        """Show that `done` of `total` units of a phase are done."""
        if phase != self._phase:
            self.close()
            self._phase = phase
            self._bar = tqdm(desc=phase, total=total, unit=_UNITS[phase], unit_scale=True, disable=None, leave=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> Bars:
        self._redirection.enter_context(logging_redirect_tqdm())
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._redirection.close()


def figures(model: Word2Vec) -> dict[str, Any]:
    """The figures of a training run: words, loss, words per second of training alone, seconds by phase, memory."""
    report = model.report
    seconds = max(report.train_seconds, 1e-9)
    return {
        "raw_words": report.raw_words,
        "kept_words": report.kept_words,
        "pairs": report.pairs,
        "vocab_size": len(model.vocab),
        "loss_per_epoch": report.loss_per_epoch,
        "words_per_s": report.raw_words / seconds,
        "kept_words_per_s": report.kept_words / seconds,
        "pairs_per_s": report.pairs / seconds,
        "seconds": model.seconds,
        "workers": model.config.n_workers,
        "device": report.device,
        "peak_rss_bytes": peak_rss_bytes(),
    }


def summary(model: Word2Vec) -> str:
    """Speed and loss of a training run, for people."""
    numbers, report = figures(model), model.report
    losses = " ".join(f"{loss:.4f}" for loss in report.loss_per_epoch)
    crew = report.device if report.device != "cpu" else f"{numbers['workers']} workers, cpu"
    phases = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in model.seconds.items())
    return (
        (f"loss per epoch: {losses}\n" if losses else "")
        + f"{report.raw_words:,} words ({numbers['words_per_s'] / 1e6:.2f} M/s; vocabulary {len(model.vocab):,}, "
        + f"{crew}): {phases}"
    )


def scores(
    vectors: KeyedVectors, pairs: Sequence[Path], analogies: Sequence[Path], restrict_vocab: int
) -> list[dict[str, Any]]:
    """Score vectors on each file, with the coverage beside each score."""
    from fastw2v import evaluation

    rows = []
    for path in pairs:
        found = evaluation.word_pairs(vectors, path, restrict_vocab=restrict_vocab)
        score = found.spearman.statistic
        rows.append(
            {"file": path.name, "measure": "spearman", "score": score, "used": found.n_used, "of": found.n_total}
        )
    for path in analogies:
        solved = evaluation.analogies(vectors, path, restrict_vocab=restrict_vocab)
        score = solved.accuracy
        rows.append(
            {"file": path.name, "measure": "accuracy", "score": score, "used": solved.n_used, "of": solved.n_total}
        )
    return rows


def score_line(score: dict[str, Any]) -> str:
    """One score for people."""
    return f"{score['file']}: {score['measure']} {score['score']:.4f} ({score['used']} of {score['of']} used)"
