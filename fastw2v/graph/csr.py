"""Graph: nodes with their neighbours in arrays, as the kernel of random walks reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastw2v.vocab import Vocab

_MOST_NODES = np.iinfo(np.int32).max
_LONG_ROW = 512  # edges; the weights of longer rows are summed row by row


class Graph:
    """Nodes, each with its neighbours in rising order; made by `from_edges`, `from_csr`, `read_edges` or `as_graph`.

    Parameters
    ----------
    nodes : Vocab
        Key of each node.
    indptr, indices : int64[n_nodes + 1], int32[n_edges]
        The neighbours of node v are ``indices[indptr[v]:indptr[v + 1]]``.
    weights : float64[n_edges], optional
        Of the edges; None: all are equal.
    """

    def __init__(
        self, nodes: Vocab, indptr: np.ndarray, indices: np.ndarray, *, weights: np.ndarray | None = None
    ) -> None:
        self.nodes, self.indptr, self.indices = nodes, indptr, indices
        is_even = weights is None or not len(weights) or bool((weights == weights[0]).all())
        self.cumulative = np.empty(0) if is_even or weights is None else _cumulative(weights, indptr)

    @classmethod
    def from_edges(cls, source: Any, target: Any, weight: Any = None, *, directed: bool = False) -> Graph:  # noqa: ANN401
        """Make a graph of a list of edges.

        An edge that is given several times, in a graph that is not directed in either direction, counts with the sum of
        its weights. An edge of weight 0 is none, but its nodes are there.

        Parameters
        ----------
        source, target : arrays of int or str, [n_edges]
            The ends of each edge. Integers are keys from 0; the nodes are in the order of the numbers. Nodes with names
            are in the order of their first occurrence.
        weight : array of numbers, [n_edges], optional
            At least 0 and finite. None: all are 1.
        directed : bool
            Whether walks follow edges from source to target alone.

        Raises
        ------
        TypeError, ValueError
            The arrays are of different lengths, there is no edge, or a node or a weight is of a wrong kind.

        Examples
        --------
        >>> from fastw2v.graph import Graph
        >>> graph = Graph.from_edges(["a", "b", "b"], ["b", "c", "a"])
        >>> graph, graph.nodes.keys
        (Graph<3 nodes, 4 directed edges, weighted>, ['a', 'b', 'c'])
        """
        nodes, ends = _numbered(source, target)
        n_edges = len(ends) // 2
        return cls.of_numbers(nodes, ends[:n_edges], ends[n_edges:], weight=weight, directed=directed)

    @classmethod
    def of_numbers(
        cls,
        nodes: Vocab,
        source: np.ndarray,
        target: np.ndarray,
        *,
        weight: Any = None,  # noqa: ANN401
        directed: bool,
    ) -> Graph:
        """Make a graph of edges between nodes given by their numbers, int32[n_edges] or int64[n_edges] each."""
        weights = None if weight is None else _checked_weights(weight, len(source))
        if weights is not None and not weights.all():
            there = weights > 0
            source, target, weights = source[there], target[there], weights[there]
        places = _places(source, target, len(nodes))
        if not directed:
            others = source != target  # a self loop leads back in either direction
            places = np.append(places, _places(target[others], source[others], len(nodes)))
            weights = None if weights is None else np.append(weights, weights[others])
        indptr, indices, sums = _csr(places, len(nodes), weights=weights)
        return cls(nodes, indptr, indices, weights=sums)

    @classmethod
    def from_csr(cls, indptr: Any, indices: Any, weights: Any = None, *, nodes: Sequence[Any] | None = None) -> Graph:  # noqa: ANN401
        """Make a graph of the arrays of a compressed sparse matrix, whose entries are edges from row to column.

        Parameters
        ----------
        indptr, indices : arrays of int, [n_nodes + 1] and [n_edges]
            The edges of node v lead to ``indices[indptr[v]:indptr[v + 1]]``, in any order. A graph that is not directed
            has each edge twice.
        weights : array of numbers, [n_edges], optional
            At least 0 and finite. None: all are 1. Those of an edge that occurs twice are added up.
        nodes : sequence of str or int, optional
            Keys of the nodes; default: their numbers.

        Raises
        ------
        TypeError, ValueError
            The arrays do not fit each other, or a weight is of a wrong kind.

        Examples
        --------
        >>> from fastw2v.graph import Graph
        >>> Graph.from_csr([0, 1, 3, 4], [1, 0, 2, 1])
        Graph<3 nodes, 4 directed edges>
        """
        starts, ends = _integers("indptr", indptr), _integers("indices", indices)
        n_nodes = len(starts) - 1
        if n_nodes < 1 or starts[0] != 0 or starts[-1] != len(ends) or (np.diff(starts) < 0).any():
            raise ValueError(
                f"indptr runs from {starts[:1]} to {starts[-1:]} over {len(ends)} edges; expected one that rises from "
                "0 to their number, with an entry more than there are nodes"
            )
        if len(ends) and not 0 <= ends.min() <= ends.max() < n_nodes:
            raise ValueError(f"indices run from {ends.min()} to {ends.max()}; expected 0 to {n_nodes - 1}, the nodes")
        if nodes is not None and len(nodes) != n_nodes:
            raise ValueError(f"there are {len(nodes)} keys for {n_nodes} nodes; expected one for each")
        keys = Vocab.from_ids(np.arange(n_nodes), np.zeros(n_nodes)) if nodes is None else keys_of(nodes)
        source = np.repeat(np.arange(n_nodes), np.diff(starts))
        return cls.of_numbers(keys, source, ends, weight=weights, directed=True)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def n_edges(self) -> int:
        """Number of edges, those of a graph that is not directed in both directions."""
        return len(self.indices)

    def __repr__(self) -> str:
        weighted = ", weighted" if len(self.cumulative) else ""
        return f"Graph<{self.n_nodes} nodes, {self.n_edges} directed edges{weighted}>"


def keys_of(nodes: Sequence[Any]) -> Vocab:
    """Return the keys of nodes, all of them int of at least 0 or all of them str; TypeError for others."""
    counts = np.zeros(len(nodes))
    if all(isinstance(node, str) for node in nodes):
        return Vocab.from_keys(nodes, counts)
    wrong = [node for node in nodes if isinstance(node, bool) or not isinstance(node, int | np.integer) or node < 0]
    if wrong:
        raise TypeError(
            f"the node {wrong[0]!r} ({type(wrong[0]).__name__}) cannot be a key; expected nodes that are all str, or "
            "all int of at least 0: networkx.relabel_nodes(graph, str)"
        )
    return Vocab.from_ids(np.array(nodes, np.int64), counts)


def _integers(name: str, values: Any) -> np.ndarray:  # noqa: ANN401
    array = np.asarray(values)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        raise TypeError(f"{name} is {array.dtype} of shape {array.shape}; expected a row of integers")
    return array.astype(np.int64)


def _numbered(source: Any, target: Any) -> tuple[Vocab, np.ndarray]:  # noqa: ANN401
    """Return the nodes, and the numbers of the sources and then of the targets, int64[2 n_edges]."""
    ends = _column(source), _column(target)
    if any(array.ndim != 1 for array in ends) or len(ends[0]) != len(ends[1]):
        raise ValueError(f"source has shape {ends[0].shape} and target {ends[1].shape}; expected rows of equal length")
    if not len(ends[0]):
        raise ValueError("there is no edge; expected at least one")
    kinds = {array.dtype.kind for array in ends}
    if kinds <= set("iu"):
        ids, numbers = np.unique(np.concatenate(ends), return_inverse=True)
        if ids[0] < 0:
            raise ValueError(f"a node is {ids[0]}; expected ids of at least 0, or names")
        return Vocab.from_ids(ids.astype(np.int64), np.zeros(len(ids))), numbers.astype(np.int64)
    if not kinds <= set("UOT"):
        found = f"source is {ends[0].dtype} and target {ends[1].dtype}"
        raise TypeError(f"{found}; expected both to be integers, or both names: source.astype(np.int64)")
    names = [name for pair in zip(ends[0].tolist(), ends[1].tolist()) for name in pair]
    row_of = {name: row for row, name in enumerate(dict.fromkeys(names))}
    pairs = np.fromiter((row_of[name] for name in names), np.int64, len(names)).reshape(-1, 2)
    return keys_of(list(row_of)), np.ascontiguousarray(pairs.T).reshape(-1)


def _column(values: Any) -> np.ndarray:  # noqa: ANN401
    """Return nodes as an array. NumPy would make names of the numbers in a list that has both."""
    array = np.asarray(values)
    return np.array(values, object) if array.dtype.kind == "U" and not hasattr(values, "dtype") else array


def _checked_weights(weight: Any, n_edges: int) -> np.ndarray:  # noqa: ANN401
    given = np.asarray(weight)
    if given.shape != (n_edges,) or given.dtype.kind not in "iufb":
        raise ValueError(
            f"weights are {given.dtype} of shape {given.shape}; expected a number for each of {n_edges} edges"
        )
    weights = given.astype(np.float64)
    wrong = np.flatnonzero(~((weights >= 0) & (weights < np.inf)))
    if wrong.size:
        cure = "expected finite weights of at least 0 (weight_key=None ignores weights)"
        raise ValueError(f"the weight of edge {wrong[0]} is {weights[wrong[0]]}; {cure}")
    with np.errstate(over="ignore"):
        total = weights.sum()
    if total == np.inf:
        raise ValueError("the sum of the weights is infinite; divide them by the largest")
    return weights


def _places(source: np.ndarray, target: np.ndarray, n_nodes: int) -> np.ndarray:
    """Return where edges are in a matrix of all pairs of nodes: int64[n_edges]."""
    if n_nodes > _MOST_NODES:
        raise ValueError(f"the graph has {n_nodes} nodes; expected at most {_MOST_NODES}")
    places = np.multiply(source, n_nodes, dtype=np.int64)
    places += target
    return np.asarray(places)


def _csr(
    places: np.ndarray, n_nodes: int, *, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return indptr, indices and weights of edges at these places, which change, with equal edges added up."""
    if weights is None:
        places.sort()
    else:
        order = np.argsort(places, kind="stable")
        places, weights = places[order], weights[order]
        del order  # as large as the edges
    is_first = np.ones(len(places), bool)
    np.not_equal(places[1:], places[:-1], out=is_first[1:])
    if not is_first.all():
        weights = _summed(weights, np.flatnonzero(is_first), len(places))
        places = places[is_first]
    indptr = np.searchsorted(places, n_nodes * np.arange(n_nodes + 1))
    np.remainder(places, n_nodes, out=places)
    return indptr, places.astype(np.int32), weights


def _summed(weights: np.ndarray | None, first: np.ndarray, n_edges: int) -> np.ndarray:
    """Return the sums of the weights from each of `first` to the next, or without weights their number: float64."""
    if weights is not None:
        return np.asarray(np.add.reduceat(weights, first))
    sums = np.empty(len(first))
    np.subtract(first[1:], first[:-1], out=sums[:-1])
    sums[-1] = n_edges - first[-1]
    return sums


def _cumulative(weights: np.ndarray, indptr: np.ndarray) -> np.ndarray:
    """Return the sum of each row up to each edge. A sum over all rows would round small weights away."""
    sums, degrees = weights.astype(np.float64), np.diff(indptr)
    for row in np.flatnonzero(degrees > _LONG_ROW):
        edges = slice(indptr[row], indptr[row + 1])
        sums[edges] = np.cumsum(sums[edges])
    rows = np.flatnonzero((degrees > 1) & (degrees <= _LONG_ROW))
    place = 1
    while rows.size:
        sums[indptr[rows] + place] += sums[indptr[rows] + place - 1]
        place += 1
        rows = rows[degrees[rows] > place]
    return sums
