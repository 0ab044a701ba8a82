import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vectors import search
from tests.vectors.cases import WORDS, assert_same_neighbours


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


@pytest.mark.parametrize("k", [1, 5, 60, 5000])
def test_of_equal_scores_the_lowest_rows_are_found(way, k):
    vectors = np.ones((4321, 16), np.float32)
    vectors[100:200] *= -1
    scores, rows = search.nearest(vectors, search.row_norms(vectors), search.unit_rows(vectors[:3]), k=k)
    expected = [*range(100), *range(200, 4321), *range(100, 200)][:k]
    assert rows.tolist() == [expected] * 3
    assert scores.shape == (3, len(expected))


@pytest.mark.parametrize("restrict_vocab", [None, 120])
def test_both_ways_of_searching_leave_out_the_word_itself(way, wv, restrict_vocab):
    for word, neighbours in zip(WORDS[::9], wv.most_similar_batch(WORDS[::9], 5, restrict_vocab), strict=True):
        assert_same_neighbours(neighbours, wv.most_similar(word, topn=5, restrict_vocab=restrict_vocab))


def test_a_vector_that_is_nan_is_nobodys_neighbour(way):
    vectors = np.eye(4, dtype=np.float32)
    vectors[1] = np.nan
    wv = KeyedVectors(list("abcd"), vectors)
    assert wv.most_similar_batch(["a", "b"], topn=4) == [[("c", 0.0), ("d", 0.0)], []]
