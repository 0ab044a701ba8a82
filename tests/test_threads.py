import threading
import time
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

import pytest

from fastw2v._threads import Source, run_tasks, run_threads, take_turns, wait_for


def test_every_item_is_taken_once_and_numbered():
    taken, both = [], threading.Barrier(2, timeout=60)

    def member(source):
        both.wait()
        while (numbered := source.next()) is not None:
            taken.append(numbered)

    take_turns([member] * 2, Source(letter for letter in "abcdef"))
    assert sorted(taken) == list(enumerate("abcdef"))


def test_a_source_is_closed_whatever_happens():
    closed = []

    def items():
        try:
            yield from range(10)
        finally:
            closed.append(True)

    def fail(source):
        source.next()
        raise ZeroDivisionError

    source = Source(items())
    with pytest.raises(ZeroDivisionError):
        take_turns([fail], source)
    assert closed == [True]
    assert source.next() is None


@pytest.mark.parametrize("n_started", [1, 2, 3])
def test_ctrl_c_while_threads_are_started_begins_no_work(n_started, monkeypatch):
    submit, n_submitted, taken = ThreadPoolExecutor.submit, [], []

    def interrupted(pool, *args):
        future = submit(pool, *args)
        n_submitted.append(1)
        if len(n_submitted) == n_started:
            time.sleep(0.05)  # the thread runs; what began it never hears of it
            pool._threads.clear()
            raise KeyboardInterrupt
        return future

    def member(source):
        taken.append(source.next())

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    before = threading.enumerate()
    with pytest.raises(KeyboardInterrupt):
        take_turns([member] * 3, Source(item for item in range(10)))
    for thread in set(threading.enumerate()) - set(before):
        thread.join(60)
    assert taken == []


def test_a_second_interrupt_does_not_leave_threads_behind(monkeypatch):
    future, n_waits = Future(), []

    def interrupted(futures):
        n_waits.append(len(futures))
        if len(n_waits) == 3:
            future.set_result(None)
        raise KeyboardInterrupt

    monkeypatch.setattr("fastw2v._threads.wait", interrupted)
    wait_for([future])
    assert len(n_waits) == 3


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
