"""Threads that take the items of one source in turn, until it is empty or one of them fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.1  # a wait without end does not see Ctrl-C on every platform


class Source(Generic[T]):
    """The items of a generator, numbered, one at a time to whichever thread asks; nothing more after `stop`."""

    def __init__(self, items: Generator[T, None, None]) -> None:
        self._generator = items
        self._items = enumerate(items)
        self._lock = threading.Lock()
        self.stop = threading.Event()

    def next(self) -> tuple[int, T] | None:
        """Return the next item and its position; None when there is none."""
        with self._lock:
            return None if self.stop.is_set() else next(self._items, None)

    def close(self) -> None:
        """Close the generator, when no thread is in it: Ctrl-C can come before the pool knows of all its threads."""
        self.stop.set()
        with self._lock:
            self._generator.close()


def run(crew: list[Callable[[Source[T]], None]], source: Source[T]) -> None:
    """Run a thread for each of the crew to the end of the source; on Ctrl-C or an error, all stop after their item."""
    try:
        with ThreadPoolExecutor(len(crew), thread_name_prefix="fastw2v-encode") as pool:
            try:
                futures = [pool.submit(member, source) for member in crew]
                while wait(futures, _POLL_SECONDS, FIRST_EXCEPTION).not_done and not any(map(_has_failed, futures)):
                    continue
            finally:
                source.stop.set()
    finally:
        source.close()
    for future in sorted(futures, key=_was_cancelled):  # what made one of the crew fail, before what followed from it
        future.result()


def run_tasks(tasks: Iterable[Callable[[], None]], workers: int) -> None:
    """Do the tasks in so many threads, this one if it is one; they begin in order, and none after an error in one."""
    source = Source(task for task in tasks)
    if workers == 1:
        _do_tasks(source)
    else:
        run([_do_tasks] * workers, source)


def _do_tasks(source: Source[Callable[[], None]]) -> None:
    while (numbered := source.next()) is not None:
        numbered[1]()


def _was_cancelled(future: Future[None]) -> bool:
    return isinstance(future.exception(), CancelledError)


def _has_failed(future: Future[None]) -> bool:
    return future.done() and future.exception() is not None
