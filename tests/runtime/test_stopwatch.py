from types import SimpleNamespace

import pytest

from fastw2v.runtime import stopwatch as module
from fastw2v.runtime.stopwatch import seconds_of, stopwatch


@pytest.fixture
def clock(monkeypatch):
    """A clock that only `clock.now` moves."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    return clock


def test_the_seconds_of_a_call(clock):
    def step():
        clock.now += 3

    assert seconds_of(step) == 3


def test_blocks_of_one_name_add_up(clock):
    seconds = {"read": 1.0}
    for _ in range(2):
        with stopwatch(seconds, "read"):
            clock.now += 2
    with stopwatch(seconds, "write"):
        clock.now += 4
    assert seconds == {"read": 5, "write": 4}


def test_a_block_that_fails_is_timed_too(clock):
    seconds = {}

    def fail():
        with stopwatch(seconds, "read"):
            clock.now += 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seconds == {"read": 2}
