import threading
import time

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.callbacks import CallbackAny2Vec
from tests.callbacks.cases import N_WORDS, SENTENCES, SMALL, trained


class Words(CallbackAny2Vec):
    def __init__(self, every_words):
        self.every_words, self.seen = every_words, []

    def on_words(self, model):
        self.seen.append(model.report.raw_words)
        assert threading.current_thread() is threading.main_thread()


def test_on_words_is_called_as_often_as_it_can_be():
    words, never = Words(N_WORDS // 2), Words(100 * N_WORDS)
    trained(words, never, epochs=4)
    assert 4 <= len(words.seen) <= 8
    assert words.seen == sorted(words.seen)
    assert words.seen[-1] == 4 * N_WORDS
    assert never.seen == []


def test_on_words_begins_anew_in_each_training():
    words = Words(2 * N_WORDS)
    model = trained(words, epochs=3)
    n_calls = len(words.seen)
    model.train(SENTENCES, epochs=3)
    assert len(words.seen) == 2 * n_calls > 0


class Looking(Words):
    """Looks at the vectors, sleeps, and looks again."""

    def on_words(self, model):
        self.seen.append((model.report.raw_words, model.wv.vectors.copy()))
        if len(self.seen) == 1:
            time.sleep(0.3)
            self.seen.append((model.report.raw_words, model.wv.vectors.copy()))
            model.stop_training("seen")


def test_workers_go_on_during_on_words():
    looking = Looking(1000)
    walk = np.random.default_rng(0).integers(0, 1000, (1, 4_000_000))
    model = Word2Vec(walk, sg=1, epochs=100, callbacks=[looking], **(SMALL | {"workers": 2}))
    (before, vectors), (after, later) = looking.seen[:2]
    assert after > before
    assert (vectors != later).any()
    assert model.report.stopped_by == "seen"
    assert model.report.raw_words < 10 * walk.size


@pytest.mark.parametrize("wrong", [None, 0, -1, 2.5, "often", True])
def test_on_words_needs_a_number_of_words(wrong):
    with pytest.raises(ValueError, match=r"has a method on_words, and its every_words is .*; set it to"):
        Word2Vec(callbacks=[Words(wrong)])


class Stop(CallbackAny2Vec):
    """Stops training at an event."""

    every_words = 1

    def __init__(self, event):
        self.event, self.events = event, []

    def _do(self, event, model):
        self.events.append(event)
        if event == self.event:
            model.stop_training("planned")

    def on_train_begin(self, model):
        self._do("train begin", model)

    def on_epoch_begin(self, model):
        self._do("epoch begin", model)

    def on_words(self, model):
        self._do("words", model)

    def on_epoch_end(self, model):
        self._do("epoch end", model)

    def on_train_end(self, model):
        self._do("train end", model)


@pytest.mark.parametrize(
    ("event", "share", "events"),
    [
        ("train begin", 0.0, ["train begin", "train end"]),
        ("epoch begin", 0.0, ["train begin", "epoch begin", "epoch end", "train end"]),
        ("words", 25.0, ["train begin", "epoch begin", "words", "epoch end", "train end"]),
        ("epoch end", 25.0, ["train begin", "epoch begin", "words", "epoch end", "train end"]),
    ],
)
def test_stop_training(event, share, events):
    stop = Stop(event)
    report = trained(stop, epochs=4).report
    assert report.stopped_at == f"epoch 1 of 4, {share} % of the work: planned"
    assert (report.stopped_by, report.raw_words) == ("planned", 4 * N_WORDS * share / 100)
    assert stop.events == events


def test_what_ran_to_its_end_was_not_stopped():
    report = trained(Stop("epoch end"), epochs=1).report
    assert (report.stopped_at, report.stopped_by) == (None, None)
    report = trained(Stop("train end"), epochs=2).report
    assert report.stopped_at is None


def test_the_next_training_is_not_stopped():
    model = trained(Stop("epoch end"), epochs=4)
    model.train(SENTENCES, callbacks=[])
    assert (model.report.stopped_at, model.report.raw_words) == (
        None,
        5 * N_WORDS if model.epochs == 5 else 4 * N_WORDS,
    )


def test_stop_from_progress():
    def progress(phase, done, total):
        if phase == "train":
            model.stop_training("enough is seen")

    model = Word2Vec(**(SMALL | {"progress": progress, "epochs": 1000}))
    model.build_vocab(SENTENCES)
    model.train(SENTENCES)
    assert model.report.stopped_at == "epoch 1 of 1000, 0.1 % of the work: enough is seen"


def test_there_must_be_something_to_stop():
    with pytest.raises(RuntimeError, match="the model is not being trained"):
        trained().stop_training()


@pytest.mark.parametrize("event", ["words", "epoch begin"])
def test_an_error_in_a_callback_reaches_the_caller(event):
    class Failing(Stop):
        def _do(self, now, model):
            if now == self.event:
                raise ZeroDivisionError("planned")

    with pytest.raises(ZeroDivisionError, match="planned"):
        trained(Failing(event))


def test_order_of_rows_cannot_change_on_words():
    class Sorting(Words):
        def on_words(self, model):
            model.wv.set_vecattr("dog", "count", 1000)
            model.wv.sort_by_descending_frequency()

    with pytest.raises(RuntimeError, match="while the model is trained"):
        trained(Sorting(1))
