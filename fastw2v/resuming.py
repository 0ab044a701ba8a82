"""Going on from a checkpoint: what the file says of the training, and whether corpus and options are its own."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fastw2v.backends import Tally
from fastw2v.checkpoint import SavedModel, read_model, read_training
from fastw2v.config import FastTextConfig, TrainConfig
from fastw2v.encode import Tokens
from fastw2v.runtime.warn import warn_user
from fastw2v.trainer import TrainReport

logger = logging.getLogger("fastw2v")
FORMAT = 1
_MAY_DIFFER = ("workers", "device")  # options that another machine may need; with them, bytes may differ
_HASH_TOKENS = 1 << 20
_TYPES_OF_FIGURES: dict[str, Any] = {
    **dict.fromkeys(("raw_words", "kept_words", "pairs", "workers", "first_epoch"), int),
    **dict.fromkeys(("loss", "upload_seconds", "compile_seconds", "train_seconds", "download_seconds"), int | float),
    **dict.fromkeys(("stopped_at", "stopped_by"), str | None),
    **{"device": str, "loss_per_epoch": list, "metrics": dict, "unfinished": Tally},
}


def previous_of(path: Path) -> Path:
    """Return the name of the checkpoint before."""
    return path.with_name(path.name + ".previous")


def exists(path: Path) -> bool:
    """Whether there is a checkpoint, or the one before."""
    return path.exists() or previous_of(path).exists()


def content(path: Path) -> str:
    """Say what an existing file is, and what to do."""
    try:
        training = read_training(path)[1]
    except (ValueError, OSError):
        training = None
    if training is None:
        return "it is no checkpoint of a training; give the checkpoint another name"
    goes_on = "Word2Vec.resume (fastw2v train --resume) goes on from it"
    return f"a checkpoint at {100 * share(training):.1f} % of the work; {goes_on}, or delete it to begin anew"


def share(training: Mapping[str, Any]) -> float:
    """Return how much of the work a checkpoint holds, from 0 to 1."""
    return float(training["report"]["raw_words"] / max(training["n_words"], 1))


class Resumed(NamedTuple):
    """What a checkpoint holds.

    Attributes
    ----------
    model : SavedModel
    report : TrainReport
        Of the training up to there.
    is_finished : bool
        Whether the training had come to its end.
    every : str or int
        The `checkpoint_every` that it was written by.
    tokens : dict of str
        What `described` said of the corpus.
    cluster : dict of JSON values, or None
        Of a training on a cluster: what is trained of which files.
    is_previous : bool
        Whether this is the checkpoint before, since the last one is damaged.
    """

    model: SavedModel
    report: TrainReport
    is_finished: bool
    every: str | int
    tokens: dict[str, Any]
    cluster: dict[str, Any] | None = None
    is_previous: bool = False

    def check_tokens(self, tokens: Tokens) -> None:
        """Raise ValueError unless this is the corpus that the checkpoint was trained on."""
        found = described(tokens)
        if found != self.tokens:
            sizes = "{n_tokens:,} known words in {n_sentences:,} sentences"
            expected, given = sizes.format(**self.tokens), sizes.format(**found)
            difference = f"expected {expected}, found {given if given != expected else 'as many others'}"
            raise ValueError(f"the corpus is not that of the checkpoint: {difference}; pass that one, or train anew")


def read_checkpoint(path: str | os.PathLike[str]) -> Resumed:
    """Read a checkpoint, or, if it is damaged, the one before.

    Raises
    ------
    FileNotFoundError
        There is none.
    ValueError
        Both are damaged, or this is no checkpoint but a saved model, or a newer version wrote it.

    Warns
    -----
    RuntimeWarning
        The checkpoint is damaged or missing, and the one before was read.
    """
    path = Path(path)
    try:
        return _read(path)
    except (ValueError, FileNotFoundError) as error:
        if not previous_of(path).exists():
            raise
        warn_user(f"{error}; so the checkpoint before, {previous_of(path)}, was read")
    return _read(previous_of(path))._replace(is_previous=True)


def _read(path: Path) -> Resumed:
    saved = read_model(path)
    training = saved.training
    if training is None:
        raise ValueError(f"{path} is a saved model and no checkpoint; go on from it by Word2Vec.load and train")
    if training.get("format") != FORMAT:
        found = f"{path} has format {training.get('format')!r}"
        raise ValueError(f"{found}, and this version reads {FORMAT}; go on with the version that wrote it")
    if training.get("version") != version():
        logger.warning(
            "%s was written by fastw2v %s; the bytes of the result may differ", path, training.get("version")
        )
    try:
        fields = training["report"]
        report = TrainReport(**{**fields, "unfinished": Tally(*fields["unfinished"])})
        report.stopped_at = report.stopped_by = None
        is_finished = bool(training.get("has_ended")) or report.raw_words >= training["n_words"]
        return Resumed(saved, report, is_finished, training["every"], training["tokens"], training.get("cluster"))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: its place in the training is {training!r:.200}") from error


def report_figures(report: TrainReport) -> dict[str, Any]:
    """Return the figures of a training as JSON has them; see `report_of`."""
    return {name: value for name, value in dataclasses.asdict(report).items() if name != "unfinished"}


def report_of(figures: object) -> TrainReport:
    """Return the report that `report_figures` gave; ValueError if a figure is missing or of another type."""
    fields = figures if isinstance(figures, dict) else {}
    try:
        report = TrainReport(**fields)
    except TypeError as error:
        raise ValueError(f"the report is {figures!r:.200}; expected the figures of a training") from error
    for name, expected in _TYPES_OF_FIGURES.items():
        if not isinstance(getattr(report, name), expected):
            raise ValueError(f"the report has the {name} {getattr(report, name)!r:.100}")
    curves = [report.loss_per_epoch, *report.metrics.values()]
    for values in curves:
        if not isinstance(values, list) or not all(isinstance(value, int | float) for value in values):
            raise ValueError(f"the report has the curve {values!r:.100}; expected a list of numbers")
    return report


def check_options(path: Path, options: Mapping[str, Any]) -> None:
    """Raise ValueError if an option differs from the one that a checkpoint was trained with; `workers` may."""
    try:
        saved = read_training(path)[0]
    except (ValueError, FileNotFoundError):
        if not previous_of(path).exists():
            raise
        saved = read_training(previous_of(path))[0]
    kind = FastTextConfig if "min_n" in saved else TrainConfig
    wanted = dataclasses.asdict(kind(**options))
    for name in options:
        if name not in _MAY_DIFFER and name in saved and saved[name] != wanted[name]:
            cure = "give the same options, or another checkpoint to train anew"
            raise ValueError(f"{name} is {wanted[name]!r}, and {saved[name]!r} in the checkpoint {path}; {cure}")


def described(tokens: Tokens, on_step: Callable[[], object] | None = None) -> dict[str, Any]:
    """Return the sizes of a corpus, and a hash of its rows, of where its sentences start, and of its weights.

    `on_step` is called now and then.
    """
    digest = hashlib.blake2b(digest_size=16)
    for array in (tokens.ids, tokens.starts, *([] if tokens.weights is None else [tokens.weights])):
        for first in range(0, len(array), _HASH_TOKENS):
            block: Any = array[first : first + _HASH_TOKENS]
            digest.update(np.ascontiguousarray(block.get() if hasattr(block, "get") else block).data)
            if on_step is not None:
                on_step()
    return {"n_tokens": tokens.n_tokens, "n_sentences": tokens.n_sentences, "hash": digest.hexdigest()}


def version() -> str:
    """Return the version of this package."""
    return str(import_module("fastw2v").__version__)  # a module of the package cannot import it while it is loaded
