"""Find out what kind of graph a caller passed: of networkx, of scipy, arrays of edges, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np

from fastw2v.graph.csr import Graph, keys_of
from fastw2v.graph.edge_files import read_edges
from fastw2v.vocab import Vocab


def as_graph(graph: Any, *, weight_key: str | None = "weight", directed: bool | None = None) -> Graph:  # noqa: ANN401 - this is the boundary that finds out what was passed
    """Check a graph of any supported form, and return it as a `Graph`.

    Parameters
    ----------
    graph
        One of:

        - a graph of networkx: its nodes are the keys, in its order. Edges between the same nodes are added up;
        - a matrix of scipy.sparse, [n_nodes, n_nodes]: an entry is the weight of an edge from row to column;
        - a list of edges, each a tuple (source, target) or (source, target, weight), such as ``list(graph.edges)``;
        - an integer array [n_edges, 2], or a pair (source, target) or triple (source, target, weight) of arrays, as in
          `Graph.from_edges`;
        - the path of a file of edges, as for `read_edges`;
        - a `Graph`.

    weight_key : str or None
        The attribute that has the weight of an edge of networkx; an edge without it has weight 1. None ignores the
        weights, also those of other kinds of graphs.
    directed : bool, optional
        Whether walks follow edges in their direction alone. None: edges of arrays and files can be walked in both,
        graphs of networkx tell, and matrices have each direction as an entry. For these two, give none.

    Returns
    -------
    Graph

    Raises
    ------
    TypeError
        This is no graph, or its nodes are no keys.
    ValueError
        It has no node, a weight is negative or no number, or `directed` does not apply.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.graph import as_graph
    >>> as_graph(np.array([[0, 1], [1, 2]]), directed=True)
    Graph<3 nodes, 2 directed edges>
    """
    if isinstance(graph, str | PathLike):
        return read_edges(graph, weighted=None if weight_key else False, directed=bool(directed))
    edges = _edge_arrays(graph)
    if edges is not None:
        return Graph.from_edges(*edges[: 3 if weight_key else 2], directed=bool(directed))
    if directed is not None:
        cure = "networkx.DiGraph(graph), graph.to_undirected(), or matrix + matrix.T"
        raise ValueError(f"directed={directed} is for edges; a {type(graph).__name__} has its directions: {cure}")
    if isinstance(graph, Graph):
        return graph
    if hasattr(graph, "tocsr"):
        return _from_matrix(graph.tocsr(), is_weighted=weight_key is not None)
    if hasattr(graph, "is_directed") and hasattr(graph, "edges") and hasattr(graph, "nodes"):
        return _from_networkx(graph, weight_key)
    raise TypeError(
        f"graph is a {type(graph).__name__}; expected one of networkx, a matrix of scipy.sparse "
        "(scipy.sparse.csr_array(matrix)), arrays or columns of edges (source, target), a list of tuples (source, "
        "target), or the path of a file of edges"
    )


def _edge_arrays(graph: Any) -> Sequence[Any] | None:  # noqa: ANN401
    """Return source, target and possibly weight, if these are arrays of edges."""
    if isinstance(graph, tuple) and len(graph) in (2, 3):
        return graph
    if isinstance(graph, list) and graph and all(isinstance(edge, tuple) for edge in graph):
        sizes = {len(edge) for edge in graph}
        if sizes not in ({2}, {3}):
            cure = "expected (source, target) of all, or (source, target, weight) of all"
            raise ValueError(f"the edges of a list have {sorted(sizes)} items; {cure}")
        return list(zip(*graph, strict=True))
    if isinstance(graph, np.ndarray):
        if graph.ndim == 2 and graph.shape[1] == 2:
            return list(graph.T)
        raise ValueError(
            f"an array of shape {graph.shape}; expected edges, [n_edges, 2], or (source, target, weight); a "
            "dense matrix is scipy.sparse.csr_array(matrix)"
        )
    return None


def _from_matrix(matrix: Any, *, is_weighted: bool) -> Graph:  # noqa: ANN401
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"the matrix has shape {matrix.shape}; expected as many columns as rows, a node each")
    return Graph.from_csr(matrix.indptr, matrix.indices, matrix.data if is_weighted else None)


def _from_networkx(graph: Any, weight_key: str | None) -> Graph:  # noqa: ANN401
    keys = list(graph.nodes)
    if not keys:
        raise ValueError("the graph has no node; expected at least one")
    nodes: Vocab = keys_of(keys)
    row_of = {key: row for row, key in enumerate(keys)}
    edges = list(graph.edges(data=weight_key or "", default=1))
    ends = np.fromiter((row_of[node] for edge in edges for node in edge[:2]), np.int64, 2 * len(edges)).reshape(-1, 2)
    weight = None if weight_key is None else np.array([edge[2] for edge in edges])
    if weight is not None and not len(edges):
        weight = None
    return Graph.of_numbers(nodes, ends[:, 0], ends[:, 1], weight=weight, directed=graph.is_directed())
