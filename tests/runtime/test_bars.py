import io
import logging
import re
import signal
import sys
import threading
import time

import pytest

from fastw2v.runtime import bars
from fastw2v.runtime.bars import PhaseBar

logger = logging.getLogger("fastw2v")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def stderr_is(monkeypatch):
    """Make a stream stderr, by a call in the test: pytest sets its own after the fixtures."""
    monkeypatch.setattr(bars, "_DRAW_SECONDS", 0.01)

    def set_stream(stream):
        monkeypatch.setattr(sys, "stderr", stream)
        return stream

    return set_stream


def wait_for(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def shown_lines(terminal):
    """What the terminal has shown, each state of the bar as a line, without the spaces that wipe it."""
    return [line.strip() for line in re.split(r"[\r\n]", terminal.getvalue()) if line.strip()]


def test_a_bar_shows_share_speed_time_left_and_loss(stderr_is):
    terminal = stderr_is(Terminal())
    with PhaseBar("train") as bar:
        bar(250_000, 1_000_000)
        bar.show_loss(4.32109)
        wait_for(lambda: "loss" in terminal.getvalue())
        bar(1_000_000, 1_000_000)
    first = next(line for line in shown_lines(terminal) if "loss" in line)
    assert re.fullmatch(r"train: *25%\|.*\| 250k/1\.00M \[00:00<\S+, \S+ words/s, loss 4\.3211\]", first)
    last = terminal.getvalue().split("\r")[-1]
    assert re.match(r"train: 100%\|.*\| 1\.00M/1\.00M \[.*\]\n$", last), "the bar of the training stays"


def test_the_bar_of_encoding_goes_away_and_tells_its_unit(stderr_is):
    terminal = stderr_is(Terminal())
    with PhaseBar("encode") as bar:
        bar(5_000_000, 10_000_000)
        wait_for(lambda: "MB/s" in terminal.getvalue() or "?B/s" in terminal.getvalue())
    assert terminal.getvalue().endswith("\r")
    with PhaseBar("encode") as bar:
        bar(5_000_000, None)
        wait_for(lambda: re.search(r"encode: 5\.00M tokens \[", terminal.getvalue()))


def test_a_bar_that_nobody_asked_for_waits(stderr_is):
    terminal = stderr_is(Terminal())
    with PhaseBar("train", delay=3600) as bar:
        bar(1, 2)
        time.sleep(0.05)
    assert terminal.getvalue() == ""


def test_a_compilation_is_told_in_the_place_of_the_bar(stderr_is):
    terminal = stderr_is(Terminal())
    with PhaseBar("train") as bar:
        bars.note("compiling a kernel, which takes a few seconds")
        wait_for(lambda: "compiling a kernel" in terminal.getvalue())
        bars.note("")
        bar(1, 2)
    shown = shown_lines(terminal)
    assert "compiling a kernel, which takes a few seconds" in shown
    assert shown[-1].startswith("train:  50%")
    bars.note("nobody is there")


def test_log_lines_appear_above_the_bar(stderr_is):
    terminal = stderr_is(Terminal())
    handler = logging.StreamHandler(terminal)
    handler.setLevel(logging.INFO)
    to_file = logging.StreamHandler(io.StringIO())
    logger.handlers, level = [handler, to_file], logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with PhaseBar("train") as bar:
            bar(1, 2)
            wait_for(lambda: "50%" in terminal.getvalue())
            logger.info("said meanwhile")
            logger.debug("below the level of the handler")
            wait_for(lambda: "50%" in terminal.getvalue().split("said meanwhile\n")[-1])
        assert logger.handlers == [handler, to_file]
    finally:
        logger.handlers = []
        logger.setLevel(level)
    assert "\rsaid meanwhile\n" in terminal.getvalue()
    assert "below" not in terminal.getvalue()
    assert to_file.stream.getvalue() == "said meanwhile\nbelow the level of the handler\n"


class Gone(Terminal):
    def write(self, text):
        raise OSError(5, "Input/output error")


class Full(Terminal):
    def write(self, text):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stream", [Gone(), Full()])
def test_a_terminal_that_is_gone_ends_the_bar_alone(stream, stderr_is):
    stderr_is(stream)
    with PhaseBar("train") as bar:
        for done in range(5):
            bar(done, 5)
            time.sleep(0.01)


class Slow(Terminal):
    def __init__(self):
        super().__init__()
        self.may_go_on = threading.Event()

    def write(self, text):
        self.may_go_on.wait(20)
        return super().write(text)


@pytest.mark.slow
def test_a_terminal_that_takes_nothing_does_not_stop_the_work(stderr_is):
    slow = stderr_is(Slow())
    with PhaseBar("train") as bar:
        begun = time.monotonic()
        for done in range(10_000):
            bar(done, 10_000)
        assert time.monotonic() - begun < 10  # and not the 20 s for which the terminal waits
        slow.may_go_on.set()


def test_no_thread_is_left(stderr_is):
    stderr_is(Terminal())
    with pytest.raises(ZeroDivisionError), PhaseBar("train"):
        raise ZeroDivisionError
    assert not [thread for thread in threading.enumerate() if "bar" in thread.name]
    assert bars._open_bars == []


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_a_bar_begins_leaves_no_thread(stderr_is, monkeypatch):
    stderr_is(Terminal())
    start = threading.Thread.start

    def interrupted_start(thread):
        signal.raise_signal(signal.SIGINT)
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted_start)
        with pytest.raises(KeyboardInterrupt), PhaseBar("train"):
            pytest.fail("the block of an interrupted bar ran")
    assert not [thread for thread in threading.enumerate() if "bar" in thread.name]
    assert bars._open_bars == []
