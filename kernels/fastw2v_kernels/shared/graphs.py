"""Edges of a graph in arrays: plain Python, compiled for every device."""

from __future__ import annotations

from typing import NamedTuple

from fastw2v_kernels.shared.array_types import Float64, Int32, Int64


class Graph(NamedTuple):
    """The arrays of a graph; see `random_walks_reference`."""

    indptr: Int64
    indices: Int32
    cumulative: Float64


def edge_to(graph: Graph, x: int, begin: int, end: int) -> int:
    """Return the edge, of begin to end, that leads to x; -1 if none does."""
    low, high = begin, end
    while low < high:
        middle = (low + high) >> 1
        if graph.indices[middle] < x:
            low = middle + 1
        else:
            high = middle
    return low if low < end and graph.indices[low] == x else -1


def drawn_edge(graph: Graph, u: float, begin: int, end: int) -> int:
    """Draw an edge of begin to end by the weights, with one uniform number."""
    if graph.cumulative.shape[0] == 0:
        return begin + int(u * (end - begin))
    left = u * graph.cumulative[end - 1]
    low, high = begin, end - 1
    while low < high:
        middle = (low + high) >> 1
        if graph.cumulative[middle] <= left:
            low = middle + 1
        else:
            high = middle
    return low


def edge_weight(graph: Graph, e: int, begin: int) -> float:
    """Weight of edge e of the node whose edges start at `begin`."""
    if graph.cumulative.shape[0] == 0:
        return 1.0
    below: float = graph.cumulative[e - 1] if e > begin else 0.0
    return graph.cumulative[e] - below  # type: ignore[no-any-return]
