"""A model of the time that nodes spend in training and in the exchange; not a measurement.

A round of R words takes N nodes, which train S words/s each, T = R / (N S) seconds. Then each node sends, and receives,
2 x 8 V D (N - 1) / N bytes: its rows to their owners, and merged rows to all others. They travel in pieces: of a block,
the rows that go from one node to another. Each costs a node some time, however short it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np


class Shape(NamedTuple):
    """Of an exchange: nodes, rows of a matrix, their length, and the most megabytes in a block."""

    n_nodes: int
    n_vocab: int
    dim: int
    block_mb: int = 32

    @property
    def sent_bytes(self) -> float:
        """What each node sends, and receives."""
        return 2 * 8 * self.n_vocab * self.dim * (self.n_nodes - 1) / self.n_nodes

    @property
    def n_pieces(self) -> int:
        """Pieces that each node sends, and receives."""
        n_rows = max(1, (self.block_mb << 20) // (4 * self.dim * self.n_nodes)) * self.n_nodes
        return 2 * math.ceil(self.n_vocab / n_rows) * 2 * (self.n_nodes - 1)


class Link(NamedTuple):
    """What an exchange takes on a network: seconds for each piece, and bytes/s of a node."""

    piece_s: float
    bytes_per_s: float

    def seconds(self, shape: Shape) -> float:
        """Return the time of an exchange."""
        return self.piece_s * shape.n_pieces + shape.sent_bytes / self.bytes_per_s

    @classmethod
    def fitted(cls, shapes: Sequence[Shape], seconds: Sequence[float]) -> Link:
        """Return the link that fits measured times best, in the sum of squares of relative errors.

        Raises
        ------
        ValueError
            There are fewer than two different shapes, or the times do not grow with the bytes.
        """
        factors = np.array([(shape.n_pieces, shape.sent_bytes) for shape in shapes], dtype=float)
        if len(np.unique(factors, axis=0)) < 2:
            raise ValueError(f"a link has two unknowns; expected times of two shapes at least, found {len(factors)}")
        (piece_s, byte_s), *_ = np.linalg.lstsq(factors / np.array(seconds)[:, None], np.ones(len(factors)))
        if piece_s < 0:  # too short to be seen
            weighted = factors[:, 1] / np.array(seconds)
            piece_s, byte_s = 0.0, weighted.sum() / (weighted @ weighted)
        if byte_s <= 0:
            raise ValueError("the times do not grow with the bytes")
        return cls(float(piece_s), float(1 / byte_s))


PIECE_S = 0.005  # that a piece costs a node of 16 cores; one of one core takes 10 ms, where no link is slow (README)
COPIED_BYTES_PER_S = 2.5e9  # to a file that the system keeps in memory; measured: 1.7 to 3.4


class Load(NamedTuple):
    """What is trained: words of a round, words/s of a node, and operations/s of a node that merges rows."""

    round_words: float
    words_per_s: float
    operations_per_s: float = 1e12  # of matrices; 16 cores


class Round(NamedTuple):
    """Seconds of a round: training, exchange on the network, merging and a copy of all rows, which are added.

    The exchange and the merging in truth run at the same time, in part.
    """

    train_s: float
    exchange_s: float
    merge_s: float

    @property
    def share(self) -> float:
        """T / (T + X)."""
        return self.train_s / sum(self)


def rounds(load: Load, link: Link, shapes: Iterable[Shape]) -> list[Round]:
    """Return the round of each number of nodes."""
    found = []
    for shape in shapes:
        n_numbers = 2 * shape.n_vocab * shape.dim  # of both matrices
        operations = (2 / shape.n_nodes + 4) * n_numbers * shape.dim
        merge_s = operations / load.operations_per_s + n_numbers / shape.n_nodes * _seconds_a_number(shape.n_nodes)
        merge_s += 4 * n_numbers / COPIED_BYTES_PER_S
        train_s = load.round_words / (shape.n_nodes * load.words_per_s)
        found.append(Round(train_s, link.seconds(shape), merge_s))
    return found


def _seconds_a_number(n_nodes: int) -> float:
    """Time in which one core of an AMD EPYC does what is no product of matrices: copies, moves and shrinking."""
    return (5 + 2 * n_nodes) * 1e-9


TABLE_NODES = (2, 4, 8, 32)
_GIGABITS = (10, 25)


def table(link_share: float, load: Load, *, n_vocab: int, dim: int, block_mb: int) -> str:
    """Return the rounds of up to 32 nodes as a table, on networks of which an exchange uses a share.

    The speed-up is that over one node: nodes times the share of their time that they train.
    """
    shapes = [Shape(n_nodes, n_vocab, dim, block_mb) for n_nodes in TABLE_NODES]
    links = [Link(PIECE_S, link_share * gigabits * 1e9 / 8) for gigabits in _GIGABITS]
    by_link = [rounds(load, link, shapes) for link in links]
    names = [f"{gigabits} Gb/s" for gigabits in _GIGABITS]
    head = ["nodes", "trains a round in", "merges in", *(f"exchanges in, {name}" for name in names)]
    lines = [[*head, *(f"speed-up, {name}" for name in names)], ["---"] * (len(head) + len(names))]
    for shape, *found in zip(shapes, *by_link):
        times = [found[0].train_s, found[0].merge_s, *(one.exchange_s for one in found)]
        gains = [f"{shape.n_nodes * one.share:.1f}" for one in found]
        lines.append([str(shape.n_nodes), *(f"{seconds:.1f} s" for seconds in times), *gains])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_TIMES_THE_CORES = (1, 2, 4)
_MOST_WORDS = 1e15


def crossings(link_share: float, load_of: Callable[[float], Load], *, n_vocab: int, dim: int, block_mb: int) -> str:
    """Return a table of the shortest texts for which nodes are as fast as a machine with 1, 2 or 4 times its cores.

    `load_of` tells the load of a text of so many words.
    """
    names = [f"{times} x the cores, {gigabits} Gb/s" for gigabits in _GIGABITS for times in _TIMES_THE_CORES]
    lines = [["nodes", *names], ["---"] * (1 + len(names))]
    for n_nodes in TABLE_NODES:
        shape, cells = Shape(n_nodes, n_vocab, dim, block_mb), []
        for gigabits in _GIGABITS:
            link = Link(PIECE_S, link_share * gigabits * 1e9 / 8)
            cells += [_shown_words(_crossing(load_of, link, shape, times=times)) for times in _TIMES_THE_CORES]
        lines.append([str(n_nodes), *cells])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _crossing(load_of: Callable[[float], Load], link: Link, shape: Shape, *, times: float) -> float:
    """Return the words of the shortest text that nodes train `times` as fast as one node; infinity if there is none."""

    def is_as_fast(n_words: float) -> bool:
        return shape.n_nodes * rounds(load_of(n_words), link, [shape])[0].share >= times

    least, most = 1e6, _MOST_WORDS
    if times >= shape.n_nodes or not is_as_fast(most):
        return math.inf
    while most > 1.01 * least:
        middle = math.sqrt(least * most)
        least, most = (least, middle) if is_as_fast(middle) else (middle, most)
    return most


def _shown_words(n_words: float) -> str:
    return "never" if math.isinf(n_words) else f"{n_words / 1e9:.1f} billion"
