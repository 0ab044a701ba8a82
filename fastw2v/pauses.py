"""Pauses of a training: when something is due that is done while no worker trains, and spans that end there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator

from fastw2v.config import number
from fastw2v.schedule import Span

_SECONDS = {"s": 1, "min": 60, "h": 3600}
_TIME = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h)")
_MOST_WORDS = 2**62


class Every:
    """When something is due: after each epoch, each so many words, or each so many seconds.

    Parameters
    ----------
    value : "epoch", int, or str
        An int is a number of words; a str like "5min", "30s" or "1h" a time.
    name : str
        Of the option, for messages.

    Raises
    ------
    TypeError, ValueError
        The value is none of these.

    Examples
    --------
    >>> every = Every(1000, name="checkpoint_every")
    >>> [every.is_due(n_words, ends_epoch=False) for n_words in (999, 1000)]
    [False, True]
    """

    def __init__(self, value: str | int, *, name: str) -> None:
        self.value: str | int = value
        self._words = self._seconds = float("inf")
        time_given = _TIME.fullmatch(value) if isinstance(value, str) else None
        if time_given is not None and float(time_given[1]) > 0:
            self._seconds = float(time_given[1]) * _SECONDS[time_given[2]]
        elif not isinstance(value, str):
            self.value = self._words = number(name, value, int, least=1, most=_MOST_WORDS)
        elif value != "epoch":
            raise ValueError(
                f'{name} is {value!r}; expected "epoch", a time ("5min", "30s", "1h"), or a number of words'
            )
        self.restart(0)

    def restart(self, n_words: int) -> None:
        """Count from now, when `n_words` are trained."""
        self._last_words, self._last_seconds = n_words, time.monotonic()

    def is_due(self, n_words: int, *, ends_epoch: bool) -> bool:
        """Whether it is due when `n_words` of the training are trained."""
        if self.value == "epoch":
            return ends_epoch
        return n_words - self._last_words >= self._words or time.monotonic() - self._last_seconds >= self._seconds


class UntilDue:
    """Spans up to the first after which something is due; the last span of an epoch is none of these.

    Parameters
    ----------
    spans : iterable of Span
        To the end of an epoch.
    n_tokens : int
        Tokens in the epoch.
    is_due : callable
        ``is_due(n_tokens)``: whether it is due when this many tokens of the epoch are trained. Called in any thread.

    Attributes
    ----------
    has_paused : bool
        Whether there are more spans.
    """

    def __init__(self, spans: Iterable[Span], n_tokens: int, is_due: Callable[[int], bool]) -> None:
        self._spans, self._n_tokens, self._is_due = spans, n_tokens, is_due
        self.has_paused = False

    def __iter__(self) -> Iterator[Span]:
        for span in self._spans:
            yield span
            if span.end < self._n_tokens and self._is_due(span.end):
                self.has_paused = True
                return
