"""What is trained where: shards, their pieces in a round, and the blocks of rows that it merges.

Nothing here knows of a network. All of it follows from few numbers, so that training goes on after a failure, or from
a checkpoint, on any number of nodes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple, Self

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.runtime.arrays import Ids

_TOLERANCE = 1.1  # how much more the worker that has most may have, for the sake of runs of neighbours


class Piece(NamedTuple):
    """Tokens that a worker trains: positions `begin` to `end` of the corpus."""

    begin: int
    end: int


Shares = Mapping[int, Sequence[Piece]]
"""The pieces that each worker trains in a round."""


class Block(NamedTuple):
    """Rows that are exchanged together: `first` to `last` of the input matrix (0) or the output matrix (1)."""

    matrix: int
    first: int
    last: int


@dataclass(frozen=True)
class Work:
    """How far a training is: of the epoch that goes on, how many tokens of each shard are trained.

    A shard is trained from its begin to its end, so one number for each says which tokens are done. Whoever is given
    the shard later goes on there.

    Parameters
    ----------
    sizes : int64[n_shards]
        Tokens of each shard, in the order of the corpus.
    epoch : int
        The epoch that goes on, from 0; the number of epochs when all is done.
    done : int64[n_shards]
    """

    sizes: Ids
    epoch: int
    done: Ids

    @classmethod
    def begin(cls, sizes: Ids) -> Self:
        """Return the work of which nothing is done."""
        return cls(sizes, 0, np.zeros_like(sizes))

    @property
    def n_tokens(self) -> int:
        """Tokens in an epoch."""
        return int(self.sizes.sum())

    @property
    def n_words(self) -> int:
        """Words trained in all epochs so far."""
        return self.epoch * self.n_tokens + int(self.done.sum())

    @property
    def epochs_begun(self) -> int:
        """Epochs of which something is trained: their random numbers are not to be drawn again."""
        return self.epoch + bool(self.done.any())

    def shares(self, shards_of: Mapping[int, Iterable[int]], n_words: int) -> dict[int, list[Piece]]:
        """Return what each worker trains in the next round: the same share of what is left of its shards.

        Parameters
        ----------
        shards_of : mapping of worker to its shards
        n_words : int
            Of the round, at most those that are left of the epoch; up to one more for each worker.
        """
        all_left, found = self.n_tokens - int(self.done.sum()), {}
        for worker, shards in shards_of.items():
            left = {shard: int(self.sizes[shard] - self.done[shard]) for shard in sorted(shards)}
            found[worker] = self._pieces(left, -(-sum(left.values()) * n_words // max(all_left, 1)))
        return found

    def _pieces(self, left: Mapping[int, int], n_wanted: int) -> list[Piece]:
        firsts, pieces = np.cumsum(self.sizes) - self.sizes, []
        for shard, n_left in left.items():
            n = min(n_left, n_wanted)
            begin = int(firsts[shard] + self.done[shard])
            if n:
                pieces.append(Piece(begin, begin + n))
            n_wanted -= n
        return pieces

    def after(self, shares: Shares) -> Work:
        """Return the work when these pieces are trained as well."""
        firsts, done = np.cumsum(self.sizes) - self.sizes, self.done.copy()
        for begin, end in (piece for pieces in shares.values() for piece in pieces):
            done[np.searchsorted(firsts + self.sizes, begin, side="right")] += end - begin
        ends_epoch = bool((done == self.sizes).all())
        return Work(self.sizes, self.epoch + ends_epoch, np.zeros_like(done) if ends_epoch else done)


def n_trained(shares: Shares) -> int:
    """Return the words of a round."""
    return sum(end - begin for pieces in shares.values() for begin, end in pieces)


def learning_rates(config: TrainConfig, n_before: int, n_after: int, *, n_tokens: int) -> tuple[float, float]:
    """Return the learning rate when `n_before` and when `n_after` words of all epochs are trained, by all workers."""
    fall = (config.alpha - config.min_alpha) / (config.epochs * max(n_tokens, 1))
    return config.alpha - fall * n_before, config.alpha - fall * n_after


def blocks(n_rows: int, row_bytes: int, *, n_owners: int, block_bytes: int) -> list[Block]:
    """Cut rows of both matrices into blocks of at most `block_bytes`, or one row for each owner if those are more.

    Row r belongs to owner r mod `n_owners`; each block begins with a row of owner 0.
    """
    size = max(1, block_bytes // (row_bytes * n_owners)) * n_owners
    return [Block(matrix, first, min(first + size, n_rows)) for matrix in (0, 1) for first in range(0, n_rows, size)]


def first_owners(sizes: Sequence[int], workers: Sequence[int]) -> dict[int, set[int]]:
    """Give each worker shards of about as many bytes: a run of neighbours, unless shards differ too much for that.

    With fewer shards than workers, the last workers get none.
    """
    sizes = [max(size, 1) for size in sizes]
    n_runs = min(len(sizes), len(workers))
    tries = [make(sizes, n_runs) for make in (_by_middles, _shortest_runs, _largest_first)] if n_runs else []
    loads = [[sum(sizes[shard] for shard in shards) for shards in found] for found in tries]
    bound = _TOLERANCE * min((max(load) for load in loads), default=0)
    chosen = next((found for found, load in zip(tries, loads) if min(load) and max(load) <= bound), [])
    return {worker: set(chosen[n]) if n < len(chosen) else set() for n, worker in enumerate(workers)}


def _by_middles(sizes: Sequence[int], n_runs: int) -> list[list[int]]:
    """Cut shards into runs, each shard where its middle lies; some may be empty."""
    ends, total = np.cumsum(sizes).tolist(), sum(sizes)
    found: list[list[int]] = [[] for _ in range(n_runs)]
    for shard, (end, size) in enumerate(zip(ends, sizes)):
        found[min(int((end - size / 2) * n_runs / total), n_runs - 1)].append(shard)
    return found


def _shortest_runs(sizes: Sequence[int], n_runs: int) -> list[list[int]]:
    """Cut shards into runs, the largest of which is as small as runs can be; none is empty."""
    least, most = max(sizes), sum(sizes)
    while least < most:
        middle = (least + most) // 2
        if len(_runs_up_to(middle, sizes, n_runs)) <= n_runs:
            most = middle
        else:
            least = middle + 1
    return _runs_up_to(most, sizes, n_runs)


def _runs_up_to(most: int, sizes: Sequence[int], n_least: int) -> list[list[int]]:
    """Cut shards into runs of at most so many bytes, as few as that takes, but `n_least`."""
    found: list[list[int]] = []
    load = most + 1
    for shard, size in enumerate(sizes):
        load += size
        if load > most or len(found) + len(sizes) - shard <= n_least:
            found.append([])
            load = size
        found[-1].append(shard)
    return found


def _largest_first(sizes: Sequence[int], n_groups: int) -> list[list[int]]:
    """Give shards, the largest first, to the group that has least; none is empty."""
    found: list[list[int]] = [[] for _ in range(n_groups)]
    least = [(0, group) for group in range(n_groups)]
    for shard in sorted(range(len(sizes)), key=lambda shard: -sizes[shard]):
        load, group = heappop(least)
        found[group].append(shard)
        heappush(least, (load + sizes[shard], group))
    return found


def reassign(
    shards_of: Mapping[int, Collection[int]], workers: Collection[int], sizes: Sequence[int]
) -> dict[int, set[int]]:
    """Return who has which shards when only `workers` are there: the others' shards go to those that have least."""
    found = {worker: set(shards_of.get(worker, ())) for worker in workers}
    orphans = [shard for worker, shards in shards_of.items() if worker not in found for shard in shards]
    loads = {worker: sum(sizes[shard] for shard in shards) for worker, shards in found.items()}
    for shard in sorted(orphans, key=lambda shard: -sizes[shard]):
        least = min(loads, key=lambda worker: loads[worker])
        found[least].add(shard)
        loads[least] += sizes[shard]
    return found
