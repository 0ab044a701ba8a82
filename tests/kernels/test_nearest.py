"""The search for neighbours: ties, too few rows, matrices of any stride, every number of threads."""

import numpy as np
import pytest

from fastw2v_kernels.nearest.cpu import STRIP, nearest_cpu
from fastw2v_kernels.nearest.reference import nearest_reference
from fastw2v_kernels.shared import threads as threads_cpu


def search(function, vectors, queries, *, k):
    scores, rows = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    function(vectors, np.ones(len(vectors), np.float32), queries, scores=scores, rows=rows)
    return scores, rows


@pytest.mark.parametrize("n_rows", [0, 1, STRIP - 1, STRIP, STRIP + 1, 20 * STRIP])
@pytest.mark.parametrize("n_queries", [0, 1, 13])
def test_of_equal_rows_the_lower_come_first_and_missing_ones_are_named(n_rows, n_queries):
    vectors, queries = np.ones((n_rows, 5), np.float32), np.ones((n_queries, 5), np.float32)
    scores, rows = search(nearest_cpu, vectors, queries, k=40)
    n = min(n_rows, 40)
    assert (rows == [*range(n), *[-1] * (40 - n)]).all()
    assert (scores == [5] * n + [-np.inf] * (40 - n)).all()


def test_nan_never_enters():
    vectors = np.full((50, 3), np.nan, np.float32)
    vectors[[7, 33]] = 1
    for function in (nearest_cpu, nearest_reference):
        assert search(function, vectors, np.ones((2, 3), np.float32), k=3)[1].tolist() == [[7, 33, -1]] * 2
        assert (search(function, vectors, np.full((2, 3), np.nan, np.float32), k=3)[1] == -1).all()


@pytest.mark.parametrize(
    "cut", [lambda m: m[:, :9], lambda m: m[::3, 2:11], lambda m: m[::-1, :9], lambda m: m[:, ::2]]
)
def test_a_matrix_may_have_any_stride_and_be_read_only(cut):
    rng = np.random.default_rng(1)
    vectors = cut(rng.normal(size=(130, 18)).astype(np.float32))
    vectors.flags.writeable = False
    queries = rng.normal(size=(5, 9)).astype(np.float32)
    for found, expected in zip(
        search(nearest_cpu, vectors, queries, k=6), search(nearest_reference, vectors, queries, k=6)
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_number_of_threads_changes_nothing(monkeypatch):
    monkeypatch.setattr("fastw2v_kernels.nearest.cpu._WORK_PER_THREAD", 1)
    rng = np.random.default_rng(2)
    vectors = rng.integers(-2, 3, (1000, 6)).astype(np.float32)  # many ties
    queries = rng.integers(-2, 3, (30, 6)).astype(np.float32)
    before = threads_cpu.max_threads()
    try:
        found = []
        for n in (1, 2, 5):
            threads_cpu.set_max_threads(n)
            found.append(search(nearest_cpu, vectors, queries, k=11))
    finally:
        threads_cpu.set_max_threads(before)
    expected = search(nearest_reference, vectors, queries, k=11)
    for scores, rows in found:
        np.testing.assert_array_equal(rows, expected[1])
        np.testing.assert_array_equal(scores, expected[0])


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"vectors": np.ones((4, 3))}, TypeError, "vectors has dtype float64"),
        ({"norms": np.ones(5, np.float32)}, ValueError, "norms has shape"),
        ({"queries": np.ones((2, 4), np.float32)}, ValueError, "queries has shape"),
        ({"rows": np.ones((2, 3), np.int32)}, TypeError, "rows has dtype int32"),
        ({"scores": np.ones((2, 0), np.float32)}, ValueError, "scores has shape"),
    ],
)
def test_what_does_not_fit_is_named(change, error, words):
    case = {
        "vectors": np.ones((4, 3), np.float32),
        "norms": np.ones(4, np.float32),
        "queries": np.ones((2, 3), np.float32),
        "scores": np.empty((2, 2), np.float32),
        "rows": np.empty((2, 2), np.int64),
    }
    with pytest.raises(error, match=words):
        nearest_cpu(**case | change)
