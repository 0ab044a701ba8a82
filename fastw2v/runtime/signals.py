"""Ctrl-C and SIGTERM: blocks that end before a signal is obeyed, and SIGTERM as an exception."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

logger = logging.getLogger("fastw2v")


SIGNALS = ("Ctrl-C", "SIGTERM")  # names that `name_of` gives
_MOMENT_S = 0.05


class Terminated(KeyboardInterrupt):
    """SIGTERM has come. It is a KeyboardInterrupt, so that all that obeys Ctrl-C obeys it."""


def name_of(stop: BaseException) -> str:
    """Return what ended a training by this exception, for messages."""
    if isinstance(stop, KeyboardInterrupt):
        return "SIGTERM" if isinstance(stop, Terminated) else "Ctrl-C"
    return type(stop).__name__


@contextmanager
def terminable(*, ends_process: bool = True) -> Iterator[None]:
    """Raise Terminated on SIGTERM within the block, in the main thread, and only where nobody else handles SIGTERM.

    Parameters
    ----------
    ends_process : bool
        End the process by SIGTERM when the block has ended. False: whoever catches Terminated does what is to be done.
    """
    if not _is_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    has_come = False

    def handle(_signal: int, _frame: FrameType | None) -> NoReturn:
        nonlocal has_come
        has_come = True
        raise Terminated

    try:
        signal.signal(signal.SIGTERM, after_imports(handle))
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if has_come and ends_process:
            signal.raise_signal(signal.SIGTERM)


def after_imports(handler: Callable[[int, FrameType | None], object]) -> Callable[[int, FrameType | None], None]:
    """Let the handler of a signal wait until no import runs.

    An exception in an import is wrapped or lost, and packages that it leaves half loaded crash the process later.
    """

    def handle_later(number: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            threading.Timer(_MOMENT_S, _send_to_main_thread, [number]).start()
        else:
            handler(number, frame)

    return handle_later


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _send_to_main_thread(number: int) -> None:
    if hasattr(signal, "pthread_kill"):  # it also ends a wait for input
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)


def start(thread: threading.Thread) -> None:
    """Start a thread; a signal is obeyed when that is done. One that was interrupted in `start` cannot be joined."""
    with finished_first(None):
        thread.start()


@contextmanager
def finished_first(what: str | None) -> Iterator[None]:
    """Let the block end before a Ctrl-C or SIGTERM within it is obeyed; a second one is obeyed at once.

    In the main thread alone, where signals are handled. A signal that no Python function handles stays as it is. Of
    nested blocks the outermost counts.

    Parameters
    ----------
    what : str, optional
        Names the block in the log line on the first signal. None: the block takes no time, so nothing is logged.
    """
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        came.append(number)
        handler = handlers[signal.Signals(number)]
        if len(came) > 1 and callable(handler):
            handler(number, frame)
        if what is not None:
            with suppress(RuntimeError):  # the signal came within another write to the same stream
                logger.warning("%s is finished first; Ctrl-C again stops at once", what)

    held = [number for number, handler in handlers.items() if callable(handler)] if _is_main_thread() else []
    if any(getattr(handlers[number], "__qualname__", "") == handle.__qualname__ for number in held):
        yield
        return
    try:
        for number in held:
            signal.signal(number, handle)
        yield
    finally:
        for number in held:
            signal.signal(number, handlers[number])
    if came:
        signal.raise_signal(came[0])


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
