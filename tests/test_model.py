import logging
import re
import signal
import threading

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.backends import cpu

SMALL = {"vector_size": 16, "compute_loss": True, "workers": 1, "min_count": 1}
MODES = [
    {"sg": 1, "negative_sharing": "window"},
    {"sg": 1, "negative_sharing": "pair"},
    {"sg": 0, "cbow_gradient": "sum"},
    {"sg": 0, "cbow_gradient": "mean"},
]


def topics(n_sentences=600, n_words=15):
    """Sentences of ten words, all of one of two topics."""
    rng = np.random.default_rng(3)
    choices = rng.integers(0, n_words, (n_sentences, 10))
    return [
        [f"{'ab'[topic]}{word}" for word in words] for topic, words in zip(rng.integers(0, 2, n_sentences), choices)
    ]


SENTENCES = topics(60)


def small_model(**options):
    return Word2Vec(SENTENCES, **(SMALL | options))


def training_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("fastw2v")]


def same(a, b):
    return a.wv.vectors.tobytes() == b.wv.vectors.tobytes() and a.syn1neg.tobytes() == b.syn1neg.tobytes()


@pytest.mark.parametrize(
    ("workers", "deterministic"), [(1, False), (2, False), pytest.param(2, True, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_learns_two_topics(mode, workers, deterministic, monkeypatch):
    monkeypatch.setattr(cpu, "_SMALL_TOKENS", 0)
    options = SMALL | mode | {"workers": workers, "deterministic": deterministic}
    model = Word2Vec(topics(), epochs=12, alpha=0.05, sample=0, **options)
    apart = model.wv.vectors - model.wv.vectors.mean(axis=0)  # threads in a race may all move by one vector, at no loss
    units = apart / np.linalg.norm(apart, axis=1, keepdims=True)
    is_a = np.array([key.startswith("a") for key in model.wv.index_to_key])
    cosines = units @ units.T
    off_diagonal = ~np.eye(len(units), dtype=bool)
    within = cosines[(is_a[:, None] == is_a) & off_diagonal].mean()
    across = cosines[is_a[:, None] != is_a].mean()
    assert within > 0.6
    assert across < -0.6
    losses = model.report.loss_per_epoch
    assert losses[-1] < losses[0] < 6 * np.log(2)  # that of zero output rows: a positive and five negatives
    assert model.wv.doesnt_match(["a1", "a2", "b3", "a4"]) == "b3"


def test_figures():
    model = small_model(sample=0, epochs=3)
    assert model.report.raw_words == model.report.kept_words == 3 * 600
    assert model.report.pairs == 3 * 600  # CBOW: every word of a sentence of ten has contexts
    assert len(model.report.loss_per_epoch) == 3
    assert model.get_latest_training_loss() == pytest.approx(sum(model.report.loss_per_epoch) * 600)
    assert {"encode", "upload", "compile", "train", "download"} == model.seconds.keys()
    assert (model.corpus_count, model.corpus_total_words, model.epochs_trained) == (60, 600, 3)


@pytest.mark.parametrize("vector_size", [16, 10])  # 10: rows are padded in memory
def test_output_vectors_are_a_view_that_cannot_be_written(vector_size):
    model = Word2Vec(**(SMALL | {"vector_size": vector_size}))
    with pytest.raises(AttributeError, match=r"no attribute 'syn1neg': there is no vocabulary yet"):
        _ = model.syn1neg
    model.build_vocab(SENTENCES)
    output = model.syn1neg
    assert (output.shape, output.dtype) == ((len(model.wv), vector_size), np.float32)
    assert not output.any()
    model.train(SENTENCES, epochs=1)
    assert output.any(axis=1).all()
    assert np.shares_memory(output, model._state.weights.w_out)
    with pytest.raises(ValueError, match="read-only"):
        output[0, 0] = 1
    with pytest.raises(AttributeError, match="syn1neg"):
        model.syn1neg = output
    model.train(SENTENCES, epochs=1)  # which writes to them all the same


def test_output_vectors_predict_the_contexts():
    model = Word2Vec([["a", "b"]] * 500 + [["c", "d"]] * 500, sg=1, sample=0, epochs=20, **SMALL)
    scores = {key: model.wv[key] @ model.syn1neg.T for key in "abcd"}
    assert [model.wv.index_to_key[int(scores[key].argmax())] for key in "abcd"] == ["b", "a", "d", "c"]


def test_loss_is_tallied_only_when_asked():
    model = small_model(compute_loss=False, sg=1)
    assert model.report.loss_per_epoch == []
    assert model.get_latest_training_loss() == 0
    model.train(SENTENCES, compute_loss=True, epochs=1)
    assert model.get_latest_training_loss() > 0


def test_build_vocab_and_train_equal_the_constructor():
    model = Word2Vec(**SMALL)
    model.build_vocab(SENTENCES)
    untrained = model.wv.vectors.copy()
    assert model.train(SENTENCES, total_examples=model.corpus_count, epochs=model.epochs) == (
        model.report.kept_words,
        model.report.raw_words,
    )
    assert same(model, small_model())
    assert not np.array_equal(untrained, model.wv.vectors)


def test_a_second_training_goes_on():
    model = small_model(sample=0, alpha=0.1, epochs=2)
    first, loss = model.wv.vectors.copy(), model.report.loss_per_epoch[-1]
    assert model.train(SENTENCES, epochs=8) == (4800, 4800)
    assert not np.array_equal(first, model.wv.vectors)
    assert model.report.loss_per_epoch[-1] < loss
    assert model.epochs_trained == 10


def test_training_in_turns_draws_fresh_random_numbers():
    whole = small_model(epochs=2, alpha=0.02, min_alpha=0.02, sample=0.01)
    turns = Word2Vec(**(SMALL | {"alpha": 0.02, "min_alpha": 0.02, "sample": 0.01}))
    turns.build_vocab(SENTENCES)
    for _ in range(2):
        turns.train(SENTENCES, epochs=1)
    assert same(whole, turns)


def test_rates_of_one_call_matter():
    slow, fast = small_model(), small_model()
    before = slow.wv.vectors.copy()
    slow.train(SENTENCES, start_alpha=1e-6, end_alpha=1e-6)
    fast.train(SENTENCES, start_alpha=0.1, end_alpha=0.05)
    moves = [np.abs(model.wv.vectors - before).max() for model in (slow, fast)]
    assert 0 < moves[0] < 1e-3 < moves[1]
    assert (slow.alpha, slow.min_alpha) == (1e-6, 1e-6)
    assert (fast.alpha, fast.min_alpha) == (0.1, 0.05)


class Recorder:
    def __init__(self):
        self.events = []

    def on_train_begin(self, model):
        self.events.append("train begin")

    def on_epoch_begin(self, model):
        self.events.append("epoch begin")

    def on_epoch_end(self, model):
        self.events.append(("epoch end", len(model.report.loss_per_epoch), model.get_latest_training_loss() > 0))

    def on_train_end(self, model):
        self.events.append("train end")


class OnlyEnd:
    called = 0

    def on_train_end(self, model):
        self.called += 1


def test_callbacks_are_called_in_order():
    recorder, end = Recorder(), OnlyEnd()
    model = small_model(epochs=2, callbacks=iter([recorder, end]))
    epochs = [["epoch begin", ("epoch end", n, True)] for n in (1, 2)]
    assert recorder.events == ["train begin", *epochs[0], *epochs[1], "train end"]
    model.train(SENTENCES, epochs=1)
    assert recorder.events[6:] == ["train begin", *epochs[0], "train end"]
    other = OnlyEnd()
    model.train(SENTENCES, epochs=1, callbacks=[other])
    assert (end.called, other.called) == (2, 1)


@pytest.mark.parametrize("callbacks", [[print], print, 5])
def test_callback_that_would_never_be_called(callbacks):
    with pytest.raises(TypeError, match=r"callback"):
        Word2Vec(SENTENCES, callbacks=callbacks, **SMALL)


def test_error_in_a_callback_reaches_the_caller():
    class Failing:
        def on_epoch_end(self, model):
            raise ZeroDivisionError("planned")

    model = small_model()
    with pytest.raises(ZeroDivisionError, match="planned"):
        model.train(SENTENCES, callbacks=[Failing()])
    assert not training_threads()
    assert np.isfinite(model.wv.vectors).all()


def assert_norms_are_true(model):
    np.testing.assert_allclose(model.wv.fill_norms(), np.linalg.norm(model.wv.vectors, axis=1), rtol=1e-6)


def test_norms_are_not_stale_after_further_training():
    class Asking:
        def on_epoch_begin(self, model):
            assert_norms_are_true(model)

        on_epoch_end = on_epoch_begin

    model = small_model()
    model.wv.most_similar("a1")
    model.train(SENTENCES, start_alpha=0.5, end_alpha=0.5, callbacks=[Asking()])
    assert_norms_are_true(model)


def test_vectors_put_in_from_elsewhere_are_trained():
    model = small_model()
    model.wv.vectors = np.full((30, 16), 0.25, np.float32)
    model.train(SENTENCES, epochs=1, start_alpha=1e-9, end_alpha=1e-9)
    assert model.wv.vectors == pytest.approx(0.25, abs=1e-4)
    model.train(SENTENCES, epochs=1, start_alpha=0.025)
    assert not np.allclose(model.wv.vectors, 0.25, atol=1e-4)


def test_rows_of_the_model_in_another_order_are_trained_where_they_are_shown():
    model = small_model()
    model.wv.vectors = shown = model.wv.vectors[::-1]
    shown = shown.copy()
    model.train(SENTENCES, epochs=1, start_alpha=1e-9, end_alpha=1e-9)
    assert model.wv.vectors == pytest.approx(shown, abs=1e-6)


def test_wv_of_another_order_is_refused():
    model = small_model()
    other = KeyedVectors(model.wv.index_to_key[::-1], model.wv.vectors)
    with pytest.raises(AttributeError, match=r"wv cannot be replaced.*model\.wv\.vectors = other\["):
        model.wv = other
    model.wv.vectors = other[model.wv.index_to_key]
    assert (model.wv["a1"] == other["a1"]).all()


# What the model shows of itself


def test_repr():
    assert repr(Word2Vec(**SMALL)) == "Word2Vec<vocab=0, vector_size=16, CBOW>"
    assert repr(small_model(sg=1)) == "Word2Vec<vocab=30, vector_size=16, skip-gram>"
    assert len(small_model().wv) == 30


# Ctrl-C


def test_interrupt_from_a_callback_warns_and_keeps_the_vectors():
    class Interrupting(OnlyEnd):
        def on_epoch_end(self, model):
            raise KeyboardInterrupt

    callback = Interrupting()
    model = small_model(epochs=1)
    with pytest.warns(RuntimeWarning, match=r"stopped by Ctrl-C in epoch 1 of 4, 25\.0 % of the work") as caught:
        model.train(SENTENCES, epochs=4, callbacks=[callback])
    assert caught[0].filename == __file__
    assert callback.called == 1
    assert model.report.raw_words == 600
    assert model.wv.most_similar("a1", topn=1)


@pytest.mark.usefixtures("interruptible")
def test_signal_stops_two_workers():
    """SIGINT while the kernels run: the call returns with what was trained."""
    walk = np.random.default_rng(0).integers(0, 1000, (1, 200_000))
    main_thread, sent = threading.main_thread().ident, []

    def progress(phase, done, total):
        if phase == "train" and done > 100_000 and not sent:
            sent.append(done)
            signal.pthread_kill(main_thread, signal.SIGINT)

    model = Word2Vec(progress=progress, **(SMALL | {"workers": 2, "sg": 1}))
    model.build_vocab(walk)
    with pytest.warns(RuntimeWarning, match="stopped by Ctrl-C in epoch"):
        model.train(walk, epochs=1000)
    assert model.report.raw_words < 100 * walk.size
    assert not training_threads()
    assert np.isfinite(model.wv.vectors).all()
    model.train(walk, epochs=1)
    assert model.report.stopped_at is None


def test_loss_is_logged(caplog):
    with caplog.at_level(logging.INFO, "fastw2v"):
        small_model(epochs=1)
    assert any(message.startswith("loss ") for message in caplog.messages)


def test_vocabulary_and_end_are_logged(caplog):
    with caplog.at_level(logging.INFO, "fastw2v"):
        small_model(sample=0, epochs=2)
    assert "vocabulary of 30 words, which are 600 of 600 tokens" in caplog.messages
    assert re.fullmatch(r"training took \d+\.\d s: 1200 raw words, 1200 kept", caplog.messages[-1])
