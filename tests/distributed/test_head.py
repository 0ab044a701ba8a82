"""Calls to the head of a cluster end, also when it does not answer; which nodes are used. With a Ray of these tests."""

import gc
import os
import sys
import threading
import time
import weakref
from types import SimpleNamespace

import pytest

from fastw2v.config import TrainConfig
from fastw2v.distributed import Cluster, on_ray, ray_cluster
from fastw2v.distributed.limits import Calls, LateError
from fastw2v.distributed.nodes import Nodes
from fastw2v.distributed.on_ray import RayTransport
from fastw2v.distributed.shards import Shard
from fastw2v.distributed.transport import NoWorkerLeftError
from tests.distributed.fake_ray import FakeRay, RayTaskError, listener

SILENCE = "RAY_IGNORE_UNHANDLED_ERRORS"


@pytest.fixture
def port():
    with listener() as port:
        yield port


@pytest.fixture
def made(port, monkeypatch):
    """Make a fake Ray, which is thawed at the end; limits of time are short."""
    fakes = []
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv(SILENCE, "")
    monkeypatch.delenv(SILENCE)  # and restored at the end, whoever sets it meanwhile
    for name in ("_CONNECT_S", "_SHUTDOWN_S", "_GIVE_UP_S", "_HEAD_S"):
        monkeypatch.setattr(ray_cluster, name, 0.2)
    for name in ("_START_S", "_REPLACE_S"):
        monkeypatch.setattr(on_ray, name, 0.2)
    monkeypatch.setattr(on_ray, "_POLL_S", 0.01)

    def make(*arguments, **options):
        fakes.append(FakeRay(port, *arguments, **options))
        for module in (on_ray, ray_cluster):
            monkeypatch.setattr(module, "ray_module", lambda: fakes[-1])
        return fakes[-1]

    yield make
    for fake in fakes:
        fake.thaw.set()


def transport_to(fake, **options):
    return RayTransport(Cluster(f"127.0.0.1:{fake.port}", **options), TrainConfig(workers=1), None)


def test_a_call_that_returns_late_is_an_error_at_the_limit():
    begun, calls = time.monotonic(), Calls()
    with pytest.raises(LateError, match=r"no answer in 0.1 s"):
        calls.within(0.1, lambda: time.sleep(60))
    assert time.monotonic() - begun < 30
    assert calls.go_on
    assert calls.within(60, lambda: 3) == 3


class Held:
    """Something in a frame."""


def test_the_error_of_a_call_with_a_limit_holds_nothing_of_who_called():
    def refused():
        held = Held()
        with pytest.raises(ValueError, match="invalid literal"):
            Calls().within(60, lambda: int("a"))
        return weakref.ref(held)

    gc.disable()
    try:
        assert refused()() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("ask", [RayTransport.start, lambda transport: transport._new_actor(a_node(), 1)])
def test_a_head_that_does_not_answer_is_an_error_with_the_cure(made, ask):
    fake = made()
    transport = transport_to(fake)
    fake.is_frozen = True
    with pytest.raises(ConnectionError, match=r"did not answer in 0 s; .* from the last checkpoint: Word2Vec.resume"):
        ask(transport)
    with pytest.raises(ConnectionError, match="was given up"):  # at once
        ask(transport)
    transport.close()


def a_node():
    return on_ray._Node("node0", "127.0.0.1", 1, 1)


def test_the_end_of_a_training_does_not_wait_for_a_frozen_head(made, caplog):
    fake = made()
    transport = transport_to(fake)
    assert list(transport.start()) == [0, 1]
    fake.is_frozen = True
    begun = time.monotonic()
    transport.close()
    assert "workers were not ended: the head of the Ray cluster" in caplog.text
    assert time.monotonic() - begun < 30
    assert SILENCE not in os.environ


def test_the_process_can_end_without_the_head(made, monkeypatch):
    fake = made()
    fake._private = SimpleNamespace(
        worker=SimpleNamespace(custom_excepthook=lambda *_: None, normal_excepthook=sys.excepthook)
    )
    forgotten = []
    monkeypatch.setattr(sys, "excepthook", fake._private.worker.custom_excepthook)
    registered = []
    monkeypatch.setattr("atexit.unregister", forgotten.append)
    monkeypatch.setattr("atexit.register", registered.append)
    transport = transport_to(fake)
    fake.is_frozen = True
    with pytest.raises(ConnectionError):
        transport.start()
    assert fake.shutdown in forgotten
    assert registered == [ray_cluster._leave]
    assert sys.excepthook is fake._private.worker.normal_excepthook


def test_the_connection_is_not_ended_under_a_call_that_goes_on(made):
    fake = made()
    transport = transport_to(fake)
    goes_on, ended = threading.Event(), []
    fake.nodes = goes_on.wait
    fake.shutdown = lambda: ended.append(goes_on.is_set())
    with pytest.raises(ConnectionError, match="did not answer"):
        transport.start()
    assert ended == []
    goes_on.set()
    for _ in range(3000):
        if not ended:
            time.sleep(0.01)
    assert ended == [True]


def test_after_ctrl_c_the_connection_is_not_ended_under_a_call_that_goes_on(made, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    fake = made()
    transport = transport_to(fake)
    goes_on, ended = threading.Event(), threading.Event()
    fake.nodes, fake.shutdown = goes_on.wait, ended.set
    with monkeypatch.context() as patch:
        patch.setattr("fastw2v.distributed.limits.wait", stop)
        with pytest.raises(KeyboardInterrupt):
            transport.start()
    transport.close()
    assert not ended.is_set()
    goes_on.set()
    assert ended.wait(60)


def test_a_late_connection_is_ended_when_it_is_there(made):
    fake = made()
    fake.is_frozen = True
    with pytest.raises(ConnectionError, match="no answer"):
        transport_to(fake)
    fake.is_frozen = False
    fake.thaw.set()
    for _ in range(3000):
        if fake.is_connected or fake.given is None:
            time.sleep(0.01)
    assert not fake.is_connected


def test_processes_of_a_local_cluster_are_started_by_the_thread_that_goes_on(made):
    fake = made()
    started_by = []
    fake.init = lambda **_: started_by.append(threading.current_thread())
    RayTransport(Cluster("local"), TrainConfig(), None)
    assert started_by == [threading.current_thread()]  # the system ends them with it


def test_who_listens_but_is_no_head_is_refused_with_the_cure(made):
    fake = made()
    fake.is_frozen = True
    with pytest.raises(ConnectionError, match=r"no Ray cluster at .* \(no answer in 0.2 s\); start one by `ray start"):
        transport_to(fake)


def services(resolved):
    """What Ray makes of an address."""
    return SimpleNamespace(services=SimpleNamespace(canonicalize_bootstrap_address=lambda _: resolved))


@pytest.mark.parametrize("address", ["auto", "127.0.0.1:8765"])
def test_the_address_that_ray_would_use_is_looked_at_before(made, address):
    fake = made()
    fake._private = services("127.0.0.1:1")
    with pytest.raises(ConnectionError, match=r"127.0.0.1:1: .*refused"):
        RayTransport(Cluster(address), TrainConfig(), None)
    assert fake.given is None
    fake._private = services(f"127.0.0.1:{fake.port}")
    RayTransport(Cluster(address), TrainConfig(), None).close()
    assert fake.given["address"] == f"127.0.0.1:{fake.port}"


def test_the_address_of_a_client_is_refused_by_name(made, monkeypatch):
    made()
    with pytest.raises(ValueError, match=r"'ray://head:10001', an address for Ray clients.* pass cluster=\"auto\""):
        RayTransport(Cluster("ray://head:10001"), TrainConfig(), None)
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(ValueError, match="'ray://head:10001', an address for Ray clients"):
        RayTransport(Cluster("auto"), TrainConfig(), None)


def test_an_interrupted_start_leaves_no_actor(made, monkeypatch):
    fake = made()
    transport = transport_to(fake)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(fake, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        transport.start()
    assert len(fake.started) == 2
    assert fake.running == []


def test_fewer_nodes_than_were_asked_for_are_an_error_with_the_cure(made):
    transport = transport_to(made(), nodes=5)
    with pytest.raises(TimeoutError, match=r"has 2 nodes .* and nodes is 5; start more .* or pass nodes=2"):
        transport.start()


def test_nodes_that_were_asked_for_are_waited_for(made, monkeypatch):
    fake = made()
    monkeypatch.setattr(on_ray, "_START_S", 60)
    told = fake.nodes

    def nodes():
        found = told()
        fake.names.append(f"node{len(fake.names)}")  # another one comes
        return found

    monkeypatch.setattr(fake, "nodes", nodes)
    assert len(transport_to(fake, nodes=4).start()) == 4


def test_a_cpu_that_other_work_holds_is_named(made):
    fake = made(silent=["node0", "node1"])
    fake.free_cpus = 1
    cause = r"it did not answer in 0 s; 1 of the 2 CPUs of the cluster are held, by other work \(see `ray status`\) or"
    with pytest.raises(NoWorkerLeftError, match=cause), pytest.warns(RuntimeWarning, match=cause):
        transport_to(fake).start()
    assert fake.running == []


def test_a_node_gets_no_worker_if_it_is_left_out(made):
    fake = made()
    transport = transport_to(fake)
    transport.start()
    transport._end([0, 1])
    assert [transport.node_of(worker) for worker in transport.start({"node0"})] == ["node1"]


@pytest.mark.parametrize("value", [None, "0"])
def test_ray_does_not_print_errors_of_lost_workers_and_a_variable_that_says_so_stays(made, monkeypatch, value):
    monkeypatch.delenv(SILENCE, raising=False)
    if value is not None:
        monkeypatch.setenv(SILENCE, value)
    transport = transport_to(made())
    assert os.environ[SILENCE] == (value or "1")
    transport.close()
    assert os.environ.get(SILENCE) == value


def test_ray_prints_nothing_to_stdout_unless_the_caller_has_connected_it(made):
    fake = made()
    worker = SimpleNamespace(_worker_logs_enabled=True)
    fake._private = SimpleNamespace(worker=worker)
    transport = transport_to(fake)
    assert not worker._worker_logs_enabled
    transport.close()
    assert worker._worker_logs_enabled
    fake.is_connected = True
    transport_to(fake)
    assert worker._worker_logs_enabled


def test_the_error_of_a_worker_has_a_short_note_and_the_traceback_as_its_cause(made):
    transport = transport_to(made())
    error = RayTaskError(
        "\x1b[36mray::Replica.encode()\x1b[39m (pid=1, ip=10.0.0.1)\n  File replica.py\nValueError: no text"
    )
    error.cause = ValueError("no text")
    with pytest.raises(ValueError, match="no text") as raised:
        transport.gather([error])
    assert str(raised.value) == "no text"
    assert raised.value.__notes__ == ["it was raised by a worker on the node 10.0.0.1"]
    assert (
        str(raised.value.__cause__)
        == "\nray::Replica.encode() (pid=1, ip=10.0.0.1)\n  File replica.py\nValueError: no text"
    )
    transport.close()


class Losing:
    """A transport of two nodes, which loses the worker of a node when it is told to."""

    def __init__(self):
        self._node_of, self._there, self.left_out = [], set(), None

    def start(self, but_not=()):
        self.left_out = set(but_not)
        free = {"a", "b"} - self.left_out - {self._node_of[worker] for worker in self._there}
        new = range(len(self._node_of), len(self._node_of) + len(free))
        self._node_of += sorted(free)
        self._there |= set(new)
        return dict.fromkeys(new, 1)

    def node_of(self, worker):
        return self._node_of[worker]

    def lose(self, node):
        self._there = {worker for worker in self._there if self._node_of[worker] != node}

    def lost(self):
        return set(range(len(self._node_of))) - self._there


def test_only_a_node_that_loses_three_workers_one_after_the_other_gets_no_new_one():
    transport = Losing()
    nodes = Nodes(transport, [Shard("t", 0, 10, 10), Shard("t", 10, 20, 10)])
    nodes.start()
    for node in ("a", "b", "a", "b"):
        transport.lose(node)
        nodes.replace_lost()
        assert transport.left_out == set()
    transport.lose("a")
    nodes.replace_lost()
    assert transport.left_out == {"a"}
    assert [transport.node_of(worker) for worker in nodes.workers] == ["b"]
    nodes.progressed()
    nodes.replace_lost()
    assert len(nodes.workers) == 2


def test_a_cluster_without_cpus_is_an_error_with_the_cure():
    transport = Losing()
    transport.start = dict
    with pytest.raises(NoWorkerLeftError, match=r"has a CPU.*ray start --address HEAD:PORT --num-cpus N"):
        Nodes(transport, []).start()
