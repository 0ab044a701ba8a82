"""What a model shows and answers under gensim's names."""

import copy
import dataclasses
import logging
import pickle

import numpy as np
import pytest

from fastw2v import TrainConfig, Word2Vec

SMALL = {"vector_size": 16, "min_count": 1, "workers": 1}
SENTENCES = [["a", "b", "c", "d"], ["b", "a"], ["c", "e", "a"]] * 20


@pytest.fixture(scope="module")
def model():
    return Word2Vec(SENTENCES, sample=0, **SMALL)


# Options and weights


def test_the_size_of_vectors_cannot_change_once_there_are_weights():
    model = Word2Vec(**SMALL)
    model.vector_size = 12
    model.build_vocab(SENTENCES)
    assert model.wv.vector_size == model.layer1_size == 12
    for change in (
        lambda: setattr(model, "vector_size", 50),
        lambda: setattr(model, "config", dataclasses.replace(model.config, vector_size=50)),
    ):
        with pytest.raises(
            ValueError, match=r"vector_size is 50, and the weights of this model are 12 long; make a new"
        ):
            change()
    assert model.config.vector_size == 12
    model.config = dataclasses.replace(model.config, epochs=2)
    assert model.epochs == 2
    with pytest.raises(TypeError, match="config is a dict; expected a TrainConfig"):
        model.config = {"epochs": 3}


def test_options_set_between_two_trainings_are_used():
    loop, calls = (Word2Vec(alpha=0.025, min_alpha=0.025, **SMALL) for _ in range(2))
    for each in (loop, calls):
        each.build_vocab(SENTENCES)
    loop.epochs = 1
    for alpha in (0.025, 0.02, 0.015):
        loop.alpha = alpha  # gensim's classic loop
        loop.min_alpha = loop.alpha
        loop.train(SENTENCES, total_examples=loop.corpus_count, epochs=loop.epochs)
        calls.train(SENTENCES, epochs=1, start_alpha=alpha, end_alpha=alpha)
    assert loop.wv.vectors.tobytes() == calls.wv.vectors.tobytes()
    assert (loop.train_count, loop.min_alpha_yet_reached) == (3, 0.015)
    assert loop.total_train_time >= loop.seconds["train"] > 0
    loop.min_alpha = 0.5
    with pytest.raises(ValueError, match=r"min_alpha is 0\.5, above alpha=0\.015"):
        loop.train(SENTENCES)


class Callback:
    """Calls a function at the end of each epoch."""

    def __init__(self, on_epoch_end):
        self.on_epoch_end = on_epoch_end


@pytest.mark.parametrize(
    "change",
    [lambda m: setattr(m, "alpha", 0.01), lambda m: m.build_vocab([["x"]], update=True), lambda m: m.init_weights()],
)
def test_nothing_that_training_uses_changes_under_it(change):
    model = Word2Vec(SENTENCES, epochs=1, **SMALL)
    with pytest.raises(RuntimeError, match="while the model is trained"):
        model.train(SENTENCES, callbacks=[Callback(change)])
    model.alpha = 0.01
    model.build_vocab([["x"]], update=True)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_made_while_the_model_is_trained_is_free(copied):
    made, model = [], Word2Vec(SENTENCES, epochs=1, **SMALL)
    model.train(SENTENCES, epochs=1, callbacks=[Callback(lambda model: made.append(copied(model)))])
    made[0].epochs = 2
    made[0].build_vocab([["x"]], update=True)


@pytest.mark.parametrize(("progress", "copied"), [(False, False), (True, True), (None, None), (print, None)])
def test_a_copy_shows_bars_as_the_model_does(progress, copied):
    assert pickle.loads(pickle.dumps(Word2Vec(progress=progress)))._progress is copied


def test_the_random_generator_is_of_the_seed():
    assert Word2Vec(seed=3).random.randint(1000) == np.random.RandomState(3).randint(1000)
    draws = [Word2Vec(seed=seed).random.randint(10**9) for seed in (3, 3 + 2**32, 2**64 - 1)]
    assert len(set(draws)) == 3
    model = Word2Vec(seed=3)
    assert model.random is model.random


# The loss


class ResetLoss:
    def __init__(self):
        self.losses = []

    def on_epoch_end(self, model):
        self.losses.append(model.get_latest_training_loss())
        model.running_training_loss = 0.0


def test_a_callback_that_resets_the_loss_reads_that_of_each_epoch():
    resetting = ResetLoss()
    model = Word2Vec(SENTENCES, compute_loss=True, sample=0, epochs=4, callbacks=[resetting], **SMALL)
    n_pairs = model.report.pairs / 4
    assert resetting.losses == pytest.approx([mean * n_pairs for mean in model.report.loss_per_epoch])
    assert model.get_latest_training_loss() == 0
    model.train(SENTENCES, callbacks=[])
    assert model.running_training_loss == model.get_latest_training_loss() == pytest.approx(model.report.loss)


def test_the_loss_of_the_last_training_alone_is_told(caplog):
    model = Word2Vec(SENTENCES, compute_loss=True, **SMALL)
    assert model.running_training_loss > 0
    model.train(SENTENCES, compute_loss=False)
    assert model.get_latest_training_loss() == 0
    assert "train with compute_loss=True" in caplog.text
    model.running_training_loss = 2.5
    assert model.get_latest_training_loss() == 2.5


def test_the_loss_until_ctrl_c_counts():
    def interrupt(phase, done, total):
        if phase == "train":
            raise KeyboardInterrupt

    model = Word2Vec(sample=0, progress=interrupt, **SMALL)
    model.build_vocab(SENTENCES)
    with pytest.warns(RuntimeWarning, match="stopped by Ctrl-C in epoch 1 of 5"):
        model.train(SENTENCES, compute_loss=True)
    assert model.get_latest_training_loss() == pytest.approx(model.report.loss) != 0


# Answers


@pytest.mark.parametrize("cbow_mean", [0, 1])
@pytest.mark.parametrize("context", [["a"], ["a", "b", "unknown"], ["c", 1, "c"]])
def test_prediction_is_gensims(context, cbow_mean):
    model = Word2Vec(SENTENCES, cbow_mean=cbow_mean, sample=0, alpha=0.1, epochs=10, **SMALL)
    rows = [model.wv.get_index(key) for key in context if key in model.wv]
    hidden = model.wv.vectors[rows].astype(np.float64).sum(axis=0) / (len(rows) if cbow_mean else 1)
    shares = np.exp(model.syn1neg.astype(np.float64) @ hidden)
    shares /= shares.sum()
    predicted = model.predict_output_word(context, topn=3)
    assert [key for key, _ in predicted] == [model.wv.index_to_key[row] for row in np.argsort(-shares)[:3]]
    assert [share for _, share in predicted] == pytest.approx(np.sort(shares)[::-1][:3].tolist(), rel=1e-5)
    everything = model.predict_output_word(context, topn=None)
    assert sum(share for _, share in everything) == pytest.approx(1)
    assert model.predict_output_word(context, topn=0) == []


def test_equal_predictions_are_in_the_order_of_rows():
    model = Word2Vec(**SMALL)
    model.build_vocab(SENTENCES)
    predicted = model.predict_output_word(["a"])
    assert predicted == [(key, pytest.approx(0.2)) for key in model.wv.index_to_key]


def test_large_scores_do_not_overflow(model):
    twin = copy.copy(model)
    twin.wv.vectors = 1e6 * model.wv.vectors
    assert sum(share for _, share in twin.predict_output_word(["a"], topn=None)) == pytest.approx(1)


def test_predictions_without_a_known_word(model, caplog):
    assert model.predict_output_word(["unknown"]) is None
    assert "no context word is in the vocabulary" in caplog.text
    with pytest.raises(TypeError, match=r"context_words_list is the word 'ab'; expected a list"):
        model.predict_output_word("ab")
    with pytest.raises(RuntimeError, match="there is no vocabulary yet"):
        Word2Vec().predict_output_word(["a"])


@pytest.mark.parametrize("ns_exponent", [0.75, -0.5, 0.0, 1.0])
def test_the_cumulative_table_is_gensims(ns_exponent):
    gensim_models = pytest.importorskip("gensim.models")
    theirs = gensim_models.Word2Vec(SENTENCES, min_count=1, ns_exponent=ns_exponent, vector_size=4, epochs=1)
    ours = Word2Vec(**SMALL, ns_exponent=ns_exponent)
    assert ours.cum_table is None
    ours.build_vocab_from_freq({key: theirs.wv.get_vecattr(key, "count") for key in theirs.wv.index_to_key})
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    assert ours.cum_table.dtype == theirs.cum_table.dtype == np.uint32
    np.testing.assert_array_equal(ours.cum_table, theirs.cum_table)
    for each in (ours, theirs):
        each.make_cum_table(domain=1000)
    np.testing.assert_array_equal(ours.cum_table, theirs.cum_table)
    ours.build_vocab_from_freq({"new": 1}, update=True)  # min_count is 1
    assert (len(ours.cum_table), ours.cum_table[-1]) == (6, 1000)
    with pytest.raises(ValueError, match="domain is 0"):
        ours.make_cum_table(0)


def test_unit_vectors_by_gensims_old_name():
    model = Word2Vec(SENTENCES, epochs=1, **SMALL)
    before = model.wv.get_normed_vectors()
    with pytest.warns(DeprecationWarning, match="init_sims is not needed"):
        model.init_sims()
    assert not np.allclose(model.wv.vectors, before)
    with pytest.warns(DeprecationWarning, match="init_sims"):
        model.init_sims(replace=True)
    np.testing.assert_allclose(model.wv.vectors, before)
    np.testing.assert_allclose(model.wv.fill_norms(), 1, rtol=1e-6)


def test_a_model_is_not_its_vectors(model):
    with pytest.raises(TypeError, match=r"write model\.wv\['a'\]"):
        model["a"]
    with pytest.raises(TypeError, match=r"write 'a' in model\.wv"):
        _ = "a" in model
    with pytest.raises(TypeError, match=r"model\.wv"):
        list(model)


def test_events(caplog):
    model = Word2Vec(SENTENCES, epochs=1, **SMALL)
    model.train(SENTENCES, epochs=1)
    assert [event["event"] for event in model.lifecycle_events] == ["created", "train"]
    with caplog.at_level(logging.INFO, "fastw2v"):
        model.add_lifecycle_event("looked at", by="me")
    added = model.lifecycle_events[-1]
    assert (added["event"], added["by"]) == ("looked at", "me")
    assert {"datetime", "fastw2v", "python", "platform"} < added.keys()
    assert caplog.messages[-1].startswith("Word2Vec lifecycle event {'by': 'me'")
    caplog.clear()
    model.add_lifecycle_event("unheard", log_level=0)
    assert caplog.messages == []


def test_words_read_count_unknown_ones_as_in_gensim(model):
    model = copy.copy(model)
    kept, read = model.train([["a", "unknown", "b"], ["unknown"]], epochs=3)
    assert (kept, read, model.report.raw_words) == (6, 12, 6)


def test_a_config_stays_what_it_was(model):
    assert model.config == TrainConfig(sample=0, **SMALL)
