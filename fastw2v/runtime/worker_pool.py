"""Worker threads that take items from one queue, while the main thread listens for Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.1  # on some platforms a wait without a timeout does not see Ctrl-C


class ItemQueue(Generic[T]):
    """The items of a generator, numbered from 0, for several threads; each item goes to one thread.

    Attributes
    ----------
    stop : threading.Event
        Once set, the queue gives out no more items.
    """

    def __init__(self, items: Generator[T, None, None]) -> None:
        self._generator = items
        self._items = enumerate(items)
        self._lock = threading.Lock()
        self.stop = threading.Event()

    def next(self) -> tuple[int, T] | None:
        """Return the next item and its number; None when there are no more."""
        with self._lock:
            return None if self.stop.is_set() else next(self._items, None)

    def close(self) -> None:
        """Stop, and close the generator as soon as no thread is inside it."""
        self.stop.set()
        with self._lock:
            self._generator.close()


def _do_nothing() -> None:
    pass


def run_workers(
    workers: Sequence[Callable[[ItemQueue[T]], None]], queue: ItemQueue[T], on_wait: Callable[[], None] = _do_nothing
) -> None:
    """Run each worker in a thread until the queue is empty; after Ctrl-C or an error, each finishes its item only.

    Parameters
    ----------
    workers : sequence of callables
        Each is called once with the queue, in its own thread, and takes items from it.
    queue : ItemQueue
        Closed at the end.
    on_wait : callable
        As in `run_threads`.

    Raises
    ------
    BaseException
        An error of a worker or of `on_wait`, or KeyboardInterrupt; when it is raised, all threads have ended.
    """
    try:
        run_threads([partial(worker, queue) for worker in workers], queue.stop, on_wait)
    finally:
        queue.close()


def run_tasks(tasks: Iterable[Callable[[], None]], n_workers: int) -> None:
    """Run tasks in `n_workers` threads; with 1, in the calling thread.

    Tasks begin in the order given. After an error in one, no other begins, and the error is raised.
    """
    queue = ItemQueue(task for task in tasks)
    if n_workers == 1:
        _run_queued(queue)
    else:
        run_workers([_run_queued] * n_workers, queue)


def _run_queued(queue: ItemQueue[Callable[[], None]]) -> None:
    while (item := queue.next()) is not None:
        item[1]()


def run_threads(
    functions: Sequence[Callable[[], None]], stop: threading.Event, on_wait: Callable[[], None] = _do_nothing
) -> None:
    """Run each function in its own thread, and return when all have ended.

    Parameters
    ----------
    functions : sequence of callables
    stop : threading.Event
        Set as soon as one function ends, with or without an error, and on Ctrl-C. The functions look at it and end.
    on_wait : callable
        Called by this thread about ten times a second while the others run.

    Raises
    ------
    BaseException
        An error of a function or of `on_wait`, or KeyboardInterrupt; when it is raised, all threads have ended.
    """
    supervisor = _Supervisor(functions, stop)
    try:
        supervisor.start()
        while not supervisor.is_done:
            supervisor.wait()
            on_wait()
    finally:
        stop.set()
        supervisor.finish()
    if supervisor.error is not None:
        raise supervisor.error
    for future in sorted(supervisor.futures, key=_was_cancelled):  # a cancellation follows from another thread's error
        future.result()


class _Supervisor:
    """A thread that starts the worker threads and waits for them.

    Ctrl-C is raised in the main thread, at any line of Python. Raised within the code of ThreadPoolExecutor, it would
    leave a lock held, or a thread running that the pool does not know. So the pool is used in this thread alone.
    """

    def __init__(self, functions: Sequence[Callable[[], None]], stop: threading.Event) -> None:
        self.futures: list[Future[None]] = []
        self.error: Exception | None = None
        self.is_done = False
        self._functions, self._stop = functions, stop
        self._thread = threading.Thread(target=self._supervise, name="fastw2v-supervisor")
        self._is_started = False
        self._start_lock, self._running_lock = threading.Lock(), threading.Lock()
        self._running_lock.acquire()

    def start(self) -> None:
        """Start the thread; if Ctrl-C comes before this returns, the thread does nothing."""
        with self._start_lock:
            self._thread.start()
            self._is_started = True

    def wait(self) -> None:
        """Wait until all threads have ended, or for a moment."""
        self._running_lock.acquire(timeout=_POLL_SECONDS)

    def finish(self) -> None:
        """Wait until all threads have ended; further Ctrl-C is ignored."""
        while self._is_started and not self.is_done:
            with suppress(KeyboardInterrupt):
                self.wait()
        if self._is_started:
            self._thread.join()

    def _supervise(self) -> None:
        with self._start_lock:
            if not self._is_started:
                return
        try:
            with ThreadPoolExecutor(len(self._functions), thread_name_prefix="fastw2v") as pool:
                self._submit_to(pool)
        except Exception as error:
            self.error = error
        finally:
            self.is_done = True
            self._running_lock.release()

    def _submit_to(self, pool: ThreadPoolExecutor) -> None:
        try:
            for function in self._functions:
                self.futures.append(pool.submit(self._run, function))
        except BaseException:  # the system allows no more threads: the running ones must not go on to their end
            self._stop.set()
            raise

    def _run(self, function: Callable[[], None]) -> None:
        try:
            function()
        finally:
            self._stop.set()


def _was_cancelled(future: Future[None]) -> bool:
    return isinstance(future.exception(), CancelledError)
