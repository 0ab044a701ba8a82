"""The course of a training: losses, scores and speed, from its report or from a log of `JsonLines`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from fastw2v.formats.safetensors import is_safetensors
from fastw2v.report.source import training_of_file
from fastw2v.runtime.files import existing_file
from fastw2v.runtime.word_bytes import printable
from fastw2v.trainer import TrainReport

Points = list[tuple[float, float]]
_OWN = {"event", "epoch", "words", "seconds", "stopped_at"}  # what each line of a log holds; the rest is measured


@dataclass
class History:
    """Curves of one training.

    Attributes
    ----------
    measures : dict of str to list of (float, float)
        Epoch and value; names of losses contain "loss", the others are scores.
    speed : list of (float, float)
        Millions of words trained, and words/s since the point before.
    """

    measures: dict[str, Points] = field(default_factory=dict)
    speed: Points = field(default_factory=list)

    def losses(self) -> dict[str, Points]:
        """Return the curves of losses."""
        return {name: points for name, points in self.measures.items() if "loss" in name}

    def scores(self) -> dict[str, Points]:
        """Return the other curves."""
        return {name: points for name, points in self.measures.items() if "loss" not in name}


def history_of_report(report: TrainReport | None) -> History:
    """Return the curves in the report of a training; none for None."""
    history = History()
    if report is not None:
        for name, values in {"loss": report.loss_per_epoch, **report.metrics}.items():
            _add(history, name, enumerate(values, report.first_epoch + 1))
    return history


def history_of_file(path: str | PathLike[str]) -> History:
    """Return the curves of a log of `JsonLines`, or of the file of a model.

    Raises
    ------
    ValueError
        The file is neither, or holds no curve.
    FileNotFoundError
        There is no such file.
    """
    path = existing_file(path)
    with open(path, "rb") as file:
        is_log = file.read(1) in (b"{", b"\n", b" ") and not is_safetensors(path)  # whose first byte may be any
    history = read_log(path) if is_log else history_of_report(training_of_file(path)[1])
    if not history.measures and not history.speed:
        raise ValueError(
            f"{path} holds no curve; give a log of fastw2v.callbacks.JsonLines (fastw2v train --log FILE), or a model "
            "of Word2Vec.save that was trained with compute_loss=True"
        )
    return history


def read_log(path: str | PathLike[str]) -> History:
    """Return the curves of the last training in a log of `JsonLines`.

    Raises
    ------
    ValueError
        A line is not one that `JsonLines` writes.
    """
    history, before = History(), (0.0, 0.0)
    ended = False
    for number, text in enumerate(existing_file(path).read_bytes().splitlines(), 1):
        if not text.strip():
            continue
        line = _line(text, f"{path}, line {number}")
        words, seconds = line["words"], line["seconds"]
        if ended or words < before[0]:  # another training was appended
            history, before = History(), (0.0, 0.0)
        ended = line["event"] == "end"
        if seconds > before[1] and words > before[0]:
            _add_point(history.speed, words / 1e6, (words - before[0]) / (seconds - before[1]))
        if seconds != before[1]:  # less: a training that was resumed, whose clock began anew
            before = words, seconds
        for name in line.keys() - _OWN if line["event"] == "epoch" else ():
            _add(history, name, [(line["epoch"], line[name])])
    history.measures = dict(sorted(history.measures.items(), key=lambda curve: (curve[0] != "loss", curve[0])))
    return history


def _line(text: bytes, where: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
        if not isinstance(line["event"], str):
            raise TypeError
        numbers = [float(line[name]) for name in ("epoch", "words", "seconds")]
        if not all(map(math.isfinite, numbers)):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        shown = printable(text[:60].decode("utf-8", "replace"))
        raise ValueError(
            f"{where}: {shown!r} is no line of a log; expected what fastw2v.callbacks.JsonLines writes (give a log, "
            "or a model of Word2Vec.save)"
        ) from None
    return dict(line)


def _add(history: History, name: str, points: Iterable[tuple[int, Any]]) -> None:
    """Add points to a curve; a value that is no finite number leaves a gap."""
    for epoch, value in points:
        if isinstance(value, int | float) and math.isfinite(value):
            _add_point(history.measures.setdefault(name, []), epoch, value)


def _add_point(points: Points, x: float, y: float) -> None:
    points.append((float(x), float(y)))


def title_of(path: str | PathLike[str]) -> str:
    """Return the name of a file, fit to be shown."""
    return printable(Path(path).name)
