"""Callbacks that write files: Checkpoint the model, JsonLines the figures of each epoch."""

from __future__ import annotations

import json
from os import PathLike, fspath
from typing import Any

from fastw2v.callbacks.base import CallbackAny2Vec
from fastw2v.callbacks.figures import Figures


class Checkpoint(CallbackAny2Vec):
    """Save the model after each epoch, as `Word2Vec.save` does.

    Training can go on from the file with `Word2Vec.load` and `train`; the learning rate then begins anew.

    Parameters
    ----------
    path : path
        "{epoch}" in it becomes the number of epochs trained. Without it the file is replaced each time; the old one
        stays until the new one is complete.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> saving = Checkpoint("model-{epoch}.safetensors")
    >>> model = Word2Vec([["a", "b"]] * 50, min_count=1, sample=0, epochs=2, callbacks=[saving])
    >>> Word2Vec.load("model-1.safetensors").epochs_trained
    1
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = path

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Save the model."""
        model.save(fspath(self.path).replace("{epoch}", str(model.epochs_trained)))


class JsonLines(CallbackAny2Vec):
    """Append a line of JSON to a file after each epoch: epoch, words, seconds, loss, and what callbacks measured.

    Put it behind the callbacks that measure. A last line says that training ended, and why if it was stopped.

    Parameters
    ----------
    path : path
        A file that exists is appended to.
    every_words : int >= 1, optional
        Write words and seconds also about every so many words.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from fastw2v import Word2Vec
    >>> sentences, log = [["a", "b"]] * 50, JsonLines("log.jsonl")
    >>> model = Word2Vec(sentences, min_count=1, sample=0, compute_loss=True, epochs=2, callbacks=[log])
    >>> for line in Path("log.jsonl").read_text().splitlines():
    ...     print(sorted(json.loads(line)))
    ['epoch', 'event', 'loss', 'seconds', 'words']
    ['epoch', 'event', 'loss', 'seconds', 'words']
    ['epoch', 'event', 'seconds', 'stopped_at', 'words']
    """

    def __init__(self, path: str | PathLike[str], every_words: int | None = None) -> None:
        self.path = path
        self.every_words = _NEVER if every_words is None else every_words

    def on_train_begin(self, model: Any) -> None:  # noqa: ANN401
        """Check that the file can be written, and start the clock."""
        with open(self.path, "a", encoding="utf-8"):
            self._figures = Figures(model)

    def on_words(self, model: Any) -> None:  # noqa: ANN401
        """Write words and seconds."""
        self._write(model, "words")

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Write the figures of the epoch."""
        self._write(model, "epoch")

    def on_train_end(self, model: Any) -> None:  # noqa: ANN401
        """Write the last line."""
        self._write(model, "end", stopped_at=model.report.stopped_at)

    def _write(self, model: Any, event: str, **others: object) -> None:  # noqa: ANN401
        line = {"event": event, "epoch": model.epochs_trained, **self._figures.take(model), **others}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


_NEVER = 1 << 62  # more words than any training has
