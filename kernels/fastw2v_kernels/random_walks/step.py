"""One step of a random walk: plain Python, compiled for every device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.random_walks import reference
from fastw2v_kernels.shared import graphs
from fastw2v_kernels.shared.arguments import FLOAT64, INT32, INT64, check_axes, check_read
from fastw2v_kernels.shared.array_types import Float64, Int32, Int64
from fastw2v_kernels.shared.graphs import Graph

END = -1


class Bias(NamedTuple):
    """Factors of the weight of an edge, all float64.

    back : of the edge to the former node, 1/p
    away : of an edge to a node that is no neighbour of the former one, 1/q
    bound, least : the largest of the factors but `back`, and the smallest of all
    excess : what `back` has beyond `bound`; 0 unless p is small
    """

    back: float
    away: float
    bound: float
    least: float
    excess: float


class Place(NamedTuple):
    """Where a walk is, all int64: at a node whose edges are begin to end; it came from `former`, or nowhere (-1)."""

    former: int
    begin: int
    end: int


def check_arrays(indptr: Int64, indices: Int32, cumulative: Float64, *, first_nodes: Int32, out: Int32) -> None:
    """Raise unless dtypes, shapes and memory order fit; `out` is left to the device."""
    arrays: dict[str, NDArray[Any]] = {"indptr": indptr, "indices": indices, "cumulative": cumulative}
    for name, array in arrays.items():
        check_axes(name, array, 1)
    check_axes("out", out, 2)
    check_read("indptr", indptr, (max(indptr.shape[0], 1),), dtype=INT64)
    check_read("indices", indices, indices.shape, dtype=INT32)
    check_read("cumulative", cumulative, indices.shape if cumulative.shape[0] else (0,), dtype=FLOAT64)
    check_read("first_nodes", first_nodes, out.shape[:1], dtype=INT32)


def bias_of(p: float, q: float) -> Bias:
    """Return the factors; ValueError unless p and q are finite and above 0."""
    if not (0 < p < np.inf and 0 < q < np.inf):
        raise ValueError(f"p is {p} and q is {q}; expected numbers above 0, such as p=1, q=0.5")
    bound = max(1.0, 1 / q)
    return Bias(1 / p, 1 / q, bound, min(1.0, 1 / p, 1 / q), max(0.0, 1 / p - bound))


def _compiled_weighing(jit: Callable[[Any], Any]) -> tuple[Callable[..., float], Callable[..., int]]:
    """Return the factor of an edge's weight, and a draw by all weights of a node times their factors."""
    edge_to, weight = jit(graphs.edge_to), jit(graphs.edge_weight)

    @jit
    def factor(graph: Graph, bias: Bias, x: int, former: int) -> float:
        if x == former:
            return bias.back
        return 1.0 if edge_to(graph, x, graph.indptr[former], graph.indptr[former + 1]) >= 0 else bias.away

    @jit
    def weighed(graph: Graph, bias: Bias, u: float, place: Place) -> int:
        """Draw an edge by all weights, each times its factor."""
        total = 0.0
        for e in range(place.begin, place.end):
            total += weight(graph, e, place.begin) * factor(graph, bias, graph.indices[e], place.former)
        left, e = u * total, place.begin - 1
        while left >= 0.0 and e + 1 < place.end:
            e += 1
            left -= weight(graph, e, place.begin) * factor(graph, bias, graph.indices[e], place.former)
        return e

    return factor, weighed


def compiled_step(
    jit: Callable[[Any], Any], random_bits: Callable[..., Any], uniform: Callable[..., Any]
) -> Callable[..., int]:
    """Return ``step(graph, bias, key, position, place)``, compiled by `jit` with a device's random numbers.

    It returns the next node. `position` is that of the step in the random stream `key`.
    """
    edge_to, drawn, weight = jit(graphs.edge_to), jit(graphs.drawn_edge), jit(graphs.edge_weight)
    patience = jit(reference.patience)
    factor, weighed = _compiled_weighing(jit)

    @jit
    def excess_of(graph: Graph, bias: Bias, place: Place) -> float:
        """Weight of the way back, times what its factor has beyond the bound."""
        e = edge_to(graph, place.former, place.begin, place.end) if bias.excess > 0.0 else -1
        return bias.excess * float(weight(graph, e, place.begin)) if e >= 0 else 0.0

    @jit
    def step(graph: Graph, bias: Bias, key: np.uint64, position: int, place: Place) -> int:
        begin, end = place.begin, place.end
        if place.former < 0:
            return int(graph.indices[drawn(graph, uniform(random_bits(key, position, 0)), begin, end)])
        excess = excess_of(graph, bias, place)
        total = graph.cumulative[end - 1] if graph.cumulative.shape[0] else float(end - begin)
        below = total * bias.bound + excess
        n_tries = patience(end - begin)
        for k in range(n_tries):
            if excess > 0.0 and uniform(random_bits(key, position, 3 * k)) * below < excess:
                return place.former
            x = int(graph.indices[drawn(graph, uniform(random_bits(key, position, 3 * k + 1)), begin, end)])
            height = uniform(random_bits(key, position, 3 * k + 2)) * bias.bound
            if height < bias.least or height < factor(graph, bias, x, place.former):
                return x
        return int(graph.indices[weighed(graph, bias, uniform(random_bits(key, position, 3 * n_tries)), place)])

    return step  # type: ignore[no-any-return]
