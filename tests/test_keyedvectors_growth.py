"""Rows, attributes and vectors that are added to KeyedVectors, and what follows from a change of the matrix."""

import copy
import gc
import pickle

import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors
from tests.vectors.cases import DIM, WORDS, random_vectors


@pytest.fixture
def gensim_class():
    return pytest.importorskip("gensim.models", exc_type=ImportError).KeyedVectors


def test_an_empty_table_grows_as_gensims(gensim_class):
    ours, theirs = KeyedVectors(DIM), gensim_class(DIM)
    vectors = random_vectors()
    for kv in (ours, theirs):
        kv.add_vectors(WORDS[:5], vectors[:5])
        kv.add_vectors(["w2", "new"], vectors[10:12])
        kv.add_vectors(["w3", "newer"], vectors[20:22], replace=True)
        kv["w4"] = vectors[30]
        kv[["w0", "newest"]] = vectors[40:42]
    assert ours.index_to_key == theirs.index_to_key
    assert ours.key_to_index == theirs.key_to_index
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    assert [key for key, _ in ours.most_similar("w1", topn=8)] == [key for key, _ in theirs.most_similar("w1", topn=8)]


def test_rows_made_ahead_are_filled_as_gensims(gensim_class):
    ours, theirs = KeyedVectors(2, count=2), gensim_class(2, count=2)
    for kv in (ours, theirs):
        assert [kv.add_vector(key, np.full(2, row)) for row, key in enumerate("ab")] == [0, 1]
    assert ours.add_vector("c", [7, 7]) == 2
    assert (ours.index_to_key, len(theirs)) == (["a", "b", "c"], 2)
    assert ours.vectors.tolist() == [[0, 0], [1, 1], [7, 7]]


def test_a_thousand_rows_one_by_one():
    kv = KeyedVectors(3)
    for row in range(1000):
        assert kv.add_vector(f"w{row}", np.full(3, row)) == row
    np.testing.assert_array_equal(kv.vectors, np.repeat(np.arange(1000), 3).reshape(-1, 3))
    assert pickle.loads(pickle.dumps(kv)).index_to_key == kv.index_to_key
    assert len(pickle.dumps(kv)) < 1.5 * len(pickle.dumps((kv.index_to_key, kv.key_to_index, np.array(kv.vectors))))


def test_a_key_that_is_there_keeps_its_vector():
    kv = KeyedVectors(["a", "b"], np.eye(2))
    assert kv.add_vector("a", [9, 9]) == 0
    assert kv["a"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("keys", "vectors", "error", "message"),
    [
        (["c", "c"], np.ones((2, 2)), ValueError, "'c' occurs twice"),
        (["c"], np.ones((1, 3)), ValueError, "expected 2 numbers"),
        ([7], np.ones((1, 2)), TypeError, "the keys of these vectors are words"),
        (["c", 7], np.ones((2, 2)), TypeError, "all str or all int"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_nothing_is_changed(keys, vectors, error, message):
    kv = KeyedVectors(["a", "b"], np.eye(2))
    with pytest.raises(error, match=message):
        kv.add_vectors(keys, vectors)
    assert (len(kv), kv.vectors.shape, list(kv.key_to_index)) == (2, (2, 2), ["a", "b"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0,), ValueError, "vector_size is 0"),
        ((2, -1), ValueError, "count is -1"),
        ((2, 0, np.int32), ValueError, "dtype is int32"),
        ((["a"],), TypeError, "expected keys and vectors"),
        ((), TypeError, "expected keys and vectors"),
    ],
)
def test_constructors_that_mean_nothing_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        KeyedVectors(*arguments)


def test_names_of_arguments():
    by_name = KeyedVectors(keys=["a", "b"], vectors=np.eye(2), counts=[2, 1])
    assert (by_name.index_to_key, by_name.counts.tolist()) == (["a", "b"], [2, 1])
    assert KeyedVectors(vector_size=3, count=2, dtype=np.float64).vectors.dtype == np.float64


def test_attributes_are_kept_by_key_as_gensims(gensim_class):
    ours, theirs = KeyedVectors(2), gensim_class(2)
    for kv in (ours, theirs):
        kv.add_vectors(["a", "b", "c"], np.arange(6).reshape(3, 2))
        kv.set_vecattr("b", "count", 5)
        kv.set_vecattr("c", "count", 9)
        kv.set_vecattr("a", "colour", "red")
        kv.set_vecattr("a", "share", 0.5)
        kv.sort_by_descending_frequency()
    assert ours.index_to_key == theirs.index_to_key == ["c", "b", "a"]
    for attr in ("count", "colour", "share"):
        assert [ours.get_vecattr(key, attr) for key in "abc"] == [theirs.get_vecattr(key, attr) for key in "abc"]
        assert ours.expandos[attr].dtype == theirs.expandos[attr].dtype
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    with pytest.raises(TypeError, match="attribute 'count' has values of type int64"):
        ours.set_vecattr("a", "count", "many")


def test_added_rows_have_attributes_too():
    kv = KeyedVectors(["a"], np.ones((1, 2)), counts=[3])
    kv.add_vectors(["b", "a"], np.ones((2, 2)), extras={"count": np.array([8, 9])})
    assert kv.counts.tolist() == [3, 8]
    kv.add_vectors(["a"], np.ones((1, 2)), extras={"count": np.array([9])}, replace=True)
    assert kv.counts.tolist() == [9, 8]
    with pytest.raises(ValueError, match=r"extras\['count'\] has 1 values for 2 keys"):
        kv.add_vectors(["x", "y"], np.ones((2, 2)), extras={"count": np.array([8])})


def test_rows_for_keys_that_were_appended(gensim_class):
    kv = KeyedVectors(["a", "b"], np.eye(2), counts=[2, 1])
    kv.index_to_key.append("c")
    kv.resize_vectors(seed=3)
    assert (kv.vectors.shape, kv.get_index("c"), kv.counts.tolist()) == ((3, 2), 2, [2, 1, 0])
    assert 0 < np.abs(kv["c"]).max() < 0.5
    np.testing.assert_array_equal(kv.vectors[:2], np.eye(2))
    theirs = gensim_class(2)
    theirs.add_vectors(["a", "b"], np.eye(2))
    theirs.index_to_key.append("c")
    theirs.resize_vectors(seed=3)
    np.testing.assert_allclose(kv.vectors, theirs.vectors)


def neighbour(kv):
    return kv.most_similar("w1", topn=1)[0]


@pytest.mark.parametrize("is_kept", [True, False])
def test_queries_see_what_is_written_to_the_matrix(is_kept):
    kv = KeyedVectors(WORDS, random_vectors())
    neighbour(kv)
    matrix = kv.vectors if is_kept else None
    kv.vectors[5] = 7 * kv.vectors[1]
    assert neighbour(kv) == ("w5", pytest.approx(1))
    del matrix
    kv.vectors[6, :] = 100 * kv.vectors[1]
    row = kv.vectors[8]  # a view of a view
    assert {key for key, _ in kv.most_similar("w1", topn=2)} == {"w5", "w6"}
    row[:] = 1000 * kv.vectors[1]
    del row
    assert {key for key, _ in kv.most_similar("w1", topn=3)} == {"w5", "w6", "w8"}
    kv.vectors /= np.linalg.norm(kv.vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(kv.fill_norms(), 1, rtol=1e-5)


def test_lengths_are_kept_when_nobody_can_write(monkeypatch):
    kv = KeyedVectors(WORDS, random_vectors())
    matrix = kv.vectors
    assert kv.fill_norms() is not kv.fill_norms()
    del matrix
    gc.collect()
    kv.fill_norms()
    assert kv.fill_norms() is kv.fill_norms()


def test_a_matrix_from_before_rows_were_added_is_watched():
    kv = KeyedVectors(2)
    kv.add_vectors(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]])
    early = kv.vectors
    kv.add_vector("d", [0.5, 0.5])
    kv.fill_norms()
    early[1] = [5, 0]
    assert kv.most_similar("a", topn=1)[0] == ("b", pytest.approx(1))


def test_unit_normalize_all_and_init_sims():
    kv = KeyedVectors(WORDS, random_vectors())
    kv.unit_normalize_all()
    np.testing.assert_allclose(np.linalg.norm(kv.vectors, axis=1), 1, rtol=1e-5)
    kv.vectors *= 2
    with pytest.warns(DeprecationWarning, match="call unit_normalize_all"):
        kv.init_sims(replace=True)
    np.testing.assert_allclose(np.linalg.norm(kv.vectors, axis=1), 1, rtol=1e-5)


def test_vectors_for_all_is_gensims(gensim_class):
    vectors = random_vectors()
    ours, theirs = KeyedVectors(WORDS, vectors), gensim_class(DIM)
    theirs.add_vectors(WORDS, vectors)
    for kv in (ours, theirs):
        for row in range(len(WORDS)):
            kv.set_vecattr(WORDS[row], "count", row)
    keys = ["w9", "nothing", "w3", "w9"]
    chosen, peer = (kv.vectors_for_all(iter(keys), copy_vecattrs=True) for kv in (ours, theirs))
    assert chosen.index_to_key == peer.index_to_key == ["w9", "w3"]
    np.testing.assert_array_equal(chosen.vectors, peer.vectors)
    assert chosen.get_vecattr("w3", "count") == peer.get_vecattr("w3", "count") == 3
    assert len(ours.vectors_for_all(["nothing"])) == 0


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, lambda kv: pickle.loads(pickle.dumps(kv))])
def test_copies_can_grow_by_themselves(twin_of):
    kv = KeyedVectors(2)
    kv.add_vectors(["a", "b", "c"], np.arange(6).reshape(3, 2))
    _held = kv.vectors
    twin = twin_of(kv)
    twin.vectors[0] = 9
    assert twin["a"].tolist() == [9, 9]


def test_attributes_of_rows_that_come_one_by_one():
    kv = KeyedVectors(2)
    for row in range(100):
        kv.add_vector(f"w{row}", [row, 0])
        kv.set_vecattr(f"w{row}", "count", row + 1)
    assert kv.counts.tolist() == list(range(1, 101))
    twin = pickle.loads(pickle.dumps(kv))
    for each in (kv, twin):
        each.add_vectors(["x", "y"], np.ones((2, 2)))
        assert each.counts[98:].tolist() == [99, 100, 0, 0]
    del kv.index_to_key[50:]
    kv.resize_vectors()
    kv.add_vectors(["z"], np.ones((1, 2)))
    assert kv.counts.tolist() == [*range(1, 51), 0]
