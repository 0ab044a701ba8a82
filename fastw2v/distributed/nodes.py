"""The workers of a training, and who has which shards; losses and replacements."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fastw2v.distributed.plan import first_owners, reassign
from fastw2v.distributed.shards import Shard, warn_of_uneven
from fastw2v.distributed.transport import NoWorkerLeftError, OnWords, Transport

logger = logging.getLogger("fastw2v")
_MOST_LOST = 3  # of a node, one after the other without any progress, as for want of memory
_MOST_FAILURES = 20  # of all, likewise; and as many more as there are workers at first


class Nodes:
    """The workers that are there.

    Parameters
    ----------
    transport : Transport
    shards : sequence of Shard
        Of the corpus, in its order.

    Attributes
    ----------
    threads : dict of worker to int
        Of the workers that are there.
    shards_of : dict of worker to set of int
        Numbers of the shards that each trains.
    n_lost : int
        Workers lost so far.
    """

    def __init__(self, transport: Transport, shards: Sequence[Shard]) -> None:
        self.transport, self.shards = transport, shards
        self._sizes = [shard.n_bytes for shard in shards]
        self.threads: dict[int, int] = {}
        self.shards_of: dict[int, set[int]] = {}
        self.n_lost = self._n_failures = self._n_first = 0
        self._losses: Counter[str] = Counter()  # of each node, since there was progress

    @property
    def workers(self) -> list[int]:
        """The workers, by rank."""
        return sorted(self.threads)

    def start(self) -> None:
        """Start the workers, and give each a run of shards.

        Raises
        ------
        NoWorkerLeftError
            There is no node with a CPU.
        """
        self.threads = self.transport.start()
        self._n_first = len(self.threads)
        if not self.threads:
            cure = "see `ray status`, and start nodes by `ray start --address HEAD:PORT --num-cpus N`"
            raise NoWorkerLeftError(f"no node of the cluster has a CPU, or none can be reached; {cure}")
        self.shards_of = first_owners(self._sizes, self.workers)
        warn_of_uneven(self.shards_of.values(), self.shards)

    def owner_of(self, shard: int) -> int:
        """Return the worker that has a shard."""
        return next(worker for worker, shards in self.shards_of.items() if shard in shards)

    def everywhere(self, method: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """Call a method of all workers, and return the results by rank."""
        return self.each(method, dict.fromkeys(self.workers, arguments))

    def each(self, method: str, arguments: Mapping[int, Sequence[Any]], on_words: OnWords | None = None) -> list[Any]:
        """Call a method of some workers, each with its own arguments; return the results in this order."""
        called = [self.transport.call(worker, method, *given) for worker, given in arguments.items()]
        return self.transport.gather(called, on_words)

    def replace_lost(self) -> None:
        """Forget lost workers, start new ones where there is room, and share out the shards.

        A node that has lost several workers without `progressed` gets no new one.

        Raises
        ------
        NoWorkerLeftError
            None is left that has what is trained, or calls fail again and again.
        """
        self._n_failures += 1
        if self._n_failures > _MOST_FAILURES + self._n_first:
            raise NoWorkerLeftError(f"calls failed {self._n_failures} times, and nothing was done; see the warnings")
        lost = self.transport.lost() & set(self.threads)
        self.n_lost += len(lost)
        for worker in lost:
            del self.threads[worker]
            self._losses[self.transport.node_of(worker)] += 1
        survivors = self.workers
        if not survivors:
            raise NoWorkerLeftError("all workers are lost, and what was not in a checkpoint")
        new = self.transport.start({node for node, n_lost in self._losses.items() if n_lost >= _MOST_LOST})
        self.threads |= new
        if lost:
            logger.warning("%d workers were lost: %d go on, %d are new", len(lost), len(survivors), len(new))
        self.shards_of = self._shared_out(new)

    def progressed(self) -> None:
        """Note that what was to be done is done, on all workers."""
        self._n_failures = 0
        self._losses.clear()

    def _shared_out(self, new: Mapping[int, int]) -> dict[int, set[int]]:
        """Give new workers the shards of lost ones; what is left over goes to those that have least."""
        orphans = [worker for worker in self.shards_of if worker not in self.threads]
        shards_of = dict(self.shards_of)
        for worker, lost in zip(new, orphans):
            shards_of[worker] = shards_of.pop(lost)
        return reassign(shards_of, self.workers, self._sizes)
