"""Threads that train while the main thread listens for Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress


def run_threads(works: Sequence[Callable[[], None]], stop: threading.Event) -> None:
    """Run all to their end, a thread each; after Ctrl-C, or an error in one, `stop` tells the others to end as well."""
    futures = []
    with ThreadPoolExecutor(len(works), thread_name_prefix="fastw2v") as pool:
        try:
            for work in works:
                futures.append(pool.submit(_stopping, work, stop))
            wait(futures)  # not Thread.join: where Ctrl-C ends one, Python 3.11 takes the thread for stopped
        finally:
            stop.set()
            wait_for(futures)
    for future in futures:
        future.result()


def wait_for(futures: list[Future[None]]) -> None:
    """Wait until all are done, which a second Ctrl-C does not hasten."""
    while not all(future.done() for future in futures):
        with suppress(KeyboardInterrupt):
            wait(futures)


def _stopping(work: Callable[[], None], stop: threading.Event) -> None:
    """Do the work; whoever ends, because there is none left or by an error, ends it for all."""
    try:
        work()
    finally:
        stop.set()
