"""Threads that take the items of one source in turn, while the main thread listens for Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
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
        """Close the generator, when no thread is in it."""
        self.stop.set()
        with self._lock:
            self._generator.close()


def take_turns(members: Sequence[Callable[[Source[T]], None]], source: Source[T]) -> None:
    """Run each member in a thread, to the end of the source; on Ctrl-C or an error, all stop after their item."""
    try:
        run_threads([partial(member, source) for member in members], source.stop)
    finally:
        source.close()


def run_tasks(tasks: Iterable[Callable[[], None]], workers: int) -> None:
    """Do the tasks in so many threads, this one if it is one; they begin in order, and none after an error in one."""
    source = Source(task for task in tasks)
    if workers == 1:
        _do_tasks(source)
    else:
        take_turns([_do_tasks] * workers, source)


def _do_tasks(source: Source[Callable[[], None]]) -> None:
    while (numbered := source.next()) is not None:
        numbered[1]()


def run_threads(works: Sequence[Callable[[], None]], stop: threading.Event) -> None:
    """Run all to their end, a thread each; when one ends, by an error or not, or on Ctrl-C, `stop` tells the others."""
    futures: list[Future[None]] = []
    starting = threading.Lock()

    def run(work: Callable[[], None]) -> None:
        with starting:
            if len(futures) < len(works):  # Ctrl-C came before all were started: the pool may not know this thread
                return
        try:
            work()
        finally:
            stop.set()

    with ThreadPoolExecutor(len(works), thread_name_prefix="fastw2v") as pool:
        try:
            with starting:
                for work in works:
                    futures.append(pool.submit(run, work))
            while wait(futures, _POLL_SECONDS).not_done:  # not Thread.join, which Ctrl-C ends for good in Python 3.11
                continue
        finally:
            stop.set()
            wait_for(futures)
    for future in sorted(futures, key=_was_cancelled):  # what made one of them fail, before what followed from it
        future.result()


def wait_for(futures: Sequence[Future[None]]) -> None:
    """Wait until all are done, which a second Ctrl-C does not hasten."""
    while not all(future.done() for future in futures):
        with suppress(KeyboardInterrupt):
            wait(futures)


def _was_cancelled(future: Future[None]) -> bool:
    return isinstance(future.exception(), CancelledError)
