"""The steps before training, as gensim's users take them."""

import logging
from collections import Counter

import numpy as np
import pytest

from fastw2v import Word2Vec

SMALL = {"vector_size": 16, "min_count": 2, "workers": 1}
SENTENCES = [["a", "b", "a", "c"], ["b", "a", "d"], ["c"], []]
COUNTS = {"a": 3, "b": 2, "c": 2, "d": 1}


def built(**options):
    model = Word2Vec(**(SMALL | options))
    model.build_vocab(SENTENCES)
    return model


def same_start(a, b):
    return (
        a.wv.index_to_key == b.wv.index_to_key
        and a.vocab.counts.tolist() == b.vocab.counts.tolist()
        and a.wv.vectors.tobytes() == b.wv.vectors.tobytes()
        and not a.syn1neg.any()
        and not b.syn1neg.any()
    )


def test_scan_prepare_and_weights_equal_build_vocab():
    model = Word2Vec(**SMALL)
    assert model.scan_vocab(SENTENCES, progress_per=2, workers=1) == (8, 3)
    assert model.raw_vocab == COUNTS
    report = model.prepare_vocab()
    assert report["num_retained_words"] == 3
    assert (report["drop_unique"], report["retain_total"]) == (1, 7)
    model.prepare_weights()
    assert same_start(model, built())
    assert (model.corpus_count, model.corpus_total_words, model.raw_vocab) == (3, 8, {})


def test_growth_in_steps_equals_growth_at_once():
    steps, once = built(), built()
    steps.scan_vocab([["d", "d", "a"]])
    report = steps.prepare_vocab(update=True)
    steps.prepare_weights(update=True)
    once.build_vocab([["d", "d", "a"]], update=True)
    assert same_start(steps, once)
    assert steps.wv.index_to_key == ["a", "b", "c", "d"]
    figures = {"drop_unique": 1, "retain_total": 2, "downsample_unique": 1, "downsample_total": 0}
    assert report == figures | {"num_retained_words": 1}


def test_a_generator_is_enough_for_a_vocabulary():
    model, numbers = Word2Vec(**SMALL), Word2Vec(**SMALL)
    model.build_vocab(sentence for sentence in SENTENCES)
    assert same_start(model, built())
    model.build_vocab((sentence for sentence in [["d", "d"]]), update=True)
    assert model.wv.index_to_key == ["a", "b", "c", "d"]
    assert model.scan_vocab(iter(SENTENCES)) == (8, 3)
    numbers.build_vocab([n, n] for n in (3, 5))
    assert numbers.wv.index_to_key == [3, 5]


@pytest.mark.parametrize("error", [ValueError, RuntimeError])  # gensim raises RuntimeError when it trains
def test_no_word_is_left(error):
    for make in (
        lambda: Word2Vec([["rare"]], min_count=2),
        lambda: Word2Vec([[]]),
        lambda: Word2Vec(**SMALL).build_vocab(SENTENCES, trim_rule=lambda *_: 1),
        lambda: Word2Vec(**SMALL).build_vocab_from_freq({"rare": 1}),
    ):
        with pytest.raises(error, match="empty"):
            make()


@pytest.mark.parametrize("error", [FileNotFoundError, TypeError])
def test_no_file(error):
    with pytest.raises(error, match="no such corpus file"):
        Word2Vec(corpus_file="nothing.txt")


def test_a_dry_run_changes_nothing():
    model = built()
    model.scan_vocab([["x"] * 9 + ["y"]])
    before, config = model.wv, model.config
    assert model.prepare_vocab(dry_run=True, min_count=5, sample=0)["num_retained_words"] == 1
    assert model.prepare_vocab(dry_run=True, min_count=50)["num_retained_words"] == 0
    assert model.prepare_vocab(dry_run=True, update=True)["num_retained_words"] == 1
    assert (model.wv, model.config, model.raw_vocab) == (before, config, {"x": 9, "y": 1})


def test_options_of_prepare_vocab_become_the_models():
    model = Word2Vec(**SMALL)
    model.scan_vocab(SENTENCES)
    model.prepare_vocab(min_count=1, sample=0.5, keep_raw_vocab=True, trim_rule=lambda word, *_: int(word == "a"))
    assert (model.min_count, model.sample, model.raw_vocab) == (1, 0.5, COUNTS)
    assert model.wv.index_to_key == ["b", "c", "d"]


def test_raw_counts_are_kept_on_request():
    model = Word2Vec(**SMALL)
    assert model.raw_vocab == {}
    model.build_vocab(SENTENCES, keep_raw_vocab=True)
    assert model.raw_vocab == COUNTS
    assert same_start(model, built())
    model.build_vocab(SENTENCES, update=True, keep_raw_vocab=True)
    assert model.raw_vocab == COUNTS
    model.build_vocab(SENTENCES)
    assert model.raw_vocab == {}


def test_what_is_written_to_the_raw_counts_counts():
    model = Word2Vec(**SMALL)
    model.scan_vocab(SENTENCES)
    model.raw_vocab["new"] = 9
    model.prepare_vocab()
    assert model.wv.index_to_key == ["new", "a", "b", "c"]
    assert model.corpus_count == 3
    model.raw_vocab = {"z": 4}
    model.prepare_vocab()
    assert model.wv.index_to_key == ["z"]
    with pytest.raises(TypeError, match="word_freq is a list"):
        model.raw_vocab = [("z", 4)]
    model.raw_vocab = None
    with pytest.raises(RuntimeError, match="there are no raw counts; call scan_vocab"):
        model.prepare_vocab()


def test_a_vocabulary_of_frequencies():
    model = Word2Vec(**SMALL)
    model.build_vocab_from_freq(Counter(COUNTS), corpus_count=3, keep_raw_vocab=True)
    assert same_start(model, built())
    assert (model.corpus_count, model.corpus_total_words, model.raw_vocab) == (3, 8, COUNTS)
    assert model.train(SENTENCES, total_examples=model.corpus_count, epochs=2)[1] == 16
    model.build_vocab_from_freq({"new": 5, "rare": 1, "a": 1}, update=True)
    assert dict(zip(model.wv.index_to_key, model.vocab.counts.tolist())) == {"a": 4, "b": 2, "c": 2, "new": 5}
    for wrong in (-1, "3"):
        with pytest.raises((TypeError, ValueError), match="corpus_count is"):
            model.build_vocab_from_freq({"a": 5}, corpus_count=wrong)


def test_ids_of_frequencies():
    model = Word2Vec(**(SMALL | {"min_count": 0}))
    model.build_vocab_from_freq({3: 2, 1: 7})
    assert (model.wv.index_to_key, model.vocab.counts.tolist()) == ([0, 1, 2, 3], [0, 7, 0, 2])
    model = Word2Vec(**SMALL)
    model.build_vocab_from_freq({3: 2, 1: 7, 9: 1})
    assert model.wv.index_to_key == [1, 3]


def test_a_trim_rule_of_the_constructor(caplog):
    def trim_rule(word, count, min_count):
        return 2 if word == "d" else 0

    model = Word2Vec(SENTENCES, trim_rule=trim_rule, **SMALL)
    assert model.wv.index_to_key == ["a", "b", "c", "d"]
    assert "trim_rule" not in caplog.text
    Word2Vec(trim_rule=trim_rule, **SMALL)
    assert "trim_rule is not used: there are no sentences" in caplog.text
    with pytest.raises(TypeError, match="trim_rule is a int"):
        Word2Vec(trim_rule=1)


@pytest.mark.parametrize("how", ["build", "scan", "freq", "growth"])
def test_effective_min_count(how):
    model = Word2Vec(**(SMALL | {"min_count": 1, "max_final_vocab": 2}))
    assert model.effective_min_count == 1
    if how == "growth":
        model.build_vocab_from_freq({"z": 9})
    if how == "scan":
        model.scan_vocab(SENTENCES)
        model.prepare_vocab()
    elif how == "freq":
        model.build_vocab_from_freq(COUNTS)
    else:
        model.build_vocab(SENTENCES, update=how == "growth")
    assert model.effective_min_count == 3
    assert set(model.wv.index_to_key) - {"z"} == {"a"}


def test_weights_are_drawn_anew():
    model = Word2Vec(SENTENCES, **SMALL)
    trained = model.wv.vectors.copy()
    for draw in (model.init_weights, model.prepare_weights):
        model.train(SENTENCES, epochs=1)
        draw()
        assert same_start(model, built())
        assert model.epochs_trained == 0
    model.seed = 2
    model.init_weights()
    assert not np.array_equal(model.wv.vectors, built().wv.vectors)
    before = model.wv.vectors.copy()
    model.update_weights()
    assert model.wv.vectors.tobytes() == before.tobytes() != trained.tobytes()


def test_steps_that_need_a_vocabulary():
    model = Word2Vec(**SMALL)
    steps = (model.init_weights, model.update_weights, model.prepare_weights, model.add_null_word)
    for step in (*steps, lambda: model.prepare_weights(update=True), lambda: Word2Vec().reset_from(model)):
        with pytest.raises(RuntimeError, match="there is no vocabulary yet"):
            step()


def test_vocabulary_of_another_model():
    other, model = Word2Vec(SENTENCES, **SMALL), Word2Vec(**(SMALL | {"vector_size": 9, "seed": 4}))
    before = other.wv.vectors.copy()
    model.reset_from(other)
    assert (model.wv.index_to_key, model.wv.vectors.shape, model.corpus_count) == (["a", "b", "c"], (3, 9), 3)
    model.train(SENTENCES, epochs=3)
    model.build_vocab([["z", "z", "a"]], update=True)
    assert other.wv.index_to_key == ["a", "b", "c"]
    assert other.wv.get_vecattr("a", "count") == 3
    assert other.wv.vectors.tobytes() == before.tobytes()
    with pytest.raises(TypeError, match="other_model is a KeyedVectors"):
        model.reset_from(other.wv)


def test_null_word():
    model = built(null_word=1)
    assert model.wv.index_to_key == ["a", "b", "c", "\0"]
    assert model.wv.get_vecattr("\0", "count") == 1
    by_hand = built()
    by_hand.add_null_word()
    assert same_start(model, by_hand)
    model.build_vocab([["d", "d"]], update=True)
    assert model.wv.index_to_key == ["a", "b", "c", "\0", "d"]
    trained = Word2Vec(SENTENCES, null_word=1, sample=0, **SMALL)
    assert trained.report.raw_words == 5 * 7
    assert np.isfinite(trained.wv["\0"]).all()
    with pytest.raises(ValueError, match="the keys are integers"):
        Word2Vec([[1, 1]], null_word=1, **SMALL)


def test_memory_is_what_the_arrays_take():
    model = built()
    weights = model._state.weights
    sizes = model.estimate_memory()
    assert (sizes["vectors"], sizes["syn1neg"]) == (weights.w_in.nbytes, weights.w_out.nbytes)
    vocab = model.vocab
    tables = sum(table.nbytes for table in (*vocab.alias_table(0.75), vocab.keep_probabilities(0.001)))
    assert sizes["vocab"] == vocab.counts.nbytes + vocab.word_starts[:-1].nbytes + vocab.letters.nbytes + tables
    assert sizes["total"] == sizes["vectors"] + sizes["syn1neg"] + sizes["vocab"]
    assert Word2Vec(vector_size=17).estimate_memory(1000)["vectors"] == 1000 * 32 * 4
    assert Word2Vec().estimate_memory()["total"] == 0
    report = {"mine": 5}
    assert model.estimate_memory(3, report) is report
    assert report["total"] == sizes["total"] + 5


def test_the_first_vector_of_a_word():
    model = built()
    with pytest.warns(DeprecationWarning, match="seeded_vector") as caught:
        vector = model.seeded_vector("a", 16)
    np.testing.assert_array_equal(vector, model.wv["a"])
    assert caught[0].filename == __file__


def test_counting_is_logged(caplog):
    with caplog.at_level(logging.INFO, "fastw2v"):
        Word2Vec(**SMALL).scan_vocab(SENTENCES)
    assert "counted 4 distinct words in 8 tokens" in caplog.messages
