import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.vocab import Vocab


def padded(n, dim):
    return np.arange(n * 16, dtype=np.float32).reshape(n, 16)[:, :dim]


@pytest.mark.parametrize("keys", [[3, 1, 0, 2], Vocab.from_ids(np.array([3, 1, 0, 2]), np.ones(4))])
def test_rows_are_in_the_order_of_the_ids_and_in_one_piece(keys):
    wv = KeyedVectors(keys, padded(4, 5))
    rows = wv.vectors_by_id()
    assert rows.flags.c_contiguous
    assert rows.dtype == np.float32
    for key in range(4):
        np.testing.assert_array_equal(rows[key], wv[key])
    rows[:] = 0
    assert wv[3].any()


@pytest.mark.parametrize("fill", [0, np.nan, [7.0, 8.0]])
def test_ids_without_a_vector_get_what_was_asked_for(fill):
    wv = KeyedVectors([5, 2], [[1.0, 2.0], [3.0, 4.0]])
    rows = wv.vectors_by_id(8, fill=fill)
    expected = np.full((8, 2), fill, np.float32)
    expected[[5, 2]] = wv.vectors
    np.testing.assert_array_equal(rows, expected)


def test_ids_without_a_vector_are_an_error_that_names_some():
    wv = KeyedVectors([5, 2], np.eye(2))
    with pytest.raises(
        ValueError, match=r"4 of the 6 ids have no vector \(0, 1, 3, 4, .*fill=0 or fill=np.nan.*min_count=0"
    ):
        wv.vectors_by_id()
    with pytest.raises(ValueError, match="6 of the 8 ids"):
        wv.vectors_by_id(8)
    with pytest.raises(ValueError, match=r"n_ids is 8.5; expected a whole number of at least 0"):
        wv.vectors_by_id(8.5, fill=0)


@pytest.mark.parametrize(("keys", "n_ids"), [([5, 2], 5), ([5, -1], None)])
def test_ids_outside_are_an_error(keys, n_ids):
    with pytest.raises(ValueError, match=rf"integers from {min(keys)} to 5; expected"):
        KeyedVectors(keys, np.eye(2)).vectors_by_id(n_ids, fill=0)


def test_words_have_no_ids():
    with pytest.raises(TypeError, match=r"the keys are words.*wv\.vectors has them as in wv\.index_to_key"):
        KeyedVectors(["1", "2"], np.eye(2)).vectors_by_id()


def test_an_array_that_libraries_in_c_take_is_a_copy_away():
    wv = KeyedVectors(["a", "b"], padded(2, 5))
    assert not wv.vectors.flags.c_contiguous
    assert wv.get_normed_vectors().flags.c_contiguous
    faiss = pytest.importorskip("faiss", reason="needs faiss")
    rows = np.ascontiguousarray(wv.vectors)
    faiss.normalize_L2(rows)
    np.testing.assert_allclose(rows, wv.get_normed_vectors(), atol=1e-6)
