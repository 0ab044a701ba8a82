"""Ray without processes: a head that may be frozen, nodes that listen at one port, and actors that answer at once."""

import threading
from contextlib import contextmanager
from socket import create_server
from types import SimpleNamespace


class RayError(Exception):
    """As Ray's."""


class RayTaskError(RayError):
    """As Ray's."""

    cause = None


class FakeRay:
    """What `RayTransport` uses of Ray.

    `is_frozen` lets each question to the head wait until `thaw`. Actors on `silent` nodes never answer.
    """

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self, port, n_nodes=2, *, silent=()):
        self.util = SimpleNamespace(
            get_node_ip_address=lambda: "127.0.0.1",
            scheduling_strategies=SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node, soft: node),
        )
        self.port, self.names, self.silent = port, [f"node{n}" for n in range(n_nodes)], set(silent)
        self.is_frozen, self.is_connected, self.given = False, False, None
        self.started, self.killed, self.free_cpus = [], [], 0
        self.thaw = threading.Event()

    def ask_head(self):
        if self.is_frozen:
            self.thaw.wait()

    def init(self, **options):
        self.given = options
        self.ask_head()
        self.is_connected = True

    def is_initialized(self):
        return self.is_connected

    def shutdown(self):
        self.ask_head()
        self.is_connected = False

    def get_runtime_context(self):
        return SimpleNamespace(gcs_address=f"127.0.0.1:{self.port}")

    def nodes(self):
        self.ask_head()
        place = {"NodeManagerAddress": "127.0.0.1", "NodeManagerPort": self.port, "Resources": {"CPU": 1.0}}
        return [{"NodeID": name, "Alive": True, **place} for name in self.names]

    def cluster_resources(self):
        self.ask_head()
        return {"CPU": float(len(self.names))}

    def available_resources(self):
        self.ask_head()
        return {"CPU": float(self.free_cpus)}

    def remote(self, **_):
        return lambda made: SimpleNamespace(options=self._options)

    def _options(self, scheduling_strategy, **_):
        return SimpleNamespace(remote=lambda *_: self._start(scheduling_strategy))

    def _start(self, node):
        self.ask_head()
        answer = object()
        if node in self.silent:
            answer = None
        asked = SimpleNamespace(remote=lambda: answer)
        actor = SimpleNamespace(node=node, progress=SimpleNamespace(options=lambda **_: asked))
        self.started.append(actor)
        return actor

    def kill(self, actor):
        self.ask_head()
        self.killed.append(actor)

    def wait(self, references, *, num_returns=1, timeout):
        ready = [reference for reference in references if reference is not None]
        return ready, [reference for reference in references if reference is None]

    def get(self, reference):
        if isinstance(reference, Exception):
            raise reference
        return reference

    @property
    def running(self):
        """Nodes of the actors that run, in the order of their start."""
        return [actor.node for actor in self.started if actor not in self.killed]


@contextmanager
def listener():
    """The port of a socket at which somebody listens, and never answers."""
    with create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
