"""Calls that may never return, such as those that ask the head of a cluster, with a limit of time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Any, TypeVar

Found = TypeVar("Found")


class LateError(TimeoutError):
    """A call did not return in time. Its thread may go on, and does not keep the process."""


class Calls:
    """Calls of one owner, which knows those that go on after their time, or after Ctrl-C."""

    def __init__(self) -> None:
        self._under_way = list[Future[Any]]()

    def within(self, seconds: float, call: Callable[[], Found]) -> Found:
        """Return what a call returns, and raise what it raises, but LateError if that takes too long.

        The call runs in a thread of its own, so Ctrl-C ends the wait for it at once.
        """
        future: Future[Found] = Future()
        self._under_way.append(future)
        Thread(target=_answer, args=(future, call), daemon=True).start()
        try:
            wait([future], timeout=seconds)
            if not future.done():
                raise LateError(f"no answer in {seconds:g} s")
            return future.result()
        finally:
            if future.done():
                self._under_way.remove(future)
            del future  # which holds an error, which holds this frame

    @property
    def go_on(self) -> bool:
        """Whether a call has not returned."""
        return not all(future.done() for future in self._under_way)

    def await_end(self) -> None:
        """Wait until all have returned."""
        wait(self._under_way)


def _answer(future: Future[Found], call: Callable[[], Found]) -> None:
    try:
        found = call()
    except BaseException as error:  # is raised where it is waited for
        future.set_exception(error)
    else:
        future.set_result(found)
    finally:
        del future
