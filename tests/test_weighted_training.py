"""Word2Vec on explicit pairs and on sentences with weights."""

import logging

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.backends import cpu_batched
from fastw2v.corpus import pair_corpus, weighted_corpus
from fastw2v.phrases import Phrases
from fastw2v.vocab import EmptyVocabularyError

SMALL = {"vector_size": 16, "min_count": 1, "workers": 1, "progress": False, "compute_loss": True}
RNG = np.random.default_rng(2)
EDGES = RNG.integers(0, 40, (300, 2)) + np.array([0, 20])  # centres 0 to 39, contexts 20 to 59
WALKS = [[f"w{word}" for word in words] for words in RNG.zipf(1.4, (60, 10)) % 30]


def of_pairs(weights=None, edges=EDGES, **options):
    pairs = pair_corpus(edges[:, 0], edges[:, 1], weights)
    return Word2Vec(pairs, sg=1, **(SMALL | options))


def same(a, b):
    return a.wv.vectors.tobytes() == b.wv.vectors.tobytes() and a.syn1neg.tobytes() == b.syn1neg.tobytes()


def rows(model, keys):
    return [model.wv.key_to_index[int(key)] for key in keys]


def test_a_context_is_no_centre_and_a_centre_no_context():
    model, untrained = of_pairs(), Word2Vec(sg=1, **SMALL)
    untrained.build_vocab(pair_corpus(*EDGES.T))
    assert model.wv.index_to_key == untrained.wv.index_to_key
    centres, contexts = (np.unique(EDGES[:, column]) for column in (0, 1))
    moved = (model.wv.vectors != untrained.wv.vectors).any(axis=1)
    assert sorted(np.flatnonzero(moved)) == sorted(rows(model, centres))
    assert sorted(np.flatnonzero(model.syn1neg.any(axis=1))) == sorted(rows(model, contexts))


def test_a_model_of_pairs_predicts_contexts_by_their_number_or_weight():
    often = pair_corpus(["u"] * 90 + ["v"] * 30, ["a"] * 60 + ["b"] * 30 + ["c"] * 30)
    heavy = pair_corpus(["u", "u", "v"] * 30, ["a", "b", "c"] * 30, [2, 1, 1] * 30)
    for pairs in (often, heavy):
        model = Word2Vec(pairs, sg=1, epochs=60, alpha=0.1, ns_exponent=0, **SMALL)
        contexts = ["a", "b", "c"]
        outputs = model.syn1neg[[model.wv.key_to_index[key] for key in contexts]]
        order = {key: "".join(np.take(contexts, np.argsort(-outputs @ model.wv[key]))) for key in "uv"}
        assert (order["u"], order["v"][0]) == ("abc", "c")


def test_a_pair_of_weight_0_counts_and_is_not_trained():
    weights = np.ones(300)
    weights[EDGES[:, 0] == EDGES[0, 0]] = 0
    model, untrained = of_pairs(weights), of_pairs(weights, alpha=1e-12, min_alpha=0)
    row = rows(model, EDGES[:1, 0])
    assert ((model.wv.vectors - untrained.wv.vectors)[row] == 0).all()
    assert (model.wv.vectors != untrained.wv.vectors).any()
    assert model.report.pairs == 5 * np.count_nonzero(weights)
    assert model.vocab.counts.tolist() == of_pairs().vocab.counts.tolist()


@pytest.mark.parametrize("of", ["pairs", "sentences"])
def test_twice_the_weight_is_twice_the_learning_rate_to_the_bit(of):
    weights = np.resize([1, 0.5, 3], 300 if of == "pairs" else 60)

    def trained(factor, alpha):
        rates = {"alpha": alpha, "min_alpha": alpha / 8}
        if of == "pairs":
            return of_pairs(weights * factor, **rates)
        return Word2Vec(weighted_corpus(WALKS, weights * factor), sg=1, sample=0, **SMALL, **rates)

    assert same(trained(2, 2**-6), trained(1, 2**-5))
    assert not same(trained(2, 2**-6), trained(2, 2**-5))


@pytest.mark.parametrize("sg", [0, 1])
def test_weights_of_1_are_none(sg):
    plain = Word2Vec(WALKS, sg=sg, **SMALL)
    weighted = Word2Vec(weighted_corpus(WALKS, np.ones(60)), sg=sg, **SMALL)
    assert same(plain, weighted)
    assert weighted.report.loss_per_epoch == pytest.approx(plain.report.loss_per_epoch, rel=1e-6)
    assert same(of_pairs(np.ones(300)), of_pairs())


def test_a_sentence_of_weight_0_moves_no_word_of_its_own():
    walks = [*WALKS, ["x", "y", "z"] * 10]
    model = Word2Vec(weighted_corpus(walks, [1] * 60 + [0]), sample=0, **SMALL)
    untrained = Word2Vec(**SMALL)
    untrained.build_vocab(walks)
    for word in "xyz":
        assert (model.wv[word] == untrained.wv[word]).all()
    assert model.corpus_count == 61


@pytest.mark.parametrize("scale", [0.001, 1, 1000])
def test_the_loss_of_pairs_is_the_weighted_mean(scale):
    weights, edges = np.resize([0, 1, 5, 2], 12), EDGES[:12].T
    model = of_pairs(epochs=20, seed=3)
    each = [model.mean_loss(pair_corpus(*edges, one)) for one in np.eye(12)]  # the negatives are those of all pairs
    loss = model.mean_loss(pair_corpus(*edges, weights * scale))
    assert loss == pytest.approx(np.average(each, weights=weights), rel=1e-5)
    assert loss != pytest.approx(np.mean(each), rel=1e-3)


def test_the_first_loss_does_not_depend_on_the_weights():
    losses = [of_pairs(w, epochs=1, alpha=1e-12, min_alpha=0).report.loss_per_epoch for w in (None, np.full(300, 7))]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


@pytest.mark.slow
def test_pairs_give_the_same_bytes_with_any_number_of_workers(monkeypatch):
    monkeypatch.setattr(cpu_batched, "available_cores", lambda: 8)
    edges = np.random.default_rng(0).integers(0, 300, (51_000, 2))
    options = {"epochs": 1, "deterministic": True, "edges": edges}
    one, three = (of_pairs(np.resize([1, 2], 51_000), workers=n, **options) for n in (1, 3))
    assert three.report.workers == 3
    assert same(one, three)


def test_pairs_in_steps_and_twice():
    model = Word2Vec(sg=1, **SMALL)
    pairs = pair_corpus(*EDGES.T)
    model.build_vocab(pairs)
    assert model.train(pairs) == (3000, 3000)
    assert same(model, of_pairs())
    model.build_vocab(pair_corpus([1, 1], [777, 1]), update=True)
    assert model.wv.get_vecattr(777, "count") == 1
    assert model.train(pair_corpus([1, 888], [777, 1]), epochs=1) == (2, 4)
    assert model.report.pairs == 1
    with pytest.warns(RuntimeWarning, match="no word of the corpus is in the vocabulary"):
        assert model.train(pair_corpus([1], [999]), epochs=1) == (0, 2)


def test_other_vocabularies_and_options():
    kept = of_pairs(min_count=8)
    assert all(kept.wv.get_vecattr(key, "count") >= 8 for key in kept.wv.index_to_key)
    assert 0 < kept.report.raw_words < 3000
    assert same(of_pairs(window=1, sample=0, shrink_windows=False, negative_sharing="pair"), of_pairs())
    with pytest.raises(EmptyVocabularyError, match="lower min_count"):
        Word2Vec(pair_corpus([1, 1], [2, 3]), sg=1, min_count=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sg": 0}, "pairs are trained by skip-gram alone, and sg is 0, which is CBOW; pass sg=1"),
        ({"window": 10}, "window is 10, and explicit pairs have no window; leave it out"),
        ({"sample": 1e-4}, "sample is 0.0001, and no explicit pair is left out by subsampling; leave it out"),
    ],
)
def test_options_that_do_not_apply_to_pairs(options, message):
    pairs, options = pair_corpus(*EDGES.T), {"sg": 1} | SMALL | options
    with pytest.raises(ValueError, match=message):
        Word2Vec(pairs, **options)
    model = of_pairs()
    for name in options.keys() - {"progress"}:
        setattr(model, name, options[name])
    for method in (model.train, model.build_vocab, model.mean_loss):
        with pytest.raises(ValueError, match=message):
            method(pairs)


def test_what_the_log_says_of_pairs(caplog):
    with caplog.at_level(logging.INFO, "fastw2v"):
        model = of_pairs()
    n_centres, n_keys = len(np.unique(EDGES[:, 0])), len(np.unique(EDGES))
    assert f"{n_keys - n_centres} of {n_keys} keys are no centre of a pair" in caplog.text
    assert "sample" not in caplog.text
    assert len(model.wv) == n_keys


def test_phrases_take_no_weights():
    with pytest.raises(TypeError, match="pass the sentences alone"):
        Phrases(weighted_corpus(WALKS, np.ones(60)))
