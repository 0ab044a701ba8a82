"""The exchange after a round: each row goes to its owner, who merges it, and from there to all workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import Any

from fastw2v.distributed.contexts import Contexts
from fastw2v.distributed.plan import Block
from fastw2v.distributed.replica import Exchange
from fastw2v.distributed.transport import Transport

_Copies = dict[int, dict[int, Any]]  # of a block: by the rank of who sends, and of who owns the rows


def exchange_rows(
    transport: Transport,
    workers: Sequence[int],
    contributors: Collection[int],
    *,
    blocks: Sequence[Block],
    exposure: float,
    contexts: Contexts,
    first: int = 0,
) -> None:
    """Merge the rows of some blocks, and wait until all workers have them.

    Parameters
    ----------
    transport : Transport
    workers : sequence of int
        The owners of rows, by rank.
    contributors : collection of int
        The workers that have trained since the rows were last merged.
    blocks : sequence of Block
    exposure, contexts
        See `Exchange`.
    first : int
        The contributor whose moves come first, modulo their number; the last one's count most.

    Raises
    ------
    WorkerLostError
        Then the rows of the others are partly merged.
    """
    ranks = tuple(rank for rank, worker in enumerate(workers) if worker in contributors)
    first %= max(len(ranks), 1)
    ranks = ranks[first:] + ranks[:first]
    plans = [Exchange(len(workers), rank, ranks, exposure, contexts) for rank in range(len(workers))]
    calls = _Calls(transport, workers, ranks)
    received = deque([[transport.call(worker, "prepare", plan) for worker, plan in zip(workers, plans)]])
    sent: tuple[Block, _Copies] | None = None
    merged: tuple[Block, list[Any]] | None = None
    for block in (*blocks, None, None):
        # A worker does its calls in this order. So a block is on its way while others are sent and merged.
        sending = None if block is None else (block, calls.send(block))
        merging = None if sent is None else (sent[0], calls.merge(*sent))
        if merged is not None:
            received.append(calls.receive(*merged))
        sent, merged = sending, merging
        if len(received) > 1:
            transport.gather(received.popleft())
    for last in received:
        transport.gather(last)


def exchanged_bytes(row_bytes: int, n_contributors: int, *, n_owners: int) -> int:
    """Return the bytes that all workers send in an exchange of rows of `row_bytes` together.

    A contributor sends all rows but those that it owns, and an owner sends those that it merged to all others.
    """
    return row_bytes * (n_owners - 1) * (n_contributors + n_owners) // n_owners


class _Calls:
    """The calls that exchange a block, of all workers; each returns references."""

    def __init__(self, transport: Transport, workers: Sequence[int], ranks: Sequence[int]) -> None:
        self._transport, self._workers, self._ranks = transport, workers, ranks

    def send(self, block: Block) -> _Copies:
        """Let those that have trained copy rows for their owners."""
        owners = range(len(self._workers))
        sent: _Copies = {}
        for rank in self._ranks:
            others = [owner for owner in owners if owner != rank]
            copies = self._transport.call_for_many(self._workers[rank], "send", block, n_results=len(others))
            sent[rank] = dict(zip(others, copies))
        return sent

    def merge(self, block: Block, sent: _Copies) -> list[Any]:
        """Let the owners merge what was sent."""
        return [
            self._transport.call(worker, "merge", block, *(sent[rank][owner] for rank in self._ranks if rank != owner))
            for owner, worker in enumerate(self._workers)
        ]

    def receive(self, block: Block, merged: list[Any]) -> list[Any]:
        """Let all take the rows that others have merged."""
        return [
            self._transport.call(worker, "receive", block, *merged[:rank], *merged[rank + 1 :])
            for rank, worker in enumerate(self._workers)
        ]
