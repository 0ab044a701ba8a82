"""Callbacks: objects with gensim's on_train_begin, on_epoch_begin, on_epoch_end or on_train_end."""

from __future__ import annotations

from collections.abc import Iterable

CALLBACK_EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


class Callbacks:
    """A model's callbacks, checked: each has a method that is called.

    Parameters
    ----------
    callbacks : iterable of objects, optional

    Raises
    ------
    TypeError
        This is no iterable, or a callback has none of the four methods and would never be called.
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
        """Whether a callback looks at the model at the beginning or end of an epoch."""
        return any(hasattr(callback, f"on_epoch_{event}") for callback in self._callbacks for event in ("begin", "end"))

    def notify(self, event: str, model: object) -> None:
        """Call the method `event` of each callback that has it, with the model."""
        for callback in self._callbacks:
            getattr(callback, event, lambda model: None)(model)
