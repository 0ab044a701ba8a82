"""Workers as actors of Ray, one on each node."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Sequence
from typing import Any

from fastw2v.cluster import Cluster
from fastw2v.config import TrainConfig
from fastw2v.distributed.replica import Progress, Replica
from fastw2v.distributed.shards import ClusterCorpus
from fastw2v.distributed.transport import OnWords, WorkerLostError
from fastw2v.runtime.packages import optional_module
from fastw2v.runtime.warn import warn_user

logger = logging.getLogger("fastw2v")
_POLL_S = 0.5
_ANSWER_S, _START_S, _REPLACE_S = 10.0, 120.0, 20.0
_CURE = 'start one by `ray start --head`, give its address, or pass cluster="local" for this machine alone'
_STORE_BYTES = 1 << 30  # of a cluster that is started here: blocks under way, and counts


def ray_module() -> Any:  # noqa: ANN401 - it may not be installed
    """Return the module ray; ImportError, with the command that installs it, if it is absent."""
    return optional_module("ray", package="'fastw2v[ray]'", purpose="training on a cluster")


def _is_there(host: str, port: int) -> bool:
    """Whether somebody listens there; Ray knows only after half a minute that a node is gone."""
    try:
        socket.create_connection((host, port), timeout=_ANSWER_S).close()
    except OSError:
        return False
    return True


def _check_address(address: str) -> None:
    """Raise ConnectionError if nobody listens there: Ray would wait for minutes, and then end the process."""
    if address in ("auto", "local"):
        return
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()):
        raise ValueError(f'cluster is {address!r}; expected "auto", "local", or HOST:PORT of the head of a cluster')
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(f"no Ray cluster at {address!r} ({error}); {_CURE}") from error


class _Seen:
    """What a worker said of its progress, and when that was new."""

    def __init__(self, now: float) -> None:
        self.when, self.n_words, self.is_busy = now, 0, False
        self._n_steps = -1

    def note(self, progress: Progress, now: float) -> None:
        """Note an answer of `Replica.progress`."""
        if progress.n_steps != self._n_steps:
            self.when = now
        self._n_steps, self.n_words, self.is_busy = progress


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
        There is no such cluster.
    """

    def __init__(self, cluster: Cluster, config: TrainConfig, corpus: ClusterCorpus) -> None:
        self._ray, self._cluster = ray_module(), cluster
        self._config, self._corpus = config, corpus
        self._actors: dict[int, Any] = {}
        self._nodes: dict[int, str] = {}
        self._seen: dict[int, _Seen] = {}
        self._n_started = 0
        self._owns_cluster = not self._ray.is_initialized()
        if self._owns_cluster:
            self._connect()

    def _connect(self) -> None:
        _check_address(self._cluster.address)
        options: dict[str, Any] = {"logging_level": logging.WARNING, "log_to_driver": False}
        if self._cluster.address == "local":
            options |= {"address": "local", "include_dashboard": False, "object_store_memory": _STORE_BYTES}
        else:
            options["address"] = self._cluster.address
        try:
            self._ray.init(**options)
        except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
            raise ConnectionError(f"no Ray cluster at {self._cluster.address!r} ({error}); {_CURE}") from error

    def start(self) -> dict[int, int]:
        """Start an actor on each node that has none; see `Transport.start`."""
        new: dict[int, tuple[Any, int]] = {}
        for node in self._free_nodes():
            cpus = int(node["Resources"]["CPU"])
            threads = min(cpus, self._config.workers or cpus)
            new[self._n_started] = self._new_actor(node["NodeID"], cpus, threads), threads
            self._nodes[self._n_started] = node["NodeID"]
            self._n_started += 1
        answers = [actor.progress.options(concurrency_group="watch").remote() for actor, _ in new.values()]
        patience = _REPLACE_S if self._actors else _START_S
        ready = set(self._ray.wait(answers, num_returns=len(answers), timeout=patience)[0]) if answers else set()
        started = {}
        for (worker, (actor, threads)), answer in zip(new.items(), answers):
            if answer not in ready or not self._answers(answer):
                self._ray.kill(actor)
                warn_user(f"node {self._nodes[worker][:8]} started no worker in {patience:.0f} s, and is not used")
                continue
            self._actors[worker], started[worker] = actor, threads
        return started

    def _free_nodes(self) -> list[Any]:
        used = {self._nodes[worker] for worker in self._actors}
        nodes = [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        free = sorted((node for node in nodes if node["NodeID"] not in used), key=lambda node: node["NodeID"])
        free = [node for node in free if _is_there(node["NodeManagerAddress"], node["NodeManagerPort"])]
        most = len(nodes) if self._cluster.nodes is None else self._cluster.nodes
        return free[: max(0, most - len(used))]

    def _new_actor(self, node: str, cpus: int, threads: int) -> Any:  # noqa: ANN401
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        # Ray lets one call run at a time in each group, so that progress is told while a round is trained.
        made = self._ray.remote(concurrency_groups={"watch": 1})(Replica)
        place = NodeAffinitySchedulingStrategy(node, soft=False)
        options = {"num_cpus": cpus, "max_restarts": 0, "scheduling_strategy": place}
        return made.options(**options).remote(self._config, self._corpus, threads)

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

    def _watch(self, asked: dict[int, Any]) -> None:
        """Ask the workers how far they are. WorkerLostError if one is late, TimeoutError if nothing is under way."""
        for worker, actor in self._actors.items():
            if worker not in asked:
                asked[worker] = actor.progress.options(concurrency_group="watch").remote()
        self._ray.wait(list(asked.values()), num_returns=len(asked), timeout=0.05)
        now = time.monotonic()
        for worker in list(asked):
            if self._ray.wait([asked[worker]], timeout=0)[0]:
                self._seen[worker].note(self._result(asked.pop(worker)), now)
        late = [worker for worker, seen in self._seen.items() if now - seen.when > self._cluster.deadline]
        hung = [worker for worker in late if worker in asked or self._seen[worker].is_busy]
        if hung:
            self._end(hung)
            raise WorkerLostError(f"workers {hung} made no progress in {self._cluster.deadline:g} s")
        if len(late) == len(self._seen):
            raise TimeoutError(f"nothing moved between the nodes in {self._cluster.deadline:g} s; check the network")

    def _result(self, reference: Any) -> Any:  # noqa: ANN401
        errors, failure = self._ray.exceptions, None
        try:
            return self._ray.get(reference)
        except errors.RayTaskError as error:
            cause = getattr(error, "cause", None)
            lost = isinstance(cause, errors.RayError)
            failure = WorkerLostError(str(cause)) if lost else cause if isinstance(cause, Exception) else error
            error.__traceback__ = None
        except errors.RayError as error:
            failure = WorkerLostError(str(error).partition("\n")[0])
            error.__traceback__ = (
                None  # a frame of Ray holds the error: a cycle, which would hold all frames from here up
            )
        try:
            raise failure
        finally:
            failure = cause = None  # as above

    def _answers(self, reference: Any) -> bool:  # noqa: ANN401
        try:
            self._result(reference)
        except WorkerLostError:
            return False
        return True

    def interrupt(self, worker: int) -> None:
        """End the training of a round."""
        self._actor(worker).stop.options(concurrency_group="watch").remote()

    def lost(self) -> set[int]:
        """Return the workers that do not answer within ten seconds, and end them."""
        asked = {w: a.progress.options(concurrency_group="watch").remote() for w, a in self._actors.items()}
        ready = self._ray.wait(list(asked.values()), num_returns=len(asked), timeout=_ANSWER_S)[0] if asked else []
        lost = [worker for worker, answer in asked.items() if answer not in ready or not self._answers(answer)]
        self._end(lost)
        gone = {worker for worker in self._nodes if worker not in self._actors}
        return gone

    def _end(self, workers: Sequence[int]) -> None:
        for worker in workers:
            self._ray.kill(self._actors.pop(worker))

    def close(self) -> None:
        """End the actors, and the cluster if it was started here."""
        self._end(list(self._actors))
        if self._owns_cluster:
            self._ray.shutdown()
