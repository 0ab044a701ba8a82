"""A cluster in this process: calls run at once, and a worker can be lost at any call."""

from itertools import count

from fastw2v.distributed.replica import Replica
from fastw2v.distributed.transport import WorkerLostError


class Lost:
    """The result of a call whose worker was lost."""


class InProcess:
    """Replicas in this process.

    `dies_at` has the numbers of calls, counted from 1 over all workers, at which the worker that is called is lost.
    """

    def __init__(self, config, corpus, n_nodes, *, dies_at=(), replaces=False):
        self._make = lambda: Replica(config, corpus, 1)
        self._n_nodes, self._dies_at, self._replaces = n_nodes, set(dies_at), replaces
        self._places = {}
        self._numbers, self._calls = count(), count(1)
        self.replicas, self.calls, self.is_closed, self.has_started = {}, [], False, False

    def start(self, but_not=()):
        if self.has_started and not self._replaces:
            return {}
        self.has_started = True
        used = {self._places[worker] for worker in self.replicas} | set(but_not)
        free = [str(n) for n in range(self._n_nodes) if str(n) not in used]
        new = {next(self._numbers): self._make() for _ in free}
        self._places |= dict(zip(new, free))
        self.replicas |= new
        return dict.fromkeys(new, 1)

    def node_of(self, worker):
        return self._places[worker]

    def call(self, worker, method, *arguments):
        if worker not in self.replicas:
            raise WorkerLostError(f"worker {worker} has ended")
        number = next(self._calls)
        self.calls.append((worker, method))
        if number in self._dies_at:
            del self.replicas[worker]
        if worker not in self.replicas or any(isinstance(given, Lost) for given in arguments):
            return Lost()
        try:
            return getattr(self.replicas[worker], method)(*arguments)
        except KeyboardInterrupt as stop:
            return stop

    def call_for_many(self, worker, method, *arguments, n_results):
        found = self.call(worker, method, *arguments)
        if isinstance(found, Lost):
            return [found] * n_results
        return [found] if n_results == 1 else found

    def share(self, value):
        return value

    def gather(self, references, on_words=None):
        for reference in references:
            if isinstance(reference, Lost):
                raise WorkerLostError("a worker was lost")
            if isinstance(reference, BaseException):
                raise reference
        if on_words is not None:
            on_words(sum(replica.progress().n_words for replica in self.replicas.values()))
        return list(references)

    def interrupt(self, worker):
        self.replicas[worker].stop()

    def lost(self):
        return set(range(10_000)) - set(self.replicas)

    def close(self):
        self.replicas.clear()
        self.is_closed = True
