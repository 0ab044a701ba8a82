"""The base class of callbacks under gensim's name, and the list of a model's callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["CALLBACK_EVENTS", "CallbackAny2Vec", "Callbacks"]

CALLBACK_EVENTS = ("on_train_begin", "on_epoch_begin", "on_words", "on_epoch_end", "on_train_end")


class CallbackAny2Vec:
    """Base class of callbacks, under gensim's name; its methods do nothing, so override those that you need.

    Attributes
    ----------
    every_words : int, optional
        How often `on_words` is called. None, the default, is never.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> class CountCalls(CallbackAny2Vec):
    ...     every_words = 1000
    ...     n_calls = 0
    ...     def on_words(self, model):
    ...         self.n_calls += 1
    >>> counting = CountCalls()
    >>> model = Word2Vec([["a", "b"]] * 1000, min_count=1, sample=0, epochs=1, callbacks=[counting])
    >>> counting.n_calls > 0
    True
    """

    every_words: int | None = None

    def on_train_begin(self, model: Any) -> None:  # noqa: ANN401 - a Word2Vec, which this module does not import
        """Called when a training begins, before the first epoch."""

    def on_epoch_begin(self, model: Any) -> None:  # noqa: ANN401
        """Called before each epoch."""

    def on_words(self, model: Any) -> None:  # noqa: ANN401
        """Called about every `every_words` raw words of all epochs, while training goes on.

        The workers do not wait for it. It comes up to a tenth of a second late; where several times `every_words` were
        trained since the last call, it is called once.
        """

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Called after each epoch, also after one that was stopped."""

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
        `callbacks` is not iterable, or a callback has none of the methods and would never be called.
    ValueError
        A callback has a method `on_words` and no `every_words` of at least 1.
    """

    def __init__(self, callbacks: Iterable[object] | None) -> None:
        if callbacks is not None and not isinstance(callbacks, Iterable):
            raise TypeError(f"callbacks is a {type(callbacks).__name__}; expected a list: [callback]")
        self._callbacks: tuple[Any, ...] = tuple(callbacks or ())
        for callback in self._callbacks:
            if not any(hasattr(callback, event) for event in CALLBACK_EVENTS):
                raise TypeError(f"callback {callback!r} has none of the methods {', '.join(CALLBACK_EVENTS)}")
        self._by_words = [(c, _words_between(c)) for c in self._callbacks if _has_own(c, "on_words")]
        self._n_words = 0

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    @property
    def see_epochs(self) -> bool:
        """Whether a callback has a method of its own for the begin or end of an epoch."""
        return any(
            _has_own(callback, f"on_epoch_{event}") for callback in self._callbacks for event in ("begin", "end")
        )

    @property
    def see_end(self) -> bool:
        """Whether a callback has a method of its own for the end of the training."""
        return any(_has_own(callback, "on_train_end") for callback in self._callbacks)

    def notify(self, event: str, model: object) -> None:
        """Call the method named `event` of each callback that has it."""
        if event == "on_train_begin":
            self._n_words = 0
        for callback in self._callbacks:
            getattr(callback, event, lambda model: None)(model)

    def due(self, n_words: int) -> Callable[[Any], None] | None:
        """Return what calls `on_words` of the callbacks for which it is time after `n_words`; None if there is none."""
        calls = [c.on_words for c, every in self._by_words if n_words // every > self._n_words // every]
        self._n_words = n_words

        def call_all(model: Any) -> None:  # noqa: ANN401
            for call in calls:
                call(model)

        return call_all if calls else None


def _words_between(callback: Any) -> int:  # noqa: ANN401
    every = getattr(callback, "every_words", None)
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        cure = "set it to a whole number of at least 1: every_words = 1_000_000"
        raise ValueError(f"callback {callback!r} has a method on_words, and its every_words is {every!r}; {cure}")
    return every


def _has_own(callback: object, event: str) -> bool:
    """Whether a callback has this method, other than the empty one of the base class."""
    method = getattr(callback, event, None)
    return method is not None and getattr(method, "__func__", method) is not getattr(CallbackAny2Vec, event)
