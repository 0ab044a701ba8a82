"""The interface between the driver and the machines: start workers, call their methods, wait for the results.

`fastw2v.distributed.on_ray` has the one of production. Tests have one that calls everything in the same process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

OnWords = Callable[[int], None]
"""Called while results are waited for, with the words that all workers have trained in this round."""


class WorkerLostError(RuntimeError):
    """A worker has ended, or does not answer; `Transport.lost` tells which."""


class NoWorkerLeftError(RuntimeError):
    """All workers are lost, and what they had trained since the last checkpoint."""


class Transport(Protocol):
    """Workers on machines, each a `Replica`; references stand for the results of calls that go on."""

    def start(self, but_not: Collection[str] = ()) -> dict[int, int]:
        """Start a worker on each node that has none; return the threads of each new worker, by its number.

        Numbers are not used again. A node whose worker was lost gets a new one if there is room, and if its name is
        not in `but_not`.

        Raises
        ------
        TimeoutError
            There are fewer nodes than were asked for.
        ConnectionError
            The head of the cluster does not answer.
        """

    def node_of(self, worker: int) -> str:
        """Return the name of the node on which a worker is or was."""

    def call(self, worker: int, method: str, *arguments: Any) -> Any:  # noqa: ANN401
        """Call a method of a worker; return a reference to its result. Arguments may be references.

        A worker's calls run in the order in which they are made.
        """

    def call_for_many(self, worker: int, method: str, *arguments: Any, n_results: int) -> list[Any]:  # noqa: ANN401
        """Do what `call` does, for a method with so many results; return a reference to each."""

    def share(self, value: Any) -> Any:  # noqa: ANN401
        """Return a reference to a value, which is sent to each machine once."""

    def gather(self, references: Sequence[Any], on_words: OnWords | None = None) -> list[Any]:
        """Wait for results, and return them.

        Raises
        ------
        WorkerLostError
            A worker has ended, or has made no progress for the deadline.
        TimeoutError
            All workers wait for each other, and nothing moves between them.
        ConnectionError
            The head of the cluster is gone, or does not answer.
        Exception
            What a method raised.
        """

    def interrupt(self, worker: int) -> None:
        """End the training of the round that a worker is in, soon."""

    def lost(self) -> set[int]:
        """Return the workers that have ended or do not answer; they are ended."""

    def close(self) -> None:
        """End all workers, and give back what they hold."""
