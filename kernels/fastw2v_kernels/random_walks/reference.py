"""Random walks on a graph, in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Float64, Int32, Int64
from fastw2v_kernels.shared.rng import random_bits, uniform


def patience(degree: int) -> int:
    """Return the number of refused draws after which weighing all neighbours costs less than further draws.

    Parameters
    ----------
    degree : int
        How many neighbours there are.
    """
    return 64 + degree


def damaged(n_nodes: int, n_edges: int) -> ValueError:
    """Return the error for arrays that are no graph.

    Parameters
    ----------
    n_nodes, n_edges : int
        What the lengths of the arrays say.
    """
    return ValueError(
        f"a walk left the graph of {n_nodes} nodes and {n_edges} edges; expected first_nodes and indices from 0 to "
        f"{n_nodes - 1}, and indptr that rises from 0 to {n_edges}"
    )


def random_walks_reference(
    indptr: Int64,
    indices: Int32,
    cumulative: Float64,
    *,
    first_nodes: Int32,
    p: float,
    q: float,
    seed: int,
    first_walk: int,
    out: Int32,
) -> None:
    """Walk on a graph, by the rule of node2vec (Grover and Leskovec 2016, section 3.2).

    After a step from s to v, the next node x is a neighbour of v, with a probability in proportion to w(v, x) times
    1/p if x is s, 1 if x is a neighbour of s, and 1/q otherwise. The first step goes in proportion to w(v, x). A walk
    ends early at a node without neighbours. "Neighbours" are where edges lead to: x is a neighbour of s by an edge from
    s to x.

    There are no tables for pairs of nodes. A neighbour is drawn by its weight and refused with the probability that the
    rule asks for (Yang et al. 2019, "KnightKing", section 4). A small p makes the way back more probable than all
    others: what it has beyond them is a case of its own in each draw, so that few draws are refused.

    Parameters
    ----------
    indptr, indices : int64[n_nodes + 1], int32[n_edges]
        The neighbours of node v are ``indices[indptr[v]:indptr[v + 1]]``, which rise.
    cumulative : float64[n_edges], or float64[0]
        The sum of the weights of v's edges up to and including each, in the order of `indices`; empty: all weights are
        equal.
    first_nodes : int32[n_walks]
        Where the walks begin.
    p, q : float > 0
        A large p seldom goes back to the node before; a large q stays near it.
    seed : int
        Any unsigned 64-bit number.
    first_walk : int
        Number of the first walk in the stream of `seed`: the nodes of walk w are a function of the two, and of
        first_walk + w.
    out : int32[n_walks, length], written
        The nodes of each walk, and -1 after its end.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order does not fit, p or q is not above 0, or the arrays are no graph.
    """
    total = cumulative if cumulative.size else _counted(indptr)
    rows = [slice(*bounds) for bounds in zip(indptr[:-1].tolist(), indptr[1:].tolist())]
    with np.errstate(over="ignore"):
        key = random_bits(np.uint64(seed), 0, 0)
        for w, node in enumerate(first_nodes.tolist()):
            walk: list[int] = [node]
            while len(walk) < out.shape[1]:
                v, s = walk[-1], walk[-2] if len(walk) > 1 else None
                if rows[v].start == rows[v].stop:
                    break
                draws = _Draws(key, (first_walk + w) * out.shape[1] + len(walk))
                beyond = None if s is None else indices[rows[s]]
                walk.append(_next(indices[rows[v]], total[rows[v]], former=s, beyond=beyond, p=p, q=q, draws=draws))
            out[w] = walk + [-1] * (out.shape[1] - len(walk))


class _Draws:
    """Uniform numbers of one step, by their numbers."""

    def __init__(self, key: np.uint64, position: int) -> None:
        self._key, self._position = key, position

    def __getitem__(self, draw: int) -> float:
        return uniform(random_bits(self._key, self._position, draw))


def _counted(indptr: Int64) -> Float64:
    """Cumulative weights of equal edges."""
    return np.arange(1, indptr[-1] + 1) - np.repeat(indptr[:-1], np.diff(indptr)).astype(np.float64)


def _next(
    neighbours: Int32,
    total: Float64,
    *,
    former: int | None,
    beyond: NDArray[Any] | None,
    p: float,
    q: float,
    draws: _Draws,
) -> int:
    """Draw one of `neighbours`, given the former node and its neighbours `beyond`."""
    last = len(neighbours) - 1

    def drawn(u: float, sums: Float64) -> int:
        return min(int(np.searchsorted(sums, u * sums[-1], side="right")), last)

    if former is None or beyond is None or p == q == 1:
        return int(neighbours[drawn(draws[0], total)])
    weight = np.diff(total, prepend=0.0)
    near = np.isin(neighbours, beyond)
    factor = np.where(neighbours == former, 1 / p, np.where(near, 1.0, 1 / q))
    bound = max(1.0, 1 / q)
    excess = max(0.0, 1 / p - bound) * weight[neighbours == former].sum()
    n_tries = patience(len(neighbours))
    for k in range(n_tries):
        if excess > 0 and draws[3 * k] * (total[-1] * bound + excess) < excess:
            return former
        i = drawn(draws[3 * k + 1], total)
        if draws[3 * k + 2] * bound < factor[i]:
            return int(neighbours[i])
    return int(neighbours[drawn(draws[3 * n_tries], np.cumsum(weight * factor))])
