import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors
from tests.vectors.cases import DIM, N_WORDS, WORDS, assert_same_neighbours, random_vectors


@pytest.fixture
def vectors():
    return random_vectors()


@pytest.fixture
def wv(vectors):
    return KeyedVectors(WORDS, vectors, counts=np.arange(N_WORDS, 0, -1))


@pytest.fixture
def peer(vectors):
    gensim_models = pytest.importorskip("gensim.models", exc_type=ImportError)
    peer = gensim_models.KeyedVectors(DIM)
    peer.add_vectors(WORDS, vectors)
    return peer


@pytest.mark.parametrize(
    "ask",
    [
        lambda wv: wv[["w1", "nothing"]],
        lambda wv: wv.most_similar("nothing"),
        lambda wv: wv.most_similar(positive=["w1"], negative=["nothing"]),
        lambda wv: wv.most_similar_batch(["w1", "nothing"]),
        lambda wv: wv.similarity("w1", "nothing"),
        lambda wv: wv.distance("nothing", "w1"),
        lambda wv: wv.distances("nothing"),
        lambda wv: wv.distances("w1", ["nothing"]),
        lambda wv: wv.rank("w1", "nothing"),
        lambda wv: wv.get_vecattr("nothing", "count"),
        lambda wv: wv.get_mean_vector(["nothing"], ignore_missing=False),
    ],
)
def test_unknown_keys_are_a_key_error_everywhere(wv, ask):
    with pytest.raises(KeyError, match="no vector for 'nothing' among 300 keys"):
        ask(wv)


@pytest.mark.parametrize(
    "arguments",
    [
        {"positive": "w1"},
        {"positive": ["w1"]},
        {"positive": 5},
        {"positive": ["w1", "w2"], "negative": ["w3"]},
        {"positive": ["w1", "w1"]},
        {"negative": "w3"},
        {"positive": [("w1", 0.3), "w2", ("w4", -2.0)], "negative": [("w5", -0.5)]},
        {"positive": ["w1"], "topn": 1},
        {"positive": ["w1"], "topn": 299},
        {"positive": ["w1"], "topn": 1000},
        {"positive": ["w1"], "topn": 0},
        {"positive": ["w1"], "restrict_vocab": 50},
        {"positive": ["w200"], "restrict_vocab": 50, "clip_start": 70},
        {"positive": ["w1"], "clip_start": 20, "clip_end": 90},
        {"positive": ["w1"], "clip_start": 250},
    ],
)
def test_most_similar_is_gensims(wv, peer, arguments):
    assert_same_neighbours(wv.most_similar(**arguments), peer.most_similar(**arguments))


def test_most_similar_to_vectors_is_gensims(wv, peer):
    vector = np.random.default_rng(1).normal(size=DIM).astype(np.float32)
    for positive in (vector, [vector, "w1"], [(vector, 0.5), "w1"], np.stack([vector, wv["w1"]])):
        assert_same_neighbours(wv.most_similar(positive), peer.most_similar(positive))
    assert_same_neighbours(wv.similar_by_vector(vector), peer.similar_by_vector(vector))
    assert_same_neighbours(wv.similar_by_vector(wv["w7"]), peer.similar_by_vector(peer["w7"]))
    assert_same_neighbours(wv.similar_by_word("w1", topn=3), peer.similar_by_word("w1", topn=3))
    assert_same_neighbours(wv.similar_by_key("w1", restrict_vocab=9), peer.similar_by_key("w1", restrict_vocab=9))


def test_topn_none_gives_the_cosine_of_every_row(wv, peer):
    mine, theirs = wv.most_similar("w1", topn=None), peer.most_similar("w1", topn=None)
    assert mine.shape == (N_WORDS,)
    assert mine[1] == pytest.approx(1)
    np.testing.assert_allclose(mine, theirs, atol=1e-5)
    assert wv.most_similar("w1", topn=None, restrict_vocab=7).shape == (7,)


def test_most_similar_of_nothing_is_an_error(wv):
    with pytest.raises(ValueError, match="give at least one key or vector"):
        wv.most_similar()
    with pytest.raises(ValueError, match=r"shape \(3,\), expected 20 numbers"):
        wv.most_similar(np.ones(3))
    with pytest.raises(ValueError, match="one weight for each"):
        wv.get_mean_vector(["w1", "w2"], weights=[1.0])


def test_vectors_of_zeros_have_cosine_zero(vectors):
    vectors[3] = 0
    wv = KeyedVectors(WORDS, vectors)
    assert wv.similarity("w1", "w3") == 0
    assert dict(wv.most_similar("w1", topn=N_WORDS))["w3"] == 0
    assert {score for _, score in wv.most_similar("w3", topn=N_WORDS)} == {0}
    assert not wv.get_vector("w3", norm=True).any()


@pytest.mark.parametrize("topn", [1, 10, 299, 1000])
@pytest.mark.parametrize("restrict_vocab", [None, 120])
def test_a_batch_gives_what_single_calls_give(wv, topn, restrict_vocab):
    words = WORDS[::7]
    batch = wv.most_similar_batch(words, topn=topn, restrict_vocab=restrict_vocab)
    for word, neighbours in zip(words, batch, strict=True):
        assert_same_neighbours(neighbours, wv.most_similar(word, topn=topn, restrict_vocab=restrict_vocab))
    queries = np.array(wv[words]) * 3
    for query, neighbours in zip(queries, wv.most_similar_batch(queries, topn, restrict_vocab), strict=True):
        assert_same_neighbours(neighbours, wv.most_similar(query, topn=topn, restrict_vocab=restrict_vocab))


def test_batch_edges(wv):
    assert wv.most_similar_batch([]) == []
    assert wv.most_similar_batch(["w1", "w2"], topn=0) == [[], []]
    with pytest.raises(TypeError, match="'w1' is one word"):
        wv.most_similar_batch("w1")
    with pytest.raises(ValueError, match="expected 20 numbers"):
        wv.most_similar_batch(np.ones((2, 3)))


def test_similarities_and_distances_are_gensims(wv, peer):
    assert wv.similarity("w1", "w2") == pytest.approx(peer.similarity("w1", "w2"), abs=1e-6)
    assert wv.distance("w1", "w2") == pytest.approx(peer.distance("w1", "w2"), abs=1e-6)
    left, right = ["w1", "w2", "nothing"], ["w3"]
    assert wv.n_similarity(left, right) == pytest.approx(peer.n_similarity(left, right), abs=1e-6)
    assert type(wv.similarity("w1", "w2")) is float
    np.testing.assert_allclose(wv.distances("w1"), peer.distances("w1"), atol=1e-6)
    np.testing.assert_allclose(wv.distances("w1", ["w9", "w4"]), peer.distances("w1", ["w9", "w4"]), atol=1e-6)
    np.testing.assert_allclose(wv.distances(wv["w1"] * 3), peer.distances(peer["w1"] * 3), atol=1e-6)
    np.testing.assert_allclose(wv.get_normed_vectors(), peer.get_normed_vectors(), atol=1e-6)
    np.testing.assert_allclose(wv.get_vector("w1", norm=True), peer.get_vector("w1", norm=True), atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"pre_normalize": False}, {"post_normalize": True}, {"weights": [1.0, -2, 3]}])
def test_mean_vector_is_gensims(wv, peer, options):
    keys = ["w1", "nothing", np.ones(DIM, np.float32)]
    np.testing.assert_allclose(wv.get_mean_vector(keys, **options), peer.get_mean_vector(keys, **options), atol=1e-6)


def test_rank_and_closer_than_are_gensims(wv, peer):
    assert wv.closer_than("w1", "w2") == peer.closer_than("w1", "w2")
    assert wv.rank("w1", "w2") == peer.rank("w1", "w2")
    assert wv.rank("w1", wv.most_similar("w1", topn=1)[0][0]) == 1


def test_doesnt_match_is_gensims(wv, peer):
    rng = np.random.default_rng(5)
    for _ in range(20):
        words = [*rng.choice(WORDS, 6, replace=False).tolist(), "nothing"]
        assert wv.doesnt_match(words) == peer.doesnt_match(words)
        rows = rng.choice(N_WORDS, 5, replace=False).tolist()
        assert wv.doesnt_match(rows) == peer.doesnt_match(rows)


@pytest.mark.parametrize("ask", [lambda wv, ws: wv.doesnt_match(ws), lambda wv, ws: wv.n_similarity(ws, ["w1"])])
def test_lists_without_a_known_key_are_an_error(wv, ask):
    for words in ([], ["nothing"]):
        with pytest.raises(ValueError, match="give at least one that has"):
            ask(wv, words)
    with pytest.raises(TypeError, match="one word"):
        ask(wv, "w1")
