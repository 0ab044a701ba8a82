import io
import sys
from types import SimpleNamespace

import pytest

from fastw2v.runtime import progress
from fastw2v.runtime.bars import PhaseBar
from fastw2v.runtime.progress import ProgressLog, check_progress, show_loss, shown_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def stderr_is(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)


def test_the_users_callable_gets_the_phase():
    calls = []
    with shown_progress(lambda *call: calls.append(call), "encode") as report:
        report(3, None)
        report(5, 8)
        show_loss(report, 4.5)  # a callable is told nothing of it
    assert calls == [("encode", 3, None), ("encode", 5, 8)]


def closed():
    stream = Terminal()
    stream.close()
    return stream


@pytest.mark.parametrize(
    ("choice", "stream", "is_bar"),
    [
        (None, Terminal(), True),
        (None, io.StringIO(), False),
        (None, closed(), False),
        (None, None, False),
        (True, io.StringIO(), True),
        (True, closed(), False),
        (True, None, False),
        (False, Terminal(), False),
    ],
)
def test_where_bars_are_shown(choice, stream, is_bar, monkeypatch):
    stderr_is(monkeypatch, stream)
    with shown_progress(choice, "train") as report:
        assert isinstance(report, PhaseBar) == is_bar
        assert is_bar or report is None


def test_a_notebook_gets_bars(monkeypatch):
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    stderr_is(monkeypatch, io.StringIO())
    with shown_progress(None, "train") as report:
        assert isinstance(report, PhaseBar)
    del shell.kernel  # IPython on a terminal, whose output goes to a file
    with shown_progress(None, "train") as report:
        assert report is None


@pytest.mark.parametrize("wrong", [1, "yes", 0.5])
def test_what_progress_cannot_be(wrong):
    with pytest.raises(TypeError, match=r"progress is .*; expected True, False, None or a function progress\(phase"):
        check_progress(wrong)


def test_share_and_speed_are_logged_once_a_second(monkeypatch, caplog):
    now = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    with caplog.at_level("INFO", "fastw2v"):
        log = ProgressLog()
        for done, seconds in ((10, 0.5), (20, 1.0), (30, 1.5), (40, 2.0)):
            now[0] = 100.0 + seconds
            log(done, 40)
    assert caplog.messages == [
        "trained 50.0 % of the words, 20 raw words/s",
        "trained 100.0 % of the words, 20 raw words/s",
    ]


def test_nothing_is_logged_of_an_empty_corpus(monkeypatch, caplog):
    now = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    log = ProgressLog()
    now[0] = 200.0
    with caplog.at_level("INFO", "fastw2v"):
        log(0, 0)
    assert caplog.messages == []
