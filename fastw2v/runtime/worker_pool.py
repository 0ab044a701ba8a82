"""Threads that take the items of one source in turn, while the main thread listens for Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.1  # a wait without end does not see Ctrl-C on every platform


class ItemQueue(Generic[T]):
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


def run_workers(members: Sequence[Callable[[ItemQueue[T]], None]], source: ItemQueue[T]) -> None:
    """Run each member in a thread, to the end of the source; on Ctrl-C or an error, all stop after their item."""
    try:
        run_threads([partial(member, source) for member in members], source.stop)
    finally:
        source.close()


def run_tasks(tasks: Iterable[Callable[[], None]], workers: int) -> None:
    """Do the tasks in so many threads, this one if it is one; they begin in order, and none after an error in one."""
    source = ItemQueue(task for task in tasks)
    if workers == 1:
        _do_tasks(source)
    else:
        run_workers([_do_tasks] * workers, source)


def _do_tasks(source: ItemQueue[Callable[[], None]]) -> None:
    while (numbered := source.next()) is not None:
        numbered[1]()


def run_threads(works: Sequence[Callable[[], None]], stop: threading.Event) -> None:
    """Run all to their end, a thread each; when one ends, by an error or not, or on Ctrl-C, `stop` tells the others."""
    leader = _Leader(works, stop)
    try:
        leader.start()
        while not leader.is_done:
            leader.wait()
    finally:
        stop.set()
        leader.finish()
    if leader.error is not None:
        raise leader.error
    for future in sorted(leader.futures, key=_was_cancelled):  # what made one fail, before what followed from it
        future.result()


class _Leader:
    """A thread that starts the others and waits for them.

    Ctrl-C comes to the main thread alone, at any line of Python. In the midst of a pool's own code it would leave a
    lock taken, or a thread that the pool never heard of.
    """

    def __init__(self, works: Sequence[Callable[[], None]], stop: threading.Event) -> None:
        self.futures: list[Future[None]] = []
        self.error: Exception | None = None
        self.is_done = False
        self._works, self._stop = works, stop
        self._thread = threading.Thread(target=self._lead, name="fastw2v-leader")
        self._is_wanted = False
        self._starting, self._leading = threading.Lock(), threading.Lock()
        self._leading.acquire()

    def start(self) -> None:
        """Start the thread, which does nothing if Ctrl-C comes before this is done."""
        with self._starting:
            self._thread.start()
            self._is_wanted = True

    def wait(self) -> None:
        """Wait until all is done, but not long."""
        self._leading.acquire(timeout=_POLL_SECONDS)

    def finish(self) -> None:
        """Wait until all is done, which a second Ctrl-C does not hasten."""
        while self._is_wanted and not self.is_done:
            with suppress(KeyboardInterrupt):
                self.wait()
        if self._is_wanted:
            self._thread.join()

    def _lead(self) -> None:
        with self._starting:
            if not self._is_wanted:
                return
        try:
            with ThreadPoolExecutor(len(self._works), thread_name_prefix="fastw2v") as pool:
                self._submit(pool)
        except Exception as error:
            self.error = error
        finally:
            self.is_done = True
            self._leading.release()

    def _submit(self, pool: ThreadPoolExecutor) -> None:
        try:
            for work in self._works:
                self.futures.append(pool.submit(self._run, work))
        except BaseException:  # the system has no more threads: those that run would go on to their end
            self._stop.set()
            raise

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._stop.set()


def _was_cancelled(future: Future[None]) -> bool:
    return isinstance(future.exception(), CancelledError)
