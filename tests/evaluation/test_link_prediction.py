import sys

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.evaluation import link_prediction

module = sys.modules["fastw2v.evaluation.link_prediction"]  # the package has the function under this name
rng = np.random.default_rng(5)
N = 30
NODES = KeyedVectors(list(range(N)), rng.integers(-2, 3, (N, 3)).astype(np.float32) + np.float32(0.5))  # ties
EDGES = np.array([(a, b) for a in range(N) for b in range(a + 1, N) if rng.random() < 0.2])


def by_counting(positive, negative):
    return np.mean([(p > n) + 0.5 * (p == n) for p in positive for n in negative])


@pytest.mark.parametrize("sizes", [(1, 1), (50, 70), (300, 20)])
def test_the_area_is_exact(sizes):
    positive, negative = (rng.integers(0, 9, size) for size in sizes)
    assert module.auc(positive, negative) == pytest.approx(by_counting(positive, negative), rel=1e-14)


def test_the_area_is_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    positive, negative = np.round(rng.standard_normal(500) + 1, 1), np.round(rng.standard_normal(900), 1)
    labels = np.r_[np.ones(500), np.zeros(900)]
    area = metrics.roc_auc_score(labels, np.r_[positive, negative])
    assert module.auc(positive, negative) == pytest.approx(area, rel=1e-12)


@pytest.mark.parametrize("score", ["cosine", "dot"])
def test_scores(score, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_PAIRS", 7)
    others = rng.integers(0, N, (40, 2))
    wide = NODES.vectors.astype(np.float64)
    units = wide / np.linalg.norm(wide, axis=1, keepdims=True) if score == "cosine" else wide
    scores = [(units[e[:, 0]] * units[e[:, 1]]).sum(axis=1) for e in (EDGES, others)]
    found = link_prediction(NODES, EDGES, others, score=score)
    assert found.auc == pytest.approx(
        by_counting(*scores), abs=0.005 if score == "cosine" else 1e-12
    )  # ties by rounding
    assert found[1:] == (len(EDGES), 40, 0)


@pytest.mark.parametrize("is_directed", [False, True])
@pytest.mark.parametrize("most_listed", [1 << 22, 0])
@pytest.mark.parametrize("n_pairs", [1, 100, None])
def test_pairs_that_are_drawn_are_no_edges(is_directed, most_listed, n_pairs, monkeypatch):
    monkeypatch.setattr(module, "_MOST_LISTED", most_listed)
    n_others = N * (N - 1) // (1 if is_directed else 2) - len(EDGES)
    n_pairs = n_others if n_pairs is None else n_pairs
    drawn = module._drawn(EDGES, N, n_pairs, is_directed=is_directed, seed=3)
    pairs = [tuple(pair) if is_directed else tuple(sorted(pair)) for pair in drawn.tolist()]
    assert len(set(pairs)) == n_pairs
    assert not set(pairs) & {tuple(edge) for edge in EDGES.tolist()}
    assert all(a != b for a, b in pairs)
    again, other = (module._drawn(EDGES, N, n_pairs, is_directed=is_directed, seed=seed) for seed in (3, 4))
    np.testing.assert_array_equal(again, drawn)
    assert n_pairs == n_others or not np.array_equal(other, drawn)


@pytest.mark.parametrize("most_listed", [1 << 22, 0])
def test_pairs_are_drawn_evenly(most_listed, monkeypatch):
    stats = pytest.importorskip("scipy.stats")
    monkeypatch.setattr(module, "_MOST_LISTED", most_listed)
    edges = np.array([(0, 1), (3, 2)])
    draws = np.concatenate([module._drawn(edges, 6, 4, is_directed=False, seed=s) for s in range(2000)])
    counts = np.unique(np.sort(draws, axis=1), axis=0, return_counts=True)[1]
    assert len(counts) == 13
    assert stats.chisquare(counts).pvalue > 1e-4


def test_drawn_pairs_leave_out_both_kinds_of_edges():
    positive, known = EDGES[:10], EDGES[10:]
    found = link_prediction(NODES, positive, known_edges=known)
    assert found[1:] == (10, 10, 0)
    drawn = module._drawn(EDGES, N, 10, is_directed=False, seed=1)
    assert found == link_prediction(NODES, positive, drawn)


def test_unknown_nodes_are_counted():
    found = link_prediction(NODES, [(0, 1), (0, 99), (98, 99)], [(1, 2), (2, 77)])
    assert found[1:] == (1, 1, 3)
    words = KeyedVectors(["a", "b", "c"], np.eye(3))
    assert link_prediction(words, [("a", "b"), ("b", "x")], np.array([["a", "c"]])).n_unknown == 1


def test_structure_is_found():
    """Nodes of two groups, with edges inside them alone."""
    vectors = np.repeat(np.eye(2), 20, axis=0) + rng.normal(0, 0.1, (40, 2))
    groups = KeyedVectors(list(range(40)), vectors.astype(np.float32))
    edges = [(a, b) for a in range(40) for b in range(a) if a // 20 == b // 20 and rng.random() < 0.9]
    assert link_prediction(groups, edges).auc > 0.9


@pytest.mark.parametrize(
    ("edges", "options", "message"),
    [
        ([(0, 1)], {"score": "l2"}, "score is 'l2'"),
        ([(0, 1, 0.5)], {}, "positive_edges holds"),
        (np.ones((3, 3), int), {}, r"positive_edges has shape \(3, 3\)"),
        ([(0, 1)], {"negative_edges": [(1,)]}, "negative_edges holds"),
        ([("0", "1")], {}, "none of 1 positive edges"),
        ([(0, 1)], {"negative_edges": []}, "none of 0 negative edges"),
        ([(a, b) for a in range(N) for b in range(a)], {}, "0 pairs of nodes without an edge, 435 are needed"),
    ],
)
def test_wrong_arguments(edges, options, message):
    with pytest.raises(ValueError, match=message):
        link_prediction(NODES, edges, **options)


def test_a_frame_is_refused_with_the_cure():
    frame = pytest.importorskip("pandas").DataFrame({"a": [1], "b": [2]})
    with pytest.raises(TypeError, match=r"positive_edges is a DataFrame; .*to_numpy\(\)"):
        link_prediction(KeyedVectors([1, 2], np.eye(2)), frame)
