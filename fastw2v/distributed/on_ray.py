"""Workers as actors of Ray, one on each node."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from fastw2v.cluster import Cluster
from fastw2v.config import TrainConfig
from fastw2v.distributed.ray_cluster import RayCluster, connection_error, ray_module
from fastw2v.distributed.replica import Progress, Replica
from fastw2v.distributed.shards import ClusterCorpus
from fastw2v.distributed.transport import NoWorkerLeftError, OnWords, WorkerLostError
from fastw2v.runtime.warn import warn_user

logger = logging.getLogger("fastw2v")
_POLL_S = 0.5  # between looks at what is under way
_LOOK_S = 5.0  # between looks at nodes and at the head
_START_S, _REPLACE_S = 120.0, 20.0
_RAY_KNOWS_S = 90.0  # in which Ray finds that the daemon of a node does not answer, and ends its workers


class _Node(NamedTuple):
    """A node of Ray, and where its daemon listens."""

    id: str
    host: str
    port: int
    cpus: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> _Node:
        """Return what Ray tells of a node."""
        return cls(told["NodeID"], told["NodeManagerAddress"], told["NodeManagerPort"], int(told["Resources"]["CPU"]))

    @property
    def is_there(self) -> bool:
        """Whether its daemon can be reached; Ray knows only after half a minute that a node is gone."""
        return connection_error(self.host, self.port) is None

    @property
    def is_gone(self) -> bool:
        """Whether its machine says that the daemon has ended. Its workers end with it."""
        return isinstance(connection_error(self.host, self.port), ConnectionRefusedError)


class _Seen:
    """What a worker said last of its progress, and when it had last made some."""

    def __init__(self, now: float) -> None:
        self.when, self.n_words, self.is_busy = now, 0, False
        self._n_steps = -1

    def note(self, progress: Progress, now: float) -> None:
        """Note an answer of `Replica.progress`."""
        if progress.n_steps != self._n_steps:
            self.when = now
        self._n_steps, self.n_words, self.is_busy = progress


class WorkerTraceback(Exception):  # noqa: N818 - it is shown above an error, and never raised
    """Where a worker raised an error, as text: the cause of the error that is raised here."""

    def __str__(self) -> str:
        """Begin below the name of the class."""
        return f"\n{self.args[0]}"


class RayTransport:
    """Actors of Ray, each with all CPUs of its node; see `Transport`.

    Parameters
    ----------
    cluster : Cluster
    config : TrainConfig
        `workers` limits the threads of a node.
    corpus : ClusterCorpus

    Raises
    ------
    ImportError
        Ray is not installed.
    ConnectionError
        There is no such cluster, or this process is connected to another.
    """

    def __init__(self, cluster: Cluster, config: TrainConfig, corpus: ClusterCorpus) -> None:
        self._ray, self._cluster = ray_module(), cluster
        self._config, self._corpus = config, corpus
        self._actors: dict[int, Any] = {}
        self._nodes: dict[int, _Node] = {}  # of all workers that there were
        self._seen: dict[int, _Seen] = {}
        self._connection = RayCluster(cluster.address)
        self._next_look = 0.0

    def start(self, but_not: Collection[str] = ()) -> dict[int, int]:
        """Start an actor on each node that has none; see `Transport.start`.

        Raises
        ------
        NoWorkerLeftError
            There are nodes with CPUs, but no worker started on any.
        TimeoutError
            Fewer nodes came than were asked for.
        """
        is_first, starting, threads = not self._nodes, dict[int, Any](), dict[int, int]()
        free = self._awaited_nodes() if is_first else self._free_nodes(but_not)
        try:
            for node in free:
                worker = len(self._nodes)
                self._nodes[worker], threads[worker] = node, min(node.cpus, self._config.workers or node.cpus)
                starting[worker] = self._new_actor(node, threads[worker])
            failures = self._await_start(starting, _START_S if is_first else _REPLACE_S)
        finally:
            self._kill(list(starting.values()))  # Ctrl-C too leaves nothing that starts
        for worker, failure in failures.items():
            node = self._nodes[worker]
            warn_user(f"the node {node.host} ({node.id[:8]}) is not used, since no worker started there: {failure}")
        if failures and not self._actors:
            raise NoWorkerLeftError(f"no worker started on any node: {next(iter(failures.values()))}")
        return {worker: threads[worker] for worker in threads if worker in self._actors}

    def _await_start(self, starting: dict[int, Any], patience: float) -> dict[int, str]:
        """Take over the actors that answer, and return why others do not."""
        answers = {worker: _asked(actor) for worker, actor in starting.items()}
        ready = set(self._wait(answers.values(), patience))
        failures = {}
        for worker, answer in answers.items():
            failure = self._failure(answer) if answer in ready else f"it did not answer in {patience:.0f} s"
            if failure is None:
                self._actors[worker] = starting.pop(worker)
            else:
                failures[worker] = failure
        if len(ready) < len(answers):
            taken = self._held_cpus()
            failures = {
                worker: f"{failure}{'' if answers[worker] in ready else taken}" for worker, failure in failures.items()
            }
        return failures

    def _held_cpus(self) -> str:
        """Say how many CPUs are held by other work, or by workers that do not answer, if any are."""
        whole = self._connection.ask(self._ray.cluster_resources).get("CPU", 0)
        free = self._connection.ask(self._ray.available_resources).get("CPU", 0)
        taken = whole - free - sum(self._nodes[worker].cpus for worker in self._actors)
        by_whom = "by other work (see `ray status`) or by workers that start slowly"
        return f"; {taken:g} of the {whole:g} CPUs of the cluster are held, {by_whom}" if taken > 0 else ""

    def _wait(self, references: Collection[Any], timeout: float) -> list[Any]:
        """Wait for results, and return the references of those that are there."""
        given = list(references)
        return list(self._ray.wait(given, num_returns=len(given), timeout=timeout)[0]) if given else []

    def _awaited_nodes(self) -> list[_Node]:
        """Return the nodes of the cluster, once there are as many as were asked for."""
        end, expected = time.monotonic() + _START_S, self._cluster.nodes
        while expected is not None and len(found := self._free_nodes()) < expected:
            if time.monotonic() > end:
                came = f"the cluster has {len(found)} nodes with a CPU after {_START_S:.0f} s, and nodes is {expected}"
                cure = f"start more by `ray start --address HEAD:PORT`, or pass nodes={max(1, len(found))}"
                raise TimeoutError(f"{came}; {cure}")
            time.sleep(_POLL_S)
        return found if expected is not None else self._free_nodes()

    def _free_nodes(self, but_not: Collection[str] = ()) -> list[_Node]:
        """Return nodes without a worker."""
        used = {self._nodes[worker].id for worker in self._actors}
        told = self._connection.ask(self._ray.nodes)
        found = sorted(_Node.of(node) for node in told if node["Alive"] and node["Resources"].get("CPU", 0) >= 1)
        most = len(found) if self._cluster.nodes is None else self._cluster.nodes
        free = [node for node in found if node.id not in used and node.id not in but_not and node.is_there]
        return free[: max(0, most - len(used))]

    def _new_actor(self, node: _Node, threads: int) -> Any:  # noqa: ANN401
        # Ray lets one call run at a time in each group, so that progress is told while a round is trained.
        place = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node.id, soft=False)
        options = {"num_cpus": node.cpus, "max_restarts": 0, "scheduling_strategy": place}

        def new() -> Any:  # noqa: ANN401
            made = self._ray.remote(concurrency_groups={"watch": 1})(Replica)
            return made.options(**options).remote(self._config, self._corpus, threads)

        return self._connection.ask(new)

    def node_of(self, worker: int) -> str:
        """Return the name that Ray has for a node."""
        return self._nodes[worker].id

    def call(self, worker: int, method: str, *arguments: Any) -> Any:  # noqa: ANN401
        """Call a method of an actor; see `Transport.call`."""
        return getattr(self._actor(worker), method).remote(*arguments)

    def call_for_many(self, worker: int, method: str, *arguments: Any, n_results: int) -> list[Any]:  # noqa: ANN401
        """Call a method of several results; see `Transport.call_for_many`."""
        found = getattr(self._actor(worker), method).options(num_returns=n_results).remote(*arguments)
        return [found] if n_results == 1 else list(found)

    def _actor(self, worker: int) -> Any:  # noqa: ANN401
        if worker not in self._actors:
            raise WorkerLostError(f"worker {worker} has ended")
        return self._actors[worker]

    def share(self, value: Any) -> Any:  # noqa: ANN401
        """Put a value into the object store."""
        return self._ray.put(value)

    def gather(self, references: Sequence[Any], on_words: OnWords | None = None) -> list[Any]:
        """Wait for results; see `Transport.gather`."""
        self._look()
        left, results = list(references), {}
        self._seen = {worker: _Seen(time.monotonic()) for worker in self._actors}
        asked: dict[int, Any] = {}
        while left:
            ready, left = self._ray.wait(left, num_returns=len(left), timeout=_POLL_S)
            for reference in ready:
                results[reference] = self._result(reference)
            if left:
                self._watch(asked)
                if on_words is not None:
                    on_words(sum(seen.n_words for seen in self._seen.values()))
        return [results[reference] for reference in references]

    def _look(self) -> None:
        """Raise ConnectionError if the head is gone, which is looked for now and then."""
        if time.monotonic() > self._next_look:
            self._connection.await_head()
            self._next_look = time.monotonic() + _LOOK_S

    def _watch(self, asked: dict[int, Any]) -> None:
        """Ask the workers how far they are. WorkerLostError if one is late, TimeoutError if nothing is under way."""
        self._look()
        for worker, actor in self._actors.items():
            if worker not in asked:
                asked[worker] = _asked(actor)
        self._wait(asked.values(), 0.05)
        now = time.monotonic()
        for worker in list(asked):
            if self._ray.wait([asked[worker]], timeout=0)[0]:
                self._seen[worker].note(self._result(asked.pop(worker)), now)
        waited = {worker: now - seen.when for worker, seen in self._seen.items()}
        late = [worker for worker, waits in waited.items() if waits > self._cluster.deadline]
        hung = [worker for worker in late if worker in asked or self._seen[worker].is_busy]
        if hung:
            self._connection.await_head()
            self._end(hung)
            raise WorkerLostError(f"workers {hung} made no progress in {self._cluster.deadline:g} s")
        seconds = min(waited.values(), default=0.0)
        if seconds > max(self._cluster.deadline, _RAY_KNOWS_S):
            raise TimeoutError(
                f"all nodes wait, and nothing moved between them in {seconds:.0f} s; check their network"
            )

    def _result(self, reference: Any) -> Any:  # noqa: ANN401
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            failure = self._translated(error)
            error.__traceback__ = None  # Ray's frames hold the error, and so all frames from here up, in a cycle
        try:
            raise failure
        finally:
            del failure  # as above

    def _translated(self, error: Any) -> Exception:  # noqa: ANN401
        """Return what a method raised, with where; or that its worker is lost."""
        errors, cause = self._ray.exceptions, getattr(error, "cause", None)
        if not isinstance(error, errors.RayTaskError):
            return WorkerLostError(_summary(error))
        if isinstance(cause, errors.RayError):
            return WorkerLostError(_summary(cause))
        raised: Exception = cause if isinstance(cause, Exception) else error
        traceback = "\n".join(_lines(error))
        node = re.search(r"\(pid=\d+, ip=([^,)]+)", traceback)
        raised.add_note(f"it was raised by a worker on {f'the node {node[1]}' if node else 'a node'}")
        raised.__cause__ = WorkerTraceback(traceback)  # not the error of Ray, which holds this one
        return raised

    def _failure(self, reference: Any) -> str | None:  # noqa: ANN401
        """Return why a worker is lost, None if it has answered."""
        try:
            self._result(reference)
        except WorkerLostError as error:
            return str(error)
        return None

    def interrupt(self, worker: int) -> None:
        """End the training of a round."""
        self._actor(worker).stop.options(concurrency_group="watch").remote()

    def lost(self) -> set[int]:
        """Return the workers that have ended, or do not answer before the deadline; they are ended."""
        self._connection.await_head()
        silent = {worker: _asked(actor) for worker, actor in self._actors.items()}
        lost, end = set[int](), time.monotonic() + self._cluster.deadline
        while silent and (seconds := end - time.monotonic()) > 0:
            ready = set(self._wait(silent.values(), min(_LOOK_S, seconds)))
            for worker, answer in list(silent.items()):
                is_lost = self._failure(answer) is not None if answer in ready else self._nodes[worker].is_gone
                if is_lost:
                    lost.add(worker)
                if is_lost or answer in ready:
                    del silent[worker]
        self._end(sorted(lost | set(silent)))
        return {worker for worker in self._nodes if worker not in self._actors}

    def _end(self, workers: Sequence[int]) -> None:
        for worker in workers:
            self._kill([self._actors.pop(worker)])

    def _kill(self, actors: Sequence[Any]) -> None:
        for actor in actors:
            if self._connection.is_there:  # else Ray ends them when it misses this process
                self._connection.ask(lambda: self._ray.kill(actor))  # noqa: B023 - it is called at once

    def close(self) -> None:
        """End the actors, and the connection to the cluster if it was made here."""
        try:
            self._end(list(self._actors))
        except ConnectionError as error:  # what is trained is here
            logger.warning("workers were not ended: %s", error)
        finally:
            self._connection.close()


def _asked(actor: Any) -> Any:  # noqa: ANN401
    """Ask a worker how far it is, while it does other things; return a reference to the answer."""
    return actor.progress.options(concurrency_group="watch").remote()


def _summary(error: Any) -> str:  # noqa: ANN401
    """Return the first line of what Ray says; of a worker that did not start, what its Python raised."""
    lines = _lines(error)
    return lines[-1] if getattr(error, "actor_init_failed", False) else lines[0]


def _lines(error: Exception) -> list[str]:
    """Return the lines of an error without colours, nor those that mark a place in the line above."""
    lines = re.sub(r"\x1b\[\d*m", "", str(error)).splitlines()
    return [line for line in lines if line.strip(" ^~")] or [type(error).__name__]
