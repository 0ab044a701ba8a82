"""Callbacks: objects whose methods are called, with the model, at the begin and end of training and of each epoch.

A callback has at least one of gensim's methods on_train_begin, on_epoch_begin, on_epoch_end and on_train_end. gensim's
base class is there, but not needed:

>>> from fastw2v import Word2Vec
>>> from fastw2v.callbacks import CallbackAny2Vec
>>> class PrintEpoch(CallbackAny2Vec):
...     def on_epoch_end(self, model):
...         print("epoch", model.epochs_trained, "of", model.epochs)
>>> sentences = [["a", "quick", "brown", "fox"], ["a", "lazy", "dog"]] * 50
>>> model = Word2Vec(sentences, vector_size=20, min_count=1, epochs=2, callbacks=[PrintEpoch()])
epoch 1 of 2
epoch 2 of 2
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["CALLBACK_EVENTS", "CallbackAny2Vec", "Callbacks"]

CALLBACK_EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


class CallbackAny2Vec:
    """Base class of callbacks, under gensim's name; its four methods do nothing, so override those that you need."""

    def on_train_begin(self, model: Any) -> None:  # noqa: ANN401 - a Word2Vec, which this module does not import
        """Called when a training begins, before the first epoch."""

    def on_epoch_begin(self, model: Any) -> None:  # noqa: ANN401
        """Called before each epoch."""

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Called after each epoch."""

    def on_train_end(self, model: Any) -> None:  # noqa: ANN401
        """Called when a training ends, after the last epoch."""


class Callbacks:
    """The callbacks of a model, checked.

    Parameters
    ----------
    callbacks : iterable of objects, optional

    Raises
    ------
    TypeError
        `callbacks` is not iterable, or a callback has none of the four methods and would never be called.
    """

    def __init__(self, callbacks: Iterable[object] | None) -> None:
        if callbacks is not None and not isinstance(callbacks, Iterable):
            raise TypeError(f"callbacks is a {type(callbacks).__name__}; expected a list: [callback]")
        self._callbacks = tuple(callbacks or ())
        for callback in self._callbacks:
            if not any(hasattr(callback, event) for event in CALLBACK_EVENTS):
                raise TypeError(f"callback {callback!r} has none of the methods {', '.join(CALLBACK_EVENTS)}")

    @property
    def see_epochs(self) -> bool:
        """Whether a callback has a method of its own for the begin or end of an epoch."""
        return any(
            _has_own(callback, f"on_epoch_{event}") for callback in self._callbacks for event in ("begin", "end")
        )

    def notify(self, event: str, model: object) -> None:
        """Call the method named `event` of each callback that has it."""
        for callback in self._callbacks:
            getattr(callback, event, lambda model: None)(model)


def _has_own(callback: object, event: str) -> bool:
    """Whether a callback has this method, other than the empty one of the base class."""
    method = getattr(callback, event, None)
    return method is not None and getattr(method, "__func__", method) is not getattr(CallbackAny2Vec, event)
