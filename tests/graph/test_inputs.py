"""Graphs of networkx and of scipy, arrays and files of edges."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from fastw2v.graph import Graph, as_graph, read_edges
from tests.graph.test_csr import matrix_of


class FakeGraph:
    """What a graph of networkx offers, of which `as_graph` makes use."""

    def __init__(self, nodes, edges, *, directed=False):
        self.nodes, self._edges, self._directed = nodes, edges, directed

    def is_directed(self):
        return self._directed

    def edges(self, data, default):
        return [(*edge[:2], edge[2].get(data, default)) for edge in self._edges]


EDGES = [("b", "a", {"weight": 2}), ("a", "c", {}), ("b", "a", {"weight": 0.5, "cost": 7})]


def test_a_graph_of_networkx_keeps_its_nodes_and_their_order():
    graph = as_graph(FakeGraph(["c", "b", "a", "lone"], EDGES))
    assert graph.nodes.keys == ["c", "b", "a", "lone"]
    np.testing.assert_array_equal(matrix_of(graph), [[0, 0, 1, 0], [0, 0, 2.5, 0], [1, 2.5, 0, 0], [0, 0, 0, 0]])
    costs = as_graph(FakeGraph(["c", "b", "a"], EDGES, directed=True), weight_key="cost")
    np.testing.assert_array_equal(matrix_of(costs), [[0, 0, 0], [0, 0, 8], [1, 0, 0]])
    assert matrix_of(as_graph(FakeGraph(["c", "b", "a"], EDGES[1:]), weight_key=None)).max() == 1


def test_networkx_itself():
    networkx = pytest.importorskip("networkx")
    made = networkx.MultiDiGraph()
    made.add_node(9)
    made.add_weighted_edges_from([(4, 2, 1.5), (4, 2, 2), (2, 2, 1)])
    graph = as_graph(made)
    assert graph.nodes.keys == [9, 4, 2]
    np.testing.assert_array_equal(matrix_of(graph), [[0, 0, 0], [0, 0, 3.5], [0, 0, 1]])
    assert as_graph(networkx.karate_club_graph(), weight_key=None).n_edges == 156


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.coo_array, sparse.csc_matrix])
def test_a_matrix_of_scipy_has_an_edge_from_row_to_column(kind):
    weights = np.array([[0, 2, 0], [1.5, 0, 0], [0, 0, 3]])
    np.testing.assert_array_equal(matrix_of(as_graph(kind(weights))), weights)
    np.testing.assert_array_equal(matrix_of(as_graph(kind(weights), weight_key=None)), weights > 0)


def test_arrays_of_edges():
    both = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    for edges in (np.array([[0, 1], [1, 2]]), ([0, 1], [1, 2]), (np.array([0, 1]), np.array([1, 2]), [1, 1])):
        np.testing.assert_array_equal(matrix_of(as_graph(edges)), both)
        np.testing.assert_array_equal(matrix_of(as_graph(edges, directed=True)), np.triu(both))
    assert len(as_graph(([0, 1], [1, 2], [1, 5])).cumulative)


def test_lists_of_edges():
    names = as_graph([("b", "a"), ("a", "c"), ("c", "b")], directed=True)
    assert names.nodes.keys == ["b", "a", "c"]
    np.testing.assert_array_equal(matrix_of(names), [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(matrix_of(as_graph([(0, 1), (1, 2)])), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    weighted = [(0, 1, 2.5), (1, 1, 3)]
    np.testing.assert_array_equal(matrix_of(as_graph(weighted)), [[0, 2.5], [2.5, 3]])
    np.testing.assert_array_equal(matrix_of(as_graph(weighted, weight_key=None)), [[0, 1], [1, 1]])


def test_weights_of_arrays_are_ignored_on_demand():
    assert not len(as_graph(([0, 1], [1, 2], [1, 5]), weight_key=None).cumulative)


@pytest.mark.parametrize(
    ("graph", "options", "error", "message"),
    [
        (sparse.csr_array(np.ones((2, 3))), {}, ValueError, "as many columns as rows"),
        (np.ones((4, 4)), {}, ValueError, "scipy.sparse.csr_array"),
        ([[0, 1]], {}, TypeError, "graph is a list; expected one of networkx"),
        ([], {}, TypeError, "graph is a list; expected one of networkx"),
        ([(0, 1), (1, 2, 0.5)], {}, ValueError, r"have \[2, 3\] items; expected \(source, target\) of all"),
        ([(0, 1, 2, 3)], {}, ValueError, r"have \[4\] items"),
        ([("b", "a"), (0, "a")], {}, TypeError, "cannot be a key"),
        ((["b", 0], ["a", "a"]), {}, TypeError, "cannot be a key"),
        ([(0, "a")], {}, TypeError, "expected both to be integers, or both names"),
        (sparse.csr_array(np.eye(2)), {"directed": True}, ValueError, "has its directions"),
        (FakeGraph([], []), {}, ValueError, "no node"),
        (FakeGraph(["a", 1], []), {}, TypeError, "networkx.relabel_nodes"),
        (FakeGraph(["a"], [("a", "a", {"weight": None})]), {}, ValueError, "expected a number for each"),
        (FakeGraph(["a"], [("a", "a", {"weight": -1})]), {}, ValueError, "weight_key=None ignores weights"),
    ],
)
def test_what_is_no_graph_is_refused(graph, options, error, message):
    with pytest.raises(error, match=message):
        as_graph(graph, **options)


def test_a_graph_without_edges_keeps_its_nodes():
    graph = as_graph(FakeGraph(["a", "b"], []))
    assert (graph.n_nodes, graph.n_edges) == (2, 0)


@pytest.mark.parametrize("separator", ["\t", " ", "  "])
@pytest.mark.parametrize("packed", [False, True])
def test_files_of_edges(tmp_path, separator, packed):
    lines = ["# a comment of several words", "b a 2", "a c 1", "", "#another", "b a 0.5"]
    text = "\n".join(line.replace(" ", separator) for line in lines) + "\n"
    path = tmp_path / ("edges.txt.gz" if packed else "edges.txt")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    graph = read_edges(path)
    assert graph.nodes.keys == ["b", "a", "c"]
    np.testing.assert_array_equal(matrix_of(graph), [[0, 2.5, 0], [2.5, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(matrix_of(as_graph(path, weight_key=None, directed=True)),
                                  [[0, 2, 0], [0, 0, 1], [0, 0, 0]])  # fmt: skip


def test_commas_separate_the_columns_of_csv(tmp_path):
    Path(tmp_path / "edges.csv").write_text("Zoë,7\n7,9\n")
    graph = read_edges(tmp_path / "edges.csv", directed=True)
    assert graph.nodes.keys == ["Zoë", "7", "9"]
    np.testing.assert_array_equal(matrix_of(graph), [[0, 1, 0], [0, 0, 1], [0, 0, 0]])


@pytest.mark.parametrize("name", ["edges.csv", "edges.tsv"])
def test_a_file_of_edges_is_not_taken_for_text(tmp_path, caplog, name):
    Path(tmp_path / name).write_text("a,b\n" if name.endswith("csv") else "a\tb\n")
    caplog.set_level("WARNING", "fastw2v")
    read_edges(tmp_path / name)
    assert not caplog.records


def test_a_word_may_be_a_node_and_a_weight(tmp_path):
    Path(tmp_path / "edges").write_text("1 2 2\n2 3 1\n")
    graph = read_edges(tmp_path / "edges")
    assert graph.nodes.keys == ["1", "2", "3"]
    np.testing.assert_array_equal(matrix_of(graph), [[0, 2, 0], [2, 0, 1], [0, 1, 0]])


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a b\nb c 1\n", {}, r"line 2 .* has the columns \['b', 'c', '1'\]; expected the 2 of the lines before"),
        ("a\n", {}, "line 1 .* expected two nodes"),
        ("a b 1 x\n", {}, "line 1 .* expected two nodes"),
        ("a b\n", {"weighted": True}, "expected the 3"),
        ("a b {}\n", {}, "the weight '{}'; expected a number"),
        ("a b -1\n", {}, "the weight of edge 0 is -1.0"),
        ("a b nan\n", {}, "the weight of edge 0 is nan"),
        ("# only this\n", {}, "no edge, only comments"),
    ],
)
def test_files_that_hold_no_edges_are_refused(tmp_path, text, options, message):
    Path(tmp_path / "edges").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_edges(tmp_path / "edges", **options)


def test_a_graph_is_left_as_it_is():
    graph = Graph.from_edges([0], [1])
    assert as_graph(graph) is graph
