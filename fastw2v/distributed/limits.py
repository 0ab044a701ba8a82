"""Calls that may never return, such as those that ask the head of a cluster, with a limit of time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Any, TypeVar

Found = TypeVar("Found")


class LateError(TimeoutError):
    """A call did not return in time. Its thread may go on, and does not keep the process."""

    def __init__(self, seconds: float, future: Future[Any]) -> None:
        super().__init__(f"no answer in {seconds:g} s")
        self._future = future

    def await_end(self) -> None:
        """Wait until the call has returned."""
        wait([self._future])


def within(seconds: float, call: Callable[[], Found]) -> Found:
    """Return what a call returns, and raise what it raises, but LateError if that takes too long.

    The call runs in a thread of its own, so Ctrl-C ends the wait for it at once.
    """
    future: Future[Found] = Future()
    Thread(target=_answer, args=(future, call), daemon=True).start()
    wait([future], timeout=seconds)
    if not future.done():
        raise LateError(seconds, future)
    try:
        return future.result()
    finally:
        del future  # which holds an error, which holds this frame


def _answer(future: Future[Found], call: Callable[[], Found]) -> None:
    try:
        found = call()
    except BaseException as error:  # is raised where it is waited for
        future.set_exception(error)
    else:
        future.set_result(found)
    finally:
        del future
