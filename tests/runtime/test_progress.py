from types import SimpleNamespace

from fastw2v.runtime import progress
from fastw2v.runtime.progress import ProgressLog, of_phase


def test_the_users_callable_gets_the_phase():
    calls = []
    report = of_phase(lambda *call: calls.append(call), "encode")
    report(3, None)
    report(5, 8)
    assert calls == [("encode", 3, None), ("encode", 5, 8)]
    assert of_phase(None, "encode") is None


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
