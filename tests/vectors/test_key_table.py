import copy
import pickle

import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vectors.key_table import keys_to_save
from fastw2v.vocab import Vocab
from tests.vectors.cases import DIM, N_WORDS, WORDS


def test_vectors_are_not_copied_and_single_ones_cannot_be_written_to(wv, vectors):
    assert np.shares_memory(wv.vectors, vectors)
    for view in (wv.matrix[0], wv["w0"], wv.get_vector("w0", norm=True)):
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


def test_a_vector_of_another_length_is_refused(wv):
    for keys in ("w1", ["w1", "w2"], "new"):
        with pytest.raises(ValueError, match="expected 20 numbers"):
            wv[keys] = [1, 2]
    with pytest.raises(ValueError, match="for 2 keys; expected one row for each"):
        wv[["w1", "w2"]] = np.ones((3, DIM))
    assert "new" not in wv


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


def test_unknown_key_in_a_large_vocabulary_costs_nothing_until_read():
    n_words = 200_000
    wv = KeyedVectors([f"w{i}" for i in range(n_words)], np.ones((n_words, 1), np.float32))
    with pytest.raises(KeyError) as error:
        wv["w123456x"]
    assert "_known" in vars(error.value)
    assert "among 200,000 keys" in str(error.value)


@pytest.mark.parametrize("keys", [["the", "日本", "caf\U0010fee9"], [7, 2**40, 0]])
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


def test_a_word_is_found_by_its_bytes_as_surrogates():
    kv = KeyedVectors(Vocab.from_words([b"caf\xe9", b"tea"], np.ones(2)), np.eye(2))
    assert kv.get_index("caf\udce9") == kv.get_index("caf\U0010fee9") == 0
    assert "\udcff" not in kv
    assert "\ud800" not in kv


def test_two_words_of_the_same_bytes_are_not_saved():
    kv = KeyedVectors(["caf\udce9", "tea"], np.eye(2))
    assert keys_to_save(kv) == ["caf\U0010fee9", "tea"]
    kv.add_vector("caf\U0010fee9", [1, 2])
    with pytest.raises(ValueError, match="occurs twice"):
        keys_to_save(kv)
