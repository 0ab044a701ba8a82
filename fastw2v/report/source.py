"""What a report is about: vectors, and what is known of their training."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from fastw2v.checkpoint import read_notes
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.model_base import ModelBase
from fastw2v.resuming import report_of
from fastw2v.runtime.word_bytes import printable
from fastw2v.trainer import TrainReport

Reported: TypeAlias = "ModelBase | KeyedVectors | str | PathLike[str]"
"""A model, vectors, or the file of either."""


@dataclass(frozen=True)
class Source:
    """Vectors, and what is known of them.

    Attributes
    ----------
    name : str
        Of the file, fit to be shown.
    vectors : KeyedVectors
    options : dict
        Options of the training; empty where they are not known.
    training : TrainReport or None
        None where it is not known.
    """

    name: str
    vectors: KeyedVectors
    options: dict[str, Any]
    training: TrainReport | None


def source_of(given: Reported) -> Source:
    """Return what a report is about.

    Raises
    ------
    TypeError
        It is neither a model, nor vectors, nor a path.
    ValueError
        There are no vectors; or the file is damaged.
    FileNotFoundError
        There is no such file.
    """
    if isinstance(given, ModelBase):
        source = Source("a model in memory", given.wv, asdict(given.config), _trained(given.report))
    elif isinstance(given, KeyedVectors):
        source = Source("vectors in memory", given, {}, None)
    elif isinstance(given, str | PathLike):
        source = Source(printable(Path(given).name), KeyedVectors.load(given), *training_of_file(given))
    else:
        raise TypeError(f"a {type(given).__name__} was given; expected a Word2Vec, KeyedVectors, or the path of a file")
    if len(source.vectors) == 0:
        raise ValueError(f"{source.name} holds no vectors; expected at least one")
    return source


def training_of_file(path: str | PathLike[str]) -> tuple[dict[str, Any], TrainReport | None]:
    """Return the options and the report of a training that a file holds: {} and None for vectors alone."""
    options, notes = read_notes(path)
    try:
        return options, _trained(report_of(notes["report"])) if "report" in notes else None
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}; save the model again with Word2Vec.save") from error


def _trained(report: TrainReport) -> TrainReport | None:
    return report if report.device != "none" else None
