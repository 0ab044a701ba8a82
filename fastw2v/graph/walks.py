"""Walks on a graph, made in blocks by a compiled kernel, and the tokens of a training that makes them as it goes on."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from fastw2v.encode import Tokens
from fastw2v.graph.csr import Graph
from fastw2v.runtime.worker_pool import run_tasks

_BLOCK_TOKENS = 1 << 18  # walks that one thread makes at a time


@dataclass(frozen=True)
class Walks:
    """All walks on a graph: `num_walks` from each node. Each is a function of these values and its number.

    Parameters
    ----------
    graph : Graph
    length : int
        Nodes of a walk; one that comes to a node without a way out has fewer.
    num_walks : int
        Walks that begin at each node.
    p, q : float
        See `fastw2v_kernels.random_walks`.
    seed : int
    """

    graph: Graph
    length: int
    num_walks: int
    p: float
    q: float
    seed: int

    @property
    def n_walks(self) -> int:
        """Number of all walks."""
        return self.num_walks * self.graph.n_nodes

    @cached_property
    def order(self) -> np.ndarray:
        """Where walks begin, in turn: all nodes in random order, for neighbours shall not train one after the other."""
        return np.random.default_rng(self.seed).permutation(self.graph.n_nodes).astype(np.int32)

    def block(self, first: int, last: int, out: np.ndarray | None = None) -> np.ndarray:
        """Make walks first to last in this thread: int32[n, length], with -1 after the end of a walk."""
        from fastw2v_kernels.random_walks.cpu import random_walks_cpu

        graph, n = self.graph, last - first
        out = np.empty((n, self.length), np.int32) if out is None else out
        random_walks_cpu(
            graph.indptr,
            graph.indices,
            graph.cumulative,
            first_nodes=self.order[np.arange(first, last) % graph.n_nodes],
            p=self.p,
            q=self.q,
            seed=self.seed,
            first_walk=first,
            out=out,
            n_threads=1,
        )
        return out

    def blocks(self) -> list[tuple[int, int]]:
        """First and last walk of each piece of work."""
        size = max(1, _BLOCK_TOKENS // self.length)
        return [(first, min(first + size, self.n_walks)) for first in range(0, self.n_walks, size)]

    def _fill(self, out: np.ndarray, first: int, last: int) -> None:
        self.block(first, last, out[first:last])

    def stored(self, workers: int) -> Tokens:
        """Make all walks, and keep them in memory: 4 bytes for each node of each walk."""
        out = np.empty((self.n_walks, self.length), np.int32)
        run_tasks((partial(self._fill, out, *block) for block in self.blocks()), workers)
        lengths = np.concatenate([_lengths(out[slice(*block)]) for block in self.blocks()])
        return Tokens(_joined(out), _starts(lengths))


class WalkTokens(Tokens):
    """The walks as tokens that are made when they are trained, in each epoch again. Only their lengths are kept.

    Parameters
    ----------
    walks : Walks
    workers : int
        Threads of the first pass, which counts visits.

    Attributes
    ----------
    visits : int64[n_nodes]
        How often each node is visited by all walks.
    """

    def __init__(self, walks: Walks, workers: int) -> None:
        self._walks, self._lock = walks, threading.Lock()
        self.visits = np.zeros(walks.graph.n_nodes, np.int64)
        lengths = np.empty(walks.n_walks, np.int64)
        run_tasks((partial(self._count, *block, lengths) for block in walks.blocks()), workers)
        super().__init__(np.empty(0, np.int32), _starts(lengths), int(lengths.sum()))

    def _count(self, first: int, last: int, lengths: np.ndarray) -> None:
        block = self._walks.block(first, last)
        lengths[first:last] = _lengths(block)
        visits = np.bincount(_joined(block), minlength=len(self.visits))
        with self._lock:
            self.visits += visits

    @property
    def n_tokens(self) -> int:
        """Visits of all walks together."""
        return int(self.starts[-1])

    def part(self, begin: int, end: int, *, align: int = 1) -> tuple[np.ndarray, np.ndarray, int]:
        """Make the walks that tokens begin to end are in; see `Tokens.part`.

        If the first of them does not begin at a multiple of `align`, a sentence before it fills the gap. No token of it
        is between begin and end.
        """
        first_walk = int(np.searchsorted(self.starts[1:-1], begin, side="right"))
        last_walk = max(int(np.searchsorted(self.starts, end)), first_walk + 1)
        gap = int(self.starts[first_walk]) % align
        first = int(self.starts[first_walk]) - gap
        ids = _joined(self._walks.block(first_walk, last_walk))
        starts = self.starts[first_walk : last_walk + 1] - first
        if gap:
            ids = np.concatenate([np.zeros(gap, np.int32), ids])
            starts = np.concatenate([np.zeros(1, np.int64), starts])
        return ids, starts, first


def _lengths(block: np.ndarray) -> np.ndarray:
    return np.asarray(np.count_nonzero(block >= 0, axis=1))


def _starts(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _joined(block: np.ndarray) -> np.ndarray:
    """Return the nodes of walks one after the other, without what follows the end of a walk."""
    return block.reshape(-1) if (block[:, -1] >= 0).all() else block[block >= 0]
