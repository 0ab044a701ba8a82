"""Graphs from arrays: neighbours, sums of weights, what is refused."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.graph import Graph
from fastw2v.graph.csr import _cumulative, keys_of


def matrix_of(graph):
    """The weights as a dense matrix, read back from the cumulative sums."""
    matrix = np.zeros((graph.n_nodes, graph.n_nodes))
    for node in range(graph.n_nodes):
        edges = slice(graph.indptr[node], graph.indptr[node + 1])
        neighbours = graph.indices[edges]
        assert (np.diff(neighbours) > 0).all()
        weights = np.diff(graph.cumulative[edges], prepend=0) if len(graph.cumulative) else 1
        matrix[node, neighbours] = weights
    return matrix


@given(data=st.data(), directed=st.booleans(), is_weighted=st.booleans())
@settings(max_examples=80, deadline=None)
def test_edges_are_added_up(data, directed, is_weighted):
    n_nodes = data.draw(st.integers(1, 6))
    node = st.integers(0, n_nodes - 1)
    edges = np.array(data.draw(st.lists(st.tuples(node, node), min_size=1, max_size=20)))
    edges = np.concatenate([edges, np.repeat(np.arange(n_nodes), 2).reshape(-1, 2)])  # every node is there
    weights = np.array(data.draw(st.lists(st.sampled_from([0, 1, 2.5]), min_size=len(edges), max_size=len(edges))))
    expected = np.zeros((n_nodes, n_nodes))
    for (s, t), weight in zip(edges, weights if is_weighted else np.ones(len(edges))):
        expected[s, t] += weight
        if not directed and s != t:
            expected[t, s] += weight
    graph = Graph.from_edges(*edges.T, weights if is_weighted else None, directed=directed)
    present = expected[expected > 0]
    if present.size and (present == present[0]).all():
        expected = np.sign(expected)  # equal weights are none
        assert not len(graph.cumulative)
    np.testing.assert_allclose(matrix_of(graph), expected, rtol=1e-12)


def test_sums_of_rows_of_any_length_are_their_own():
    lengths = np.array([0, 1, 2, 511, 512, 513, 2000, 0])
    weights = np.random.default_rng(0).lognormal(0, 8, lengths.sum())
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    sums = _cumulative(weights, indptr)
    for first, last in pairwise(indptr):
        np.testing.assert_array_equal(sums[first:last], np.cumsum(weights[first:last]))


@pytest.mark.parametrize(("is_weighted", "most_bytes"), [(False, 70), (True, 110)])
def test_edges_take_little_memory(is_weighted, most_bytes):
    """For each edge of the list, of which the graph has 8 to 24 bytes."""
    rng, n_nodes, n_edges = np.random.default_rng(0), 1000, 50_000
    ends = rng.integers(0, n_nodes, (2, n_edges))
    weight = rng.random(n_edges) if is_weighted else None
    tracemalloc.start()
    try:
        graph = Graph.of_numbers(keys_of(range(n_nodes)), *ends, weight=weight, directed=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert graph.n_edges > n_edges
    assert peak < most_bytes * n_edges


def test_numbers_are_in_their_order_and_names_in_that_of_the_file():
    assert Graph.from_edges([7, 2], [30, 7]).nodes.keys == [2, 7, 30]
    assert Graph.from_edges(["z", "b"], ["a", "z"]).nodes.keys == ["z", "a", "b"]
    assert keys_of([3, 1]).keys == [3, 1]


def test_rows_of_a_matrix_may_be_in_any_order():
    graph = Graph.from_csr([0, 3, 3], [1, 0, 1], [1.0, 2, 3], nodes=["x", "y"])
    np.testing.assert_array_equal(matrix_of(graph), [[2, 4], [0, 0]])
    assert graph.nodes.keys == ["x", "y"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0, 1], [1]), ValueError, "rows of equal length"),
        (([], []), ValueError, "there is no edge"),
        (([-1], [1]), ValueError, "a node is -1; expected ids of at least 0"),
        (([0.5], [1.0]), TypeError, "source is float64"),
        ((["a"], [1]), TypeError, "expected both to be integers, or both names"),
        (([("a", 1)], ["b"]), ValueError, "rows of equal length"),
        (([0], [1], [-1.0]), ValueError, "the weight of edge 0 is -1.0; expected finite weights of at least 0"),
        (([0], [1], [np.nan]), ValueError, "the weight of edge 0 is nan"),
        (([0], [1], [np.inf]), ValueError, "the weight of edge 0 is inf"),
        (([0], [1], [1, 2]), ValueError, "expected a number for each of 1 edges"),
        (([0], [1], ["x"]), ValueError, "expected a number for each"),
        (([0, 1], [1, 2], [1e308, 1e308]), ValueError, "divide them by the largest"),
    ],
)
def test_edges_that_are_none_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Graph.from_edges(*arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0, 2], [0]), ValueError, "rises from"),
        (([1, 1], [0]), ValueError, "rises from"),
        (([0, 2, 1, 3], [0, 1, 2]), ValueError, "rises from"),
        (([0], []), ValueError, "rises from"),
        (([0, 1], [1]), ValueError, "expected 0 to 0, the nodes"),
        (([0, 1], [0.0]), TypeError, "indices is float64"),
        (([0, 1], [0], [1.0], ["a", "b"]), ValueError, "2 keys for 1 nodes"),
    ],
)
def test_arrays_that_are_no_matrix_are_refused(arguments, error, message):
    *arrays, nodes = arguments if len(arguments) == 4 else (*arguments, None)
    with pytest.raises(error, match=message):
        Graph.from_csr(*arrays, nodes=nodes)


@pytest.mark.parametrize("nodes", [[1, "a"], [(1, 2)], [True, False], [-1], [None]])
def test_nodes_that_are_no_keys_are_refused(nodes):
    with pytest.raises(TypeError, match="cannot be a key"):
        keys_of(nodes)
