from types import SimpleNamespace

import pytest

from fastw2v import pauses
from fastw2v.config import TrainConfig
from fastw2v.pauses import Every, UntilDue
from fastw2v.schedule import spans


@pytest.mark.parametrize(("text", "seconds"), [("5min", 300), ("30s", 30), ("1.5 h", 5400)])
def test_a_time(text, seconds, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(pauses, "time", SimpleNamespace(monotonic=lambda: now[0]))
    every = Every(text, name="checkpoint_every")
    for _ in range(2):
        now[0] += seconds - 1
        assert not every.is_due(10**9, ends_epoch=True)
        now[0] += 1
        assert every.is_due(0, ends_epoch=False)
        every.restart(0)


def test_a_number_of_words_counts_from_the_last_time():
    every = Every(1000, name="checkpoint_every")
    assert [every.is_due(n, ends_epoch=False) for n in (999, 1000, 5000)] == [False, True, True]
    every.restart(1200)
    assert [every.is_due(n, ends_epoch=True) for n in (2199, 2200)] == [False, True]


def test_an_epoch_is_due_at_its_end_alone():
    every = Every("epoch", name="checkpoint_every")
    assert every.is_due(1, ends_epoch=True)
    assert not every.is_due(10**9, ends_epoch=False)


@pytest.mark.parametrize("value", ["5 minutes", "min", "0s", "", "-1min", "1000"])
def test_other_text_is_refused(value):
    with pytest.raises(ValueError, match=r'checkpoint_every is .*; expected "epoch", a time \("5min", "30s", "1h"\)'):
        Every(value, name="checkpoint_every")


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (1.5, ValueError), (True, TypeError), (None, TypeError)])
def test_other_numbers_are_refused(value, error):
    with pytest.raises(error, match=r"checkpoint_every is .*; expected a whole number"):
        Every(value, name="checkpoint_every")


def ends(n_tokens, due):
    until = UntilDue(spans(TrainConfig(), n_tokens, 0, span_tokens=4), n_tokens, lambda n: n >= due)
    return [span.end for span in until], until.has_paused


def test_spans_end_at_the_first_that_is_due_and_never_with_nothing_left():
    assert ends(10, due=5) == ([4, 8], True)
    assert ends(10, due=0) == ([4], True)
    assert ends(10, due=9) == ([4, 8, 10], False)
    assert ends(10, due=99) == ([4, 8, 10], False)


def test_the_rest_of_an_epoch_has_the_same_rates():
    whole = list(spans(TrainConfig(), 10, 1, span_tokens=4, first_epoch=3))
    assert list(spans(TrainConfig(), 10, 1, span_tokens=4, first_epoch=3, begin=4)) == whole[1:]
    assert list(spans(TrainConfig(), 10, 1, span_tokens=4, begin=10)) == []
