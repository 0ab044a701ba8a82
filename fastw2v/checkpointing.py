"""Checkpoints: files from which a training goes on where it was, written while it goes on.

A checkpoint is a file of a model, as `Word2Vec.save` writes it, that also says where the training was.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

from fastw2v.checkpoint import write_model
from fastw2v.encode import Tokens
from fastw2v.pauses import Every
from fastw2v.resuming import FORMAT, content, described, previous_of, share, version
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.files import check_writable
from fastw2v.runtime.signals import SIGNALS, finished_first, start, terminable
from fastw2v.runtime.warn import warn_user
from fastw2v.state import ModelState
from fastw2v.trainer import TrainReport
from fastw2v.vectors.weights import Weights

logger = logging.getLogger("fastw2v")
DEFAULT_EVERY = "5min"


class Checkpoints:
    """Where and when the checkpoints of a model are written.

    Parameters
    ----------
    path : path
        The one before is kept as `path` with ``.previous`` after it.
    every : "epoch", int, or str, optional
        See `fastw2v.pauses.Every`. Default: "5min".
    own : set of Path
        Files that this model has written, or was read from; others are not replaced.

    Raises
    ------
    TypeError, ValueError
        `path` is no path, or `every` is none of these.

    Attributes
    ----------
    keeps_last : bool
        Whether the next write keeps the last checkpoint; False if that is damaged, so that the one before stays.
    """

    def __init__(self, path: str | os.PathLike[str], every: str | int | None, own: set[Path]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"checkpoint is {path!r} ({type(path).__name__}); expected a path: checkpoint='model.ckpt'")
        self.path = Path(os.path.realpath(path))
        self.previous = previous_of(self.path)
        self.every = Every(DEFAULT_EVERY if every is None else every, name="checkpoint_every")
        self._own, self.keeps_last = own, True

    @classmethod
    def of(cls, path: str | os.PathLike[str] | None, every: str | int | None, own: set[Path]) -> Self | None:
        """Return the checkpoints of these arguments; None without a path. ValueError for `every` without a path."""
        if path is None and every is not None:
            raise ValueError(f"checkpoint_every is {every!r} and there is no checkpoint; pass checkpoint=PATH too")
        return None if path is None else cls(path, every, own)

    def check(self) -> None:
        """Check, before the work, that the files can be written, and are not those of another training.

        Raises
        ------
        FileExistsError
            There is a file that this model has not written.
        OSError
            The path cannot be written.
        """
        for path in (self.previous, self.path):
            check_writable(path)
        for path in () if self.path in self._own else (self.path, self.previous):
            if path.exists():
                raise FileExistsError(f"{path} exists: {content(path)} (nothing was written)")

    def write(self, write: partial[None]) -> None:
        """Call `write_model` with the options that are left."""
        self._own.add(self.path)
        write(self.path, previous=self.previous if self.keeps_last else None)
        self.keeps_last = True


class CheckpointPause:
    """Writes checkpoints: the weights are copied in a pause, and the copy is written while training goes on.

    Parameters
    ----------
    checkpoints : Checkpoints
    model : Word2Vec
        Its options, raw counts and notes are saved.
    state : ModelState
        Being trained.
    tokens : Tokens

    Attributes
    ----------
    on_end : callable
        Called before the last checkpoint of a training that came to its end.
    """

    def __init__(self, checkpoints: Checkpoints, model: Any, state: ModelState, tokens: Tokens) -> None:  # noqa: ANN401
        self._checkpoints, self._model, self._state = checkpoints, model, state
        self._tokens, self._n_words = described(tokens), model.config.epochs * tokens.n_tokens
        self.on_end: Callable[[], None] = lambda: None
        self._copy: Weights | None = None
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None
        self._has_skipped = False

    @contextmanager
    def writing(self, report: TrainReport) -> Iterator[None]:
        """Enter the training of this report; SIGTERM stops it, and ends the process when the last one is written."""
        self._checkpoints.every.restart(report.raw_words)
        with terminable(), cleanup(self.close):
            yield

    def is_due(self, n_words: int, *, ends_epoch: bool) -> bool:
        """Whether a checkpoint is due, and the one before is written."""
        if not self._checkpoints.every.is_due(n_words, ends_epoch=ends_epoch):
            return False
        if self._thread is None or not self._thread.is_alive():
            return True
        if not self._has_skipped:
            logger.info("a checkpoint is due while the one before is written; it is skipped until that is done")
        self._has_skipped = True
        return False

    def run(self, report: TrainReport) -> None:
        """Copy the weights, and begin to write them."""
        self._checkpoints.every.restart(report.raw_words)
        self._has_skipped = False
        weights = self._state.weights
        try:
            self._copy = self._copy or weights.uninitialized_copy()
        except MemoryError:
            logger.warning(
                "there is no memory for a copy of the weights, so no checkpoint is written; training goes on"
            )
            return
        write = self._writing(self._state.copied_into(self._copy), report)
        self._thread = threading.Thread(target=self._write, args=(write, share(write.keywords["training"])))
        self._thread.name = "fastw2v-checkpoint"
        start(self._thread)

    def finish(self, report: TrainReport) -> None:
        """Write the last checkpoint, without a copy; a failure is a RuntimeWarning."""
        if report.stopped_at is None:
            self.on_end()
        with finished_first(str(self._checkpoints.path)):
            self.close()
            write = self._writing(self._state, report)
            self._write(write, share(write.keywords["training"]))
        if self._failure is not None:
            warn_user(f"the last checkpoint could not be written ({self._failure}); the model in memory is whole")

    def close(self) -> None:
        """Wait until nothing is written."""
        if self._thread is not None:
            self._thread.join()
        self._copy = None

    def _writing(self, state: ModelState, report: TrainReport) -> partial[None]:
        """Return `write_model` for the training as it is now."""
        training = {
            "format": FORMAT,
            "version": version(),
            "report": dataclasses.asdict(report),
            "n_words": self._n_words,
            "has_ended": report.stopped_by is not None and report.stopped_by not in (*SIGNALS, SystemExit.__name__),
            "every": self._checkpoints.every.value,
            "tokens": self._tokens,
        }
        model = self._model
        return partial(
            write_model, config=model.config, state=state, notes=model._notes(), raw=model._raw, training=training
        )

    def _write(self, write: partial[None], done: float) -> None:
        begun, self._failure, path = time.perf_counter(), None, self._checkpoints.path
        try:
            self._checkpoints.write(write)
            logger.info(
                "checkpoint at %.1f %% of the work, in %.1f s: %s", 100 * done, time.perf_counter() - begun, path
            )
        except Exception as error:  # whatever it is, it must not end hours of training
            self._failure = error
            logger.warning("the checkpoint %s could not be written (%s); training goes on", path, error)
