import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.evaluation import hit_rate

rng = np.random.default_rng(4)
ITEMS = KeyedVectors(list(range(100, 140)), rng.standard_normal((40, 7)).astype(np.float32))


@pytest.mark.parametrize("topn", [1, 3, 10, 39, 100])
def test_equals_a_search_for_each_session(topn):
    sessions = [rng.integers(100, 140, rng.integers(2, 9)).tolist() for _ in range(200)]
    used = [session for session in sessions if session[-1] != session[-2]]
    n_hits = sum(s[-1] in [key for key, _ in ITEMS.most_similar(s[-2], topn=topn)] for s in used)
    assert hit_rate(ITEMS, sessions, topn) == (n_hits / len(used), n_hits, len(used), 200)


def test_what_is_left_out_is_counted():
    known = [[100, 101], [7, 100, 101]]
    result = hit_rate(ITEMS, [*known, [], [100], [100, 100], [101, 7], [7, 101]], 39)
    assert (result.n_hits, result.n_used, result.n_total) == (2, 2, 7)


@pytest.mark.parametrize("sessions", [[], [["100", "101"]], [[100]]])
def test_nothing_to_score_on(sessions):
    with pytest.raises(ValueError, match="ends with two different known items"):
        hit_rate(ITEMS, sessions)


def test_topn():
    with pytest.raises(ValueError, match="topn is 0"):
        hit_rate(ITEMS, [[100, 101]], 0)


def test_of_equal_vectors_the_first_row_is_the_neighbour():
    """The item before is then not among its own nearest vectors, and one more of the others is."""
    equal = KeyedVectors(["a", "b", "c"], [[1, 0]] * 3)
    assert equal.most_similar("c", topn=1)[0][0] == "a"
    assert hit_rate(equal, [["c", "b"]], topn=1).n_hits == 0
    assert hit_rate(equal, [["c", "a"]], topn=1).n_hits == 1
