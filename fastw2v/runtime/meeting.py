"""A meeting point where threads get their next common item."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from fastw2v.runtime.worker_pool import ItemQueue

T = TypeVar("T")
_POLL_SECONDS = 0.1


class Meeting(Generic[T]):
    """The items of a queue for several threads, each of which gets every item, all at the same time.

    Parameters
    ----------
    queue : ItemQueue
        The last thread to arrive takes the next item from it, while the others wait.
    n_threads : int
        How many threads take part.
    """

    def __init__(self, queue: ItemQueue[T], n_threads: int) -> None:
        self._queue, self._n_threads = queue, n_threads
        self._item: T | None = None
        self._n_waiting = self._n_meetings = 0
        self._changed = threading.Condition()

    def next(self) -> T | None:
        """Wait until all threads are here, and return their next item; None when there are no more.

        Either all threads get an item or none does. If a thread has ended with an error, or could not be started, the
        queue is stopped, and the others do not wait for it.
        """
        with self._changed:
            self._n_waiting += 1
            if self._n_waiting == self._n_threads:
                found = self._queue.next()
                self._item = None if found is None else found[1]
                self._n_waiting, self._n_meetings = 0, self._n_meetings + 1
                self._changed.notify_all()
                return self._item
            meeting = self._n_meetings
            while meeting == self._n_meetings and not self._queue.stop.is_set():
                self._changed.wait(_POLL_SECONDS)
            return self._item if meeting != self._n_meetings else None
