"""The study of node vectors: its graph, its score, and its programs on a small graph."""

import sys

import numpy as np
import pytest

from benchmarks.studies import node2vec


def test_edges_are_distinct_and_other_pairs_are_no_edges():
    edges = node2vec.community_graph(1000, 4000)
    train, held_out, others = node2vec.split(edges, 1000)
    known = {frozenset(edge) for edge in edges.tolist()}
    assert len(known) == len(edges) == len(train) + len(held_out) == 4000
    assert len(others) == len(held_out) == 200
    assert not known & {frozenset(pair) for pair in others.tolist()}
    assert all(len(pair) == 2 for pair in known)


def test_the_score_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 5))
    edges, others = rng.integers(0, 40, (2, 30, 2))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    of_edges, of_others = ((unit[a] * unit[b]).sum(axis=1) for a, b in (edges.T, others.T))
    expected = (of_edges[:, None] > of_others).mean()
    assert node2vec.auc(vectors, edges, others) == pytest.approx(expected)


@pytest.mark.slow
def test_a_program_measures_and_its_vectors_know_the_communities(tmp_path):
    n_nodes = 1000
    train, held_out, others = node2vec.split(node2vec.community_graph(n_nodes, 8000), n_nodes)
    graph, vectors = tmp_path / "graph.npz", tmp_path / "vectors.npy"
    np.savez(graph, train=train, n_nodes=n_nodes)
    found = node2vec.run(sys.executable, node2vec.FASTW2V_WHOLE, graph, vectors, 1, 1, 10, 2, 1)
    assert set(found["seconds"]) == {"graph", "fit"}
    assert found["peak"] > 1e7
    assert node2vec.auc(np.load(vectors), held_out, others) > 0.6
