import importlib
import os
import signal
import sys
import threading
import time

import pytest

from fastw2v.runtime.interrupts import ctrl_c_raises, end_on_ctrl_c
from fastw2v.runtime.signals import Terminated, finished_first, name_of, terminable

pytestmark = pytest.mark.usefixtures("interruptible")


def send(number):
    os.kill(os.getpid(), number)


@pytest.fixture
def raised(monkeypatch):
    """Signals that were raised again."""
    found = []
    monkeypatch.setattr("fastw2v.runtime.signals.signal.raise_signal", found.append)
    return found


def test_names():
    assert [name_of(error) for error in (KeyboardInterrupt(), Terminated(), SystemExit(1))] == [
        "Ctrl-C",
        "SIGTERM",
        "SystemExit",
    ]


def test_sigterm_raises_within_the_block_and_ends_the_process_after_it(raised):
    steps = []
    with terminable():
        try:
            send(signal.SIGTERM)
            steps.append("not reached")
        except KeyboardInterrupt as stop:
            steps.append(name_of(stop))
        assert raised == []
    assert steps == ["SIGTERM"]
    assert raised == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_without_a_signal_nothing_is_raised(raised):
    with terminable():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    with pytest.raises(ZeroDivisionError), terminable():
        raise ZeroDivisionError
    assert raised == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_whoever_catches_it_may_end_the_process(raised):
    with pytest.raises(Terminated), terminable(ends_process=False):
        send(signal.SIGTERM)
    assert raised == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_a_handler_of_the_user_stays(handler):
    before = signal.signal(signal.SIGTERM, handler)
    try:
        with terminable():
            assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_leave_signals_alone():
    seen = []

    def look():
        with terminable(), finished_first("a file"):
            seen.extend(signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL, signal.default_int_handler]


def block(*actions):
    """Run actions in a block that is finished first; return the number of those that ended."""
    n_done = 0
    try:
        with finished_first("v.bin"):
            for action in actions:
                action()
                n_done += 1
    except KeyboardInterrupt as stop:
        return name_of(stop), n_done
    return None, n_done


def interrupt():
    send(signal.SIGINT)


def test_the_first_ctrl_c_waits_for_the_block(caplog):
    assert block(interrupt, time.monotonic) == ("Ctrl-C", 2)
    assert "v.bin is finished first; Ctrl-C again stops at once" in caplog.text
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_ctrl_c_does_not_wait():
    assert block(interrupt, interrupt, time.monotonic) == ("Ctrl-C", 1)


def test_sigterm_waits_where_it_is_handled():
    with terminable(ends_process=False):
        assert block(lambda: send(signal.SIGTERM), time.monotonic) == ("SIGTERM", 2)


def test_of_nested_blocks_the_outermost_counts():
    def inner():
        with finished_first("a part"):
            interrupt()

    assert block(inner, time.monotonic) == ("Ctrl-C", 2)
    assert block(inner, inner, time.monotonic) == ("Ctrl-C", 1)


def test_without_a_signal_the_block_just_ends():
    assert block(time.monotonic) == (None, 1)


def test_an_error_of_the_block_is_raised_before_the_signal():
    with pytest.raises(ZeroDivisionError):
        block(interrupt, lambda: 1 / 0)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Make a module of some lines of Python that can be imported by the name it returns."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(*lines):
        (tmp_path / "sends_a_signal.py").write_text("\n".join(lines))
        return "sends_a_signal"

    yield make
    sys.modules.pop("sends_a_signal", None)


@pytest.mark.parametrize(("number", "name"), [("SIGINT", "Ctrl-C"), ("SIGTERM", "SIGTERM")])
def test_a_signal_in_an_import_is_obeyed_behind_it(module, number, name):
    end_on_ctrl_c()
    lines = ("import os, signal", f"os.kill(os.getpid(), signal.{number})", "is_whole = True")
    found = []
    with ctrl_c_raises(), terminable(ends_process=False):
        try:
            found.append(importlib.import_module(module(*lines)).is_whole)
            time.sleep(10)
        except KeyboardInterrupt as stop:
            found.append(name_of(stop))
    assert found == [True, name]
