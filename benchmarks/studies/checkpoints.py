"""Measure what checkpoints cost a training: its speed, the pause in which they are copied, and the time to write them.

Usage: python -m benchmarks.studies.checkpoints [--every epoch 5s] [--rounds 5] [--epochs 5] [--sg 1]

It trains on film reviews where FASTW2V_DATA_DIR has them, else on the text of Python's standard library, with two
workers: without checkpoints and with one for each of `--every`, in turn, `--rounds` times. It prints the ratio of the
speeds of each round (median and quartiles), and for each checkpoint its bytes, the pause, and the time to write it.
The last column is the share of five minutes, the default of `checkpoint_every`, that pause and writing would take if no
worker trained in that time. The last checkpoint, written when training has ended, is left out.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from benchmarks.corpora import reviews
from benchmarks.report.results import quartiles
from fastw2v import Word2Vec
from fastw2v.checkpointing import CheckpointPause

DEFAULT_S = 300
COLUMNS = (
    "checkpoint_every",
    "words/s",
    "of the speed without",
    "checkpoints",
    "MB",
    "pause",
    "written in",
    "at 5 min at most",
)


class Run(NamedTuple):
    """One training: words a second, and of each checkpoint the seconds of the pause and of the writing."""

    words_per_s: float
    pauses: Sequence[float] = ()
    writes: Sequence[float] = ()
    n_bytes: int = 0


@contextmanager
def timed_checkpoints(pauses: list[float], writes: list[float]) -> Iterator[None]:
    """Append the seconds of each pause and of each write."""
    run, write = CheckpointPause.run, CheckpointPause._write

    def timed(method: Any, seconds: list[float]) -> Any:  # noqa: ANN401 - methods of CheckpointPause
        def measured(self: CheckpointPause, *args: Any) -> None:  # noqa: ANN401
            begun = time.perf_counter()
            method(self, *args)
            seconds.append(time.perf_counter() - begun)

        return measured

    patches = {"run": timed(run, pauses), "_write": timed(write, writes)}
    with mock.patch.multiple(CheckpointPause, **patches):
        yield


def trained(text: Path, every: str | None, options: dict[str, Any]) -> Run:
    """Train once; the checkpoint lies in a temporary folder."""
    pauses: list[float] = []
    writes: list[float] = []
    with tempfile.TemporaryDirectory() as folder, timed_checkpoints(pauses, writes):
        path = Path(folder, "run.checkpoint")
        given = {"checkpoint": path, "checkpoint_every": int(every) if every.isdigit() else every} if every else {}
        report = Word2Vec(corpus_file=text, progress=False, **options, **given).report
        n_bytes = path.stat().st_size if every else 0
    return Run(report.raw_words / report.train_seconds, pauses, writes[:-1], n_bytes)


def rounds(text: Path, all_every: list[str], options: dict[str, Any], *, n_rounds: int) -> Iterator[dict[str, Run]]:
    """The runs of each round by `checkpoint_every`; "none" is the one without."""
    trained(text, None, options | {"epochs": 1})  # compiles
    for i in range(n_rounds):
        order = ["none", *all_every]
        turned = order[i % len(order) :] + order[: i % len(order)]
        yield {every: trained(text, None if every == "none" else every, options) for every in turned}


def row(every: str, all_runs: list[dict[str, Run]]) -> str:
    """A table row of one `checkpoint_every`."""
    runs = [each[every] for each in all_runs]
    speed = f"{statistics.median(run.words_per_s for run in runs) / 1e6:.2f} M"
    if every == "none":
        return f"| none | {speed} | | | | | | |"
    ratios = [each[every].words_per_s / each["none"].words_per_s for each in all_runs]
    pauses, writes = ([s for run in runs for s in getattr(run, name)] for name in ("pauses", "writes"))
    middle, low, high = quartiles(ratios)
    if not pauses:
        return f"| {every} | {speed} | {middle:.3f} ({low:.3f}-{high:.3f}) | 0 | | | | |"
    pause, write = statistics.median(pauses), statistics.median(writes)
    cells = [speed, f"{middle:.3f} ({low:.3f}-{high:.3f})", f"{len(pauses) / len(runs):.1f}"]
    cells += [f"{runs[0].n_bytes / 1e6:.0f}", f"{1e3 * pause:.0f} ms", f"{1e3 * write:.0f} ms"]
    return f"| {every} | {' | '.join(cells)} | {(pause + write) / DEFAULT_S:.2%} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--every", nargs="+", default=["epoch", "5s"], help="checkpoint_every; digits are words")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of trainings in turn")
    parser.add_argument("--epochs", type=int, default=5, help="of each training")
    parser.add_argument("--sg", type=int, default=1, choices=(0, 1), help="1 skip-gram, 0 CBOW")
    chosen = parser.parse_args()
    logging.getLogger("fastw2v").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "text")
        name = reviews(text, quick=False)
        options = {"sg": chosen.sg, "epochs": chosen.epochs, "workers": 2}
        all_runs = list(rounds(text, chosen.every, options, n_rounds=chosen.rounds))
        head = f"| {' | '.join(COLUMNS)} |"
        print(f"{name}, {chosen.rounds} rounds", head, "|" + "---|" * len(COLUMNS), sep="\n")
        print(*(row(every, all_runs) for every in ("none", *chosen.every)), sep="\n")


if __name__ == "__main__":
    main()
