"""Several threads for one call of a CPU kernel.

Each thread writes to its share of the outputs, in an order that does not depend on the other threads. So the results
are the same bits for every number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_pool: ThreadPoolExecutor | None = None
_n_threads = available_cores()


def max_threads() -> int:
    """Return how many threads a call uses at most."""
    return _n_threads


def set_max_threads(n: int) -> int:
    """Let a call use up to `n` threads, and return the limit before. The default is all cores of this process.

    Parameters
    ----------
    n : int
        The new limit.

    Raises
    ------
    ValueError
        `n` is below 1.
    """
    global _n_threads
    if n < 1:
        raise ValueError(f"n_threads is {n}; expected at least 1")
    before, _n_threads = _n_threads, n
    _forget_pool()
    return before


def threads_for(work: int, work_per_thread: int) -> int:
    """Return how many threads a call of `work` units uses: one for each `work_per_thread` units, at most the limit."""
    return max(1, min(_n_threads, work // work_per_thread))


def run_on_threads(kernel: Callable[..., int], n_threads: int, *args: Any) -> int:  # noqa: ANN401 - the kernel's arguments
    """Call kernel(thread, n_threads, *args) for every thread, the first one in this thread.

    Arguments that belong together come as a plain tuple where a call is short. Numba finds the type of a plain tuple in
    C, and that of a named tuple in Python, which takes about 0.4 microseconds longer.

    Returns
    -------
    int
        The largest result of the calls.
    """
    if n_threads == 1:
        return kernel(0, 1, *args)
    futures = [_threads().submit(kernel, thread, n_threads, *args) for thread in range(1, n_threads)]
    try:
        first = kernel(0, n_threads, *args)
    finally:
        wait(futures)
    return max(first, *(future.result() for future in futures))


def _threads() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(max(_n_threads - 1, 1), thread_name_prefix="kernel-thread")
    return _pool


def _forget_pool() -> None:
    """Make a new pool at the next call. After a fork, the threads of the old one do not exist in the child."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
