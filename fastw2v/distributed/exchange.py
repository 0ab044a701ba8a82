"""The exchange after a round: each row goes to its owner, who merges it, and from there to all workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import Any

from fastw2v.distributed.plan import Block
from fastw2v.distributed.replica import Exchange
from fastw2v.distributed.transport import Transport

_N_BLOCKS_AT_ONCE = 3


def exchange_rows(
    transport: Transport,
    workers: Sequence[int],
    contributors: Collection[int],
    *,
    blocks: Sequence[Block],
    exposure: float,
    n_rows: int,
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
    exposure, n_rows
        See `Exchange`.

    Raises
    ------
    WorkerLostError
        Then the rows of the others are partly merged.
    """
    ranks = tuple(rank for rank, worker in enumerate(workers) if worker in contributors)
    plans = [Exchange(n_rows, len(workers), rank, ranks, exposure) for rank in range(len(workers))]
    under_way: deque[list[Any]] = deque()
    under_way.append([transport.call(worker, "prepare", plan) for worker, plan in zip(workers, plans)])
    for block in blocks:
        under_way.append(_exchange_block(transport, workers, ranks, block=block))
        if len(under_way) >= _N_BLOCKS_AT_ONCE:
            transport.gather(under_way.popleft())
    for received in under_way:
        transport.gather(received)


def _exchange_block(transport: Transport, workers: Sequence[int], ranks: Sequence[int], *, block: Block) -> list[Any]:
    """Begin to exchange a block; return references that are ready when all workers have it."""
    owners = range(len(workers))
    sent: dict[int, dict[int, Any]] = {}
    for rank in ranks:
        others = [owner for owner in owners if owner != rank]
        copies = transport.call_for_many(workers[rank], "send", block, n_results=len(others))
        sent[rank] = dict(zip(others, copies))
    merged = [
        transport.call(workers[owner], "merge", block, *(sent[rank][owner] for rank in ranks if rank != owner))
        for owner in owners
    ]
    return [
        transport.call(workers[rank], "receive", block, *(merged[owner] for owner in owners if owner != rank))
        for rank in owners
    ]
