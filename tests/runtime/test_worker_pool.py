import threading
import time
from concurrent.futures import CancelledError

import pytest

from fastw2v.runtime import worker_pool
from fastw2v.runtime.worker_pool import ItemQueue, run_tasks, run_threads, run_workers


def test_every_item_is_taken_once_and_numbered():
    taken, both = [], threading.Barrier(2, timeout=60)

    def worker(queue):
        both.wait()
        while (numbered := queue.next()) is not None:
            taken.append(numbered)

    run_workers([worker] * 2, ItemQueue(letter for letter in "abcdef"))
    assert sorted(taken) == list(enumerate("abcdef"))


def test_a_queue_is_closed_whatever_happens():
    closed = []

    def items():
        try:
            yield from range(10)
        finally:
            closed.append(True)

    def fail(queue):
        queue.next()
        raise ZeroDivisionError

    queue = ItemQueue(items())
    with pytest.raises(ZeroDivisionError):
        run_workers([fail], queue)
    assert closed == [True]
    assert queue.next() is None


def test_ctrl_c_while_threads_are_started_begins_no_work(monkeypatch):
    start, started, taken = threading.Thread.start, [], []

    def interrupted(thread):
        start(thread)
        started.append(thread)
        time.sleep(0.05)  # the thread runs, but its starter is interrupted before it knows
        raise KeyboardInterrupt

    def worker(queue):
        taken.append(queue.next())

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_workers([worker] * 3, ItemQueue(item for item in range(10)))
    started[0].join(60)
    assert (len(started), started[0].is_alive(), taken) == (1, False, [])


def test_a_second_interrupt_does_not_leave_threads_behind(monkeypatch):
    wait, n_waits, has_ended = worker_pool._Supervisor.wait, [], []
    stop = threading.Event()

    def interrupted(supervisor):
        n_waits.append(1)
        if len(n_waits) <= 3:
            raise KeyboardInterrupt
        wait(supervisor)

    def work():
        stop.wait(60)
        while len(n_waits) < 4:
            time.sleep(1e-3)
        has_ended.append(True)

    monkeypatch.setattr(worker_pool._Supervisor, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_threads([work] * 2, stop)
    assert has_ended == [True, True]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fastw2v")]


@pytest.mark.parametrize("n_started", [0, 1])
def test_a_thread_that_cannot_be_started_stops_the_others(n_started, monkeypatch):
    start, stop = threading.Thread.start, threading.Event()
    has_ended = []

    def refused(thread):
        if thread.name == f"fastw2v_{n_started}":
            raise RuntimeError("can't start new thread")
        start(thread)

    def work():
        stop.wait(60)
        has_ended.append(True)

    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        run_threads([work] * 3, stop)
    assert len(has_ended) >= n_started


def test_the_error_that_made_others_fail_is_the_one_raised():
    both = threading.Barrier(2, timeout=60)

    def cancelled():
        both.wait()
        raise CancelledError

    def failed():
        both.wait()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_threads([cancelled, failed], threading.Event())


@pytest.mark.parametrize("workers", [1, 3])
def test_no_task_begins_after_an_error(workers):
    begun = []

    def task(number):
        begun.append(number)
        if number == 5:
            raise ZeroDivisionError
        time.sleep(1e-3)

    with pytest.raises(ZeroDivisionError):
        run_tasks((lambda number=number: task(number) for number in range(1000)), workers)
    assert sorted(begun) == list(range(len(begun)))
    assert len(begun) < 500
