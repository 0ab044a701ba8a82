"""FastText with hierarchical softmax, alone and with negatives: it learns, is stored, copied, resumed, grows, sorts."""

import copy
import pickle

import numpy as np
import pytest

from fastw2v import FastText, KeyedVectors
from fastw2v.vectors.tree import HuffmanTree
from fastw2v_kernels._jit.cuda import IS_SIMULATED
from tests.checkpoints.cases import Killed, kill_at

pytestmark = pytest.mark.skipif(IS_SIMULATED, reason="the simulator runs CUDA alone")
SENTENCES = [["walking", "and", "talking"], ["walked", "and", "talked"], ["the", "cat", "sat"]] * 60
SMALL = {"vector_size": 16, "min_count": 1, "sample": 0, "workers": 1, "bucket": 500, "epochs": 3, "hs": 1}
each_sg = pytest.mark.parametrize("sg", [0, pytest.param(1, marks=pytest.mark.slow)])
each_loss = pytest.mark.parametrize("negative", [0, 3])


def small_model(**options):
    return FastText(SENTENCES, **(SMALL | {"negative": 0} | options))


def matrices(model):
    return [model.wv.rows, model.wv.vectors, model.syn1, *([model.syn1neg] if model.negative else [])]


def codes(model):
    return {
        word: [*model.wv.get_vecattr(word, "code"), *model.wv.get_vecattr(word, "point")] for word in model.vocab.keys
    }


def same(a, b):
    is_same = all(x.tobytes() == y.tobytes() for x, y in zip(matrices(a), matrices(b), strict=True))
    return is_same and codes(a) == codes(b)


@each_sg
@pytest.mark.parametrize("negative", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_words_with_common_ngrams_become_neighbours(sg, negative):
    model = small_model(sg=sg, negative=negative, epochs=30, alpha=0.05, compute_loss=True)
    losses = model.report.loss_per_epoch
    assert losses[-1] < 0.6 * losses[0]
    assert model.mean_loss(SENTENCES) < 1.5 * losses[-1]
    assert {word for word, _ in model.wv.most_similar("walks", topn=2)} == {"walked", "walking"}


@each_sg
def test_the_loss_of_words_without_output_vectors_is_that_of_their_codes(sg):
    model = small_model(sg=sg)
    model.init_weights()
    pairs = [(a, b) for sentence in SENTENCES[:3] for a in sentence for b in sentence if a != b]
    words = [b for _, b in pairs] if sg else [word for sentence in SENTENCES[:3] for word in sentence]
    expected = np.log(2) * np.mean([len(model.wv.get_vecattr(word, "code")) for word in words])
    model.shrink_windows = False
    assert model.mean_loss(SENTENCES[:3]) == pytest.approx(expected, rel=1e-6)


def test_scores_are_the_log_likelihood_of_every_pair():
    """Of the contexts, given the hidden vector of the centre."""
    model = small_model(sg=1)
    sentence, total = ["walking", "unknown", "cat", "and"], 0.0
    known = [word for word in sentence if word in model.wv.key_to_index]
    for i, centre in enumerate(known):
        for context in known[:i] + known[i + 1 :]:
            code, point = (model.wv.get_vecattr(context, name) for name in ("code", "point"))
            total -= np.logaddexp(0, -(1 - 2 * code.astype(float)) * (model.syn1[point] @ model.wv[centre])).sum()
    np.testing.assert_allclose(model.score([sentence]), [total], rtol=1e-5)


@each_sg
@each_loss
def test_one_worker_gives_the_same_bits(sg, negative):
    assert same(small_model(sg=sg, negative=negative), small_model(sg=sg, negative=negative))
    assert not same(small_model(sg=sg, negative=negative), small_model(sg=sg, negative=negative, seed=5))


@each_sg
@each_loss
def test_a_stored_model_and_copies_go_on_alike(tmp_path, sg, negative):
    model = small_model(sg=sg, negative=negative)
    model.save(tmp_path / "model")
    loaded = FastText.load(tmp_path / "model")
    assert loaded.config == model.config
    others = [loaded, copy.deepcopy(model), copy.copy(model), pickle.loads(pickle.dumps(model))]
    assert all(same(model, other) for other in others)
    model.train(SENTENCES)
    for other in others:
        assert not same(model, other)
        other.train(SENTENCES)
        assert same(model, other)
    assert KeyedVectors.load(tmp_path / "model")["cat"].any()


@each_sg
@each_loss
def test_a_training_that_was_interrupted_ends_as_the_whole(tmp_path, sg, negative):
    path, options = tmp_path / "c", {"sg": sg, "negative": negative, "checkpoint_every": "epoch"}
    with pytest.raises(Killed):
        small_model(checkpoint=path, progress=kill_at(1000), **options)
    assert same(FastText.resume(path, SENTENCES), small_model(sg=sg, negative=negative))


@each_sg
@each_loss
def test_growth_keeps_rows_and_makes_the_tree_anew(sg, negative):
    model = small_model(sg=sg, negative=negative)
    words, outputs = [*model.wv.index_to_key, "walks"], [matrix.copy() for matrix in matrices(model)[2:]]
    before = model.wv[words].copy()
    model.build_vocab([["newly", "talks", "and"]] * 100, update=True)
    np.testing.assert_array_equal(model.wv[words], before)
    for matrix, old in zip(matrices(model)[2:], outputs, strict=True):
        np.testing.assert_array_equal(matrix[: len(old)], old)
        assert not matrix[len(old) :].any()
    expected = HuffmanTree.of_counts(model.vocab.counts, as_fasttext=True)
    for row, word in enumerate(model.wv.index_to_key):
        np.testing.assert_array_equal(model.wv.get_vecattr(word, "code"), expected.path(row)[0])
    model.train([["newly", "talks", "and"]] * 50, epochs=2)
    assert (model.wv["talks"] != before[-1]).all()


def test_rows_can_be_sorted(tmp_path):
    model = small_model(sorted_vocab=0)
    before, of_words = codes(model), {word: model.wv[word].copy() for word in model.wv.index_to_key}
    loss = model.mean_loss(SENTENCES)
    model.wv.sort_by_descending_frequency()
    assert model.wv.index_to_key[0] == "and"
    assert codes(model) == before
    for word, vector in of_words.items():
        np.testing.assert_array_equal(model.wv[word], vector)
    assert model.mean_loss(SENTENCES) == pytest.approx(loss, rel=1e-5)
    model.save(tmp_path / "sorted")
    assert codes(FastText.load(tmp_path / "sorted")) == before
    model.train(SENTENCES)


def test_output_vectors_are_those_of_the_losses():
    alone, both, usual = small_model(), small_model(negative=3), small_model(hs=0, negative=3)
    assert alone.syn1.shape == both.syn1.shape == both.syn1neg.shape == (8, 16)
    with pytest.raises(AttributeError, match="no attribute 'syn1neg': the model was made with negative=0"):
        _ = alone.syn1neg
    with pytest.raises(AttributeError, match="no attribute 'syn1': the model was made with hs=0"):
        _ = usual.syn1
    with pytest.raises(RuntimeError, match="needs the output vectors of negative sampling"):
        alone.predict_output_word(["and"])
    with pytest.raises(KeyError, match="no attribute 'code'"):
        usual.wv.get_vecattr("and", "code")
    usual.create_binary_tree()
    np.testing.assert_array_equal(usual.wv.get_vecattr("and", "code"), alone.wv.get_vecattr("and", "code"))
    usual.hs = 1
    with pytest.raises(ValueError, match="hs is 1 and the model has no output rows for it: it was made with hs=0"):
        usual.train(SENTENCES)
    usual.init_weights()
    usual.train(SENTENCES)
    assert usual.syn1.any()


def test_gensim_has_the_same_codes_where_no_counts_are_equal():
    gensim = pytest.importorskip("gensim.models.fasttext")
    counts = {f"w{k}": int(n) for k, n in enumerate(np.random.default_rng(1).integers(1, 2**40, 50))}
    ours, theirs = FastText(hs=1, negative=0, vector_size=4), gensim.FastText(hs=1, negative=0, vector_size=4, bucket=9)
    ours.build_vocab_from_freq(counts)
    theirs.build_vocab_from_freq(counts)
    for word in counts:
        for name in ("code", "point"):
            np.testing.assert_array_equal(ours.wv.get_vecattr(word, name), theirs.wv.get_vecattr(word, name))


@pytest.mark.slow
@each_sg
def test_the_result_does_not_depend_on_spans(sg, monkeypatch):
    from fastw2v.backends import cpu

    sentences = [[f"w{n % 97}" for n in range(first, first + 31)] for first in range(0, 9000, 7)]
    expected = FastText(sentences, sg=sg, negative=3, **SMALL)
    monkeypatch.setattr(cpu, "_MOST_TOKENS", 1500)
    assert same(FastText(sentences, sg=sg, negative=3, **SMALL), expected)
