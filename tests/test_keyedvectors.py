import copy
import pickle

import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vectors import search
from fastw2v.vocab import Vocab

N_WORDS, DIM = 300, 20
WORDS = [f"w{i}" for i in range(N_WORDS)]


@pytest.fixture
def vectors():
    padded = np.random.default_rng(7).normal(size=(N_WORDS, 32)).astype(np.float32)
    return padded[:, :DIM]


@pytest.fixture
def wv(vectors):
    return KeyedVectors(WORDS, vectors, counts=np.arange(N_WORDS, 0, -1))


@pytest.fixture
def peer(vectors):
    gensim_models = pytest.importorskip("gensim.models", exc_type=ImportError)
    peer = gensim_models.KeyedVectors(DIM)
    peer.add_vectors(WORDS, vectors)
    return peer


def assert_same_neighbours(mine, theirs):
    assert [key for key, _ in mine] == [key for key, _ in theirs]
    np.testing.assert_allclose([score for _, score in mine], [score for _, score in theirs], atol=1e-5)
    assert all(type(score) is float for _, score in mine)


# Look-up


def test_vectors_are_not_copied_and_cannot_be_written_through_a_view(wv, vectors):
    assert np.shares_memory(wv.vectors, vectors)
    for view in (wv.vectors[0], wv["w0"], wv.get_vector("w0", norm=True)):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1


def test_lookup(wv, vectors):
    np.testing.assert_array_equal(wv["w3"], vectors[3])
    np.testing.assert_array_equal(wv[["w3", "w1"]], vectors[[3, 1]])
    np.testing.assert_array_equal(wv[3], vectors[3])
    assert wv[[]].shape == (0, DIM)
    assert len(wv) == N_WORDS
    assert wv.vector_size == DIM
    assert wv.index_to_key[5] == "w5"
    assert wv.key_to_index["w5"] == 5
    assert wv.get_index("w5") == 5
    assert wv.get_index("nothing", 9) == 9
    assert wv.has_index_for("w5")
    assert "w5" in wv
    assert "nothing" not in wv
    assert None not in wv
    assert wv.get_vecattr("w5", "count") == N_WORDS - 5
    assert repr(wv) == "KeyedVectors<vector_size=20, 300 keys>"


def test_integer_keys_are_keys_never_rows(vectors):
    wv = KeyedVectors(np.arange(10, 10 + N_WORDS), vectors)
    np.testing.assert_array_equal(wv[17], vectors[7])
    np.testing.assert_array_equal(wv[np.int64(17)], vectors[7])
    assert wv.is_integer
    assert 3 not in wv
    assert all(type(key) is int for key, _ in wv.most_similar(17))
    assert wv.most_similar(17)[0][0] == wv.most_similar([17])[0][0]
    with pytest.raises(KeyError, match="integers from 10 to 309"):
        wv[3]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("W5", "perhaps 'w5' is meant"),
        ("w12x", "'w12'"),
        ("zebra", "no key is similar"),
        (-1, "a row from 0 to 299"),
    ],
)
def test_unknown_key_says_what_was_asked_and_suggests(wv, asked, hint):
    with pytest.raises(KeyError) as error:
        wv[asked]
    assert repr(asked) in str(error.value)
    assert hint in str(error.value)
    assert str(error.value) in str(pickle.loads(pickle.dumps(error.value)))


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


def test_missing_attributes_are_a_key_error(wv, vectors):
    with pytest.raises(KeyError, match="only 'count'"):
        wv.get_vecattr("w1", "sample")
    with pytest.raises(KeyError, match="no counts"):
        KeyedVectors(WORDS, vectors).get_vecattr("w1", "count")


def test_norms_follow_every_documented_way_to_change_vectors(wv, vectors):
    wv.most_similar("w1")
    wv["w2"] = 3 * vectors[1]
    assert wv.most_similar("w1")[0] == ("w2", pytest.approx(1))
    wv[["w3", "w4"]] = 5 * vectors[[1, 1]]
    assert {key for key, _ in wv.most_similar("w1", topn=3)} == {"w2", "w3", "w4"}
    wv.vectors = np.roll(vectors, 1, axis=0) * np.arange(1, N_WORDS + 1)[:, None]
    np.testing.assert_allclose(np.linalg.norm(wv.get_normed_vectors(), axis=1), 1, rtol=1e-5)
    wv.most_similar("w1")
    vectors[:] = 2 * vectors
    wv.vectors = vectors
    vectors[:] = 2 * vectors
    np.testing.assert_allclose(wv.fill_norms(force=True), np.linalg.norm(vectors, axis=1), rtol=1e-5)


def test_setting_an_unknown_key_is_a_key_error(wv, vectors):
    with pytest.raises(KeyError, match="no vector for 'new'"):
        wv["new"] = vectors[0]


@pytest.mark.parametrize(
    ("keys", "shape", "counts", "error", "message"),
    [
        (["a", "b"], (3, 2), None, ValueError, r"shape \(3, 2\), expected \(2, dim\)"),
        (["a", "b"], (2,), None, ValueError, r"shape \(2,\)"),
        (["a", "b"], (2, 0), None, ValueError, r"shape \(2, 0\)"),
        (["a", "a"], (2, 2), None, ValueError, "'a' occurs twice"),
        ([7, 7], (2, 2), None, ValueError, "7 occurs twice"),
        ([], (0, 2), None, ValueError, "at least one key"),
        ("ab", (2, 2), None, ValueError, "'ab'"),
        (["a", 1], (2, 2), None, TypeError, r"\['int', 'str'\]"),
        ([1.5, 2.5], (2, 2), None, TypeError, "all str or all int"),
        (["a", "b"], (2, 2), [1], ValueError, r"counts has shape \(1,\)"),
    ],
)
def test_constructor_refuses_what_does_not_fit(keys, shape, counts, error, message):
    with pytest.raises(error, match=message):
        KeyedVectors(keys, np.ones(shape, np.float32), counts)


# Neighbours


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


@pytest.fixture(params=["compiled", "products"])
def way(request, monkeypatch):
    """One way of searching, whatever the size."""
    monkeypatch.setattr(search, "_MIN_COMPILED_MULTIPLICATIONS", 0 if request.param == "compiled" else float("inf"))
    monkeypatch.setattr(search, "_QUERIES_PER_BLOCK", 7)
    monkeypatch.setattr(search, "_MAX_SCORES", 30_000)


@pytest.mark.parametrize("k", [1, 5, 60, 5000])
def test_a_search_is_the_full_sort(way, k):
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(4321, 16)).astype(np.float32)[:, :12]
    vectors[4000:4010] = vectors[10:20]
    queries = search.unit_rows(rng.normal(size=(17, 12)).astype(np.float32))
    scores, rows = search.nearest(vectors, search.row_norms(vectors), queries, k=k)
    truth = queries @ search.unit_rows(vectors).T
    assert all(len(set(line)) == min(k, 4321) for line in rows.tolist())
    np.testing.assert_allclose(scores, -np.sort(-truth)[:, :k], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(truth, rows, axis=1), scores, atol=1e-6)
    is_tie = scores[:, :-1] == scores[:, 1:]
    assert (rows[:, :-1] < rows[:, 1:])[is_tie].all()


@pytest.mark.parametrize("restrict_vocab", [None, 120])
def test_both_ways_of_searching_leave_out_the_word_itself(way, wv, restrict_vocab):
    for word, neighbours in zip(WORDS[::9], wv.most_similar_batch(WORDS[::9], 5, restrict_vocab), strict=True):
        assert_same_neighbours(neighbours, wv.most_similar(word, topn=5, restrict_vocab=restrict_vocab))


def test_a_vector_that_is_nan_is_nobodys_neighbour(way):
    vectors = np.eye(4, dtype=np.float32)
    vectors[1] = np.nan
    wv = KeyedVectors(list("abcd"), vectors)
    assert wv.most_similar_batch(["a", "b"], topn=4) == [[("c", 0.0), ("d", 0.0)], []]


# Similarities and distances


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


def test_unknown_key_in_a_large_vocabulary_costs_nothing_until_read():
    n_words = 200_000
    wv = KeyedVectors([f"w{i}" for i in range(n_words)], np.ones((n_words, 1), np.float32))
    with pytest.raises(KeyError) as error:
        wv["w123456x"]
    assert "_known" in vars(error.value)
    assert "among 200,000 keys" in str(error.value)


@pytest.mark.parametrize("keys", [["the", "日本", "caf\udce9"], [7, 2**40, 0]])
@pytest.mark.parametrize("asked_before", [False, True])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda kv: pickle.loads(pickle.dumps(kv))])
def test_keys_of_a_vocab(keys, asked_before, copied):
    kv = KeyedVectors(Vocab.from_keys(keys, np.arange(3)), np.eye(3, 4))
    if asked_before:
        assert kv.key_to_index == {key: row for row, key in enumerate(keys)}
    twin = copied(kv)
    assert (len(twin), twin.is_integer, repr(twin)) == (3, keys[0] == 7, "KeyedVectors<vector_size=4, 3 keys>")
    assert keys[1] in twin
    assert "none" not in twin
    assert twin.index_to_key == keys
    assert twin.most_similar(keys[0], topn=2)[0][0] in keys[1:]
    with pytest.raises(KeyError, match="no vector for 'none' among 3 keys"):
        twin.get_vector("none")
