"""Ctrl-C and SIGTERM while a kernel is compiled or loaded: LLVM calls Python, where an exception is lost or a crash."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any


def without_signals(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function end before a Ctrl-C or SIGTERM within it is obeyed."""

    @wraps(function)
    def whole(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any function's
        with _signals_deferred():
            return function(*args, **kwargs)

    return whole


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Obey Ctrl-C and SIGTERM behind the block, not within it.

    In the main thread alone, where signals are handled. A signal that no Python function handles stays as it is.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM) if in_main_thread}
    held = [number for number, handler in handlers.items() if callable(handler)]
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    try:
        for number in held:
            signal.signal(number, note)
        yield
    finally:
        for number in held:
            signal.signal(number, handlers[number])
        if came:
            signal.raise_signal(came[0])
