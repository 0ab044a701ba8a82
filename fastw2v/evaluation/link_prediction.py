"""Link prediction: how well the similarity of two nodes tells edges from pairs that are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from fastw2v.evaluation.lookup import check_vectors
from fastw2v.evaluation.sessions import rows_of_keys
from fastw2v.runtime.arrays import Array, RowArray
from fastw2v.vectors.key_table import Key, KeyTable

Edges = Array | Iterable[Sequence[Key]]

_MOST_LISTED = 1 << 22  # pairs of nodes: 32 MB
_BLOCK_PAIRS = 1 << 14


class LinkPredictionResult(NamedTuple):
    """Result of `link_prediction`.

    Attributes
    ----------
    auc : float
        Area under the ROC curve: the probability that an edge scores higher than a pair that is none; equal scores
        count half.
    n_positive, n_negative : int
        Edges and other pairs that were used.
    n_unknown : int
        Pairs of either kind that were left out, because a node has no vector.
    """

    auc: float
    n_positive: int
    n_negative: int
    n_unknown: int


def link_prediction(
    kv: KeyTable,
    positive_edges: Edges,
    negative_edges: Edges | None = None,
    *,
    known_edges: Edges = (),
    score: str = "cosine",
    is_directed: bool = False,
    seed: int = 1,
) -> LinkPredictionResult:
    """Tell edges from pairs of nodes that are none, by the similarity of their vectors.

    Parameters
    ----------
    kv : KeyedVectors
    positive_edges : integer[n_edges, 2], or iterable of pairs of keys
        Edges that were left out of the graph that was trained on.
    negative_edges : the same, optional
        Pairs that are no edges. Without them, as many as there are positive edges are drawn, all different, from the
        pairs of two nodes with vectors that are neither in `positive_edges` nor in `known_edges`.
    known_edges : the same, optional
        The other edges of the graph, which are no negatives.
    score : "cosine" or "dot"
    is_directed : bool
        Whether (a, b) may be an edge where (b, a) is none. Matters for the pairs that are drawn.
    seed : int
        Of the pairs that are drawn.

    Returns
    -------
    LinkPredictionResult

    Raises
    ------
    ValueError
        `score` is unknown, edges are not pairs, no positive or negative one has vectors, or too few pairs are no
        edges.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> from fastw2v.evaluation import link_prediction
    >>> kv = KeyedVectors(["a", "b", "c", "d"], [[1, 0], [0.9, 0.1], [0.1, 0.9], [0, 1]])
    >>> link_prediction(kv, [("a", "b"), ("c", "d")], [("a", "c"), ("b", "d"), ("a", "x")])
    LinkPredictionResult(auc=1.0, n_positive=2, n_negative=2, n_unknown=1)
    """
    check_vectors(kv)
    if score not in ("cosine", "dot"):
        raise ValueError(f"score is {score!r}; expected 'cosine' or 'dot'")
    positive = _rows_of_edges(kv, positive_edges, "positive_edges")
    used = _known(positive)
    if negative_edges is None:
        known = np.concatenate([used, _known(_rows_of_edges(kv, known_edges, "known_edges"))])
        negative = _drawn(known, len(kv), len(used), is_directed=is_directed, seed=seed)
    else:
        negative = _rows_of_edges(kv, negative_edges, "negative_edges")
    others = _known(negative)
    if len(used) == 0 or len(others) == 0:
        which, given = ("positive", positive) if len(used) == 0 else ("negative", negative)
        cure = "pass pairs of keys of the vectors (integers are not words)"
        raise ValueError(f"none of {len(given)} {which} edges has vectors for both nodes; {cure}")
    n_unknown = len(positive) - len(used) + len(negative) - len(others)
    area = auc(_scores(kv, used, score), _scores(kv, others, score))
    return LinkPredictionResult(area, len(used), len(others), n_unknown)


def auc(positive: Array, negative: Array) -> float:
    """Return the area under the ROC curve of scores: how often a positive one is higher; equal ones count half."""
    ordered = np.sort(negative)
    n_below, n_not_above = (np.searchsorted(ordered, positive, side=side) for side in ("left", "right"))
    return float((n_below + n_not_above).sum() / (2 * len(positive) * len(negative)))


def _rows_of_edges(kv: KeyTable, edges: Edges, name: str) -> RowArray:
    """Return the rows of the nodes of each edge, intp[n_edges, 2]; -1 for one without a vector."""
    if isinstance(edges, np.ndarray):
        if edges.ndim != 2 or edges.shape[1] != 2:
            raise ValueError(f"{name} has shape {edges.shape}; expected (n_edges, 2): leave out weights")
        return rows_of_keys(kv, edges.ravel()).reshape(-1, 2)
    if hasattr(edges, "columns"):
        raise TypeError(f"{name} is a {type(edges).__name__}; expected an array, frame[[source, target]].to_numpy()")
    pairs = [tuple(edge) for edge in edges]
    wrong = next((pair for pair in pairs if len(pair) != 2), None)
    if wrong is not None:
        raise ValueError(f"{name} holds {wrong!r}; expected pairs of nodes: leave out weights and attributes")
    return rows_of_keys(kv, [node for pair in pairs for node in pair]).reshape(-1, 2)


def _known(edges: RowArray) -> RowArray:
    return edges[(edges >= 0).all(axis=1)]


def _scores(kv: KeyTable, edges: RowArray, score: str) -> Array:
    """Return the score of each pair of rows, float64[n_edges]."""
    scores = np.empty(len(edges))
    for first in range(0, len(edges), _BLOCK_PAIRS):
        a, b = (kv.matrix[rows].astype(np.float64) for rows in edges[first : first + _BLOCK_PAIRS].T)
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) if score == "cosine" else np.ones(len(a))
        dots = np.einsum("ij,ij->i", a, b)
        scores[first : first + _BLOCK_PAIRS] = dots / np.where(lengths > 0, lengths, 1)
    return scores


def _drawn(edges: RowArray, n_nodes: int, n_pairs: int, *, is_directed: bool, seed: int) -> RowArray:
    """Draw different pairs of different rows that are no edges, intp[n_pairs, 2]."""
    rng = np.random.default_rng(seed)
    taken = np.unique(_codes(edges[edges[:, 0] != edges[:, 1]], n_nodes, is_directed=is_directed))
    n_others = n_nodes * (n_nodes - 1) // (1 if is_directed else 2) - len(taken)
    if n_others < n_pairs:
        cure = "pass negative_edges, or fewer positive edges"
        raise ValueError(f"the graph has {n_others} pairs of nodes without an edge, {n_pairs} are needed; {cure}")
    if n_nodes**2 <= _MOST_LISTED:
        pairs = np.stack(np.divmod(np.arange(n_nodes**2), n_nodes), axis=1)
        codes = np.setdiff1d(_codes(pairs[pairs[:, 0] != pairs[:, 1]], n_nodes, is_directed=is_directed), taken)
        return np.stack(np.divmod(rng.choice(codes, n_pairs, replace=False), n_nodes), axis=1)
    found = np.zeros(0, np.int64)
    while len(found) < n_pairs:
        pairs = rng.integers(n_nodes, size=(n_pairs, 2))
        drawn = _codes(pairs[pairs[:, 0] != pairs[:, 1]], n_nodes, is_directed=is_directed)
        found = np.setdiff1d(np.concatenate([found, drawn]), taken)
    return np.stack(np.divmod(rng.permutation(found)[:n_pairs], n_nodes), axis=1)


def _codes(pairs: RowArray, n_nodes: int, *, is_directed: bool) -> RowArray:
    """Return a number for each pair of rows; the same for both directions of an edge without one."""
    a, b = (pairs if is_directed else np.sort(pairs, axis=1)).T
    return np.asarray(a * n_nodes + b)
