"""The same on Ray: two nodes of one CPU each, on this machine. What can be tested without Ray is tested without it."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

from benchmarks.studies.cluster.machines import actors, actors_of
from fastw2v import KeyedVectors, Word2Vec
from fastw2v.config import TrainConfig
from fastw2v.distributed import Cluster, cluster_corpus, on_ray
from fastw2v.distributed.on_ray import RayTransport
from fastw2v.distributed.rounds import round_ends
from fastw2v.distributed.transport import NoWorkerLeftError
from tests.cli.running import run
from tests.conftest import ROOT
from tests.distributed.cases import OPTIONS, one_machine, write_text

ray = pytest.importorskip("ray", reason="tests on Ray not run: pip install 'fastw2v[ray]'")
pytestmark = pytest.mark.filterwarnings("default")  # Ray's own

N_EPOCHS, ROUNDS = 3, 4
QUIET = {
    "RAY_worker_niceness": "0",
    "RAY_AUTH_MODE": "disabled",
}  # not behind all else, and no token in the home folder


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Two nodes of one CPU; the first is the head, on which no test kills a node."""
    from ray.cluster_utils import Cluster as Nodes

    paths = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
    given = {
        "RAY_USAGE_STATS_ENABLED": "0",
        **QUIET,
        "PYTHONPATH": paths,
        "TMPDIR": str(tmp_path_factory.mktemp("ray")),
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ |= given
    cluster = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, **STORE})
    cluster.add_node(num_cpus=1, **STORE)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


STORED = ("CPU", "object_store_memory")
STORE = {"object_store_memory": 80 << 20, "include_dashboard": False}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return write_text(tmp_path_factory.mktemp("text") / "text.txt")


@pytest.fixture(scope="module")
def alone(text):
    return one_machine(text, epochs=N_EPOCHS)


@pytest.fixture(autouse=True)
def nothing_is_left(nodes):
    """After each test no actor holds a CPU, no file lies in the temporary folder, and the object store is free.

    Python does not look for cycles of references meanwhile: one that holds a reference to an object keeps that stored.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    for _ in range(100):
        if not actors(nodes):
            break
        time.sleep(0.1)
    assert actors(nodes) == []
    assert [path.name for path in Path(os.environ["TMPDIR"]).iterdir() if path.name.startswith("fastw2v")] == []
    for _ in range(200):
        if not ray.is_initialized() or is_free() or sum(node["Alive"] for node in ray.nodes()) > 2:
            return
        time.sleep(0.1)
    assert is_free(), held()


def is_free():
    """Whether all CPUs and the object store are free."""
    return held() == {}


def held():
    """CPUs and bytes of the object store that are in use."""
    whole, free = ray.cluster_resources(), ray.available_resources()
    return {name: whole[name] - free.get(name, 0) for name in STORED if whole[name] != free.get(name)}


class AtHalf:
    """Does something once, when half of the words are trained."""

    def __init__(self, action):
        self._action, self.is_done = action, False

    def __call__(self, phase, done, total):
        if phase == "train" and done > total / 2 and not self.is_done:
            self.is_done = True
            self._action()


def trained(nodes, text, *, action=lambda: None, deadline=60, **options):
    cluster = Cluster(nodes.address, rounds=ROUNDS, cycle=2, deadline=deadline)
    chosen = {**OPTIONS, "epochs": N_EPOCHS, "progress": AtHalf(action), **options}
    return Word2Vec(corpus_file=str(text), cluster=cluster, **chosen)


def assert_same(model, alone):
    assert model.wv.index_to_key == alone.wv.index_to_key
    assert model.vocab.counts.tolist() == alone.vocab.counts.tolist()
    assert model.corpus_count == alone.corpus_count
    counts = [(each.report.raw_words, each.report.kept_words, each.report.pairs) for each in (model, alone)]
    assert counts[0] == counts[1]
    assert model.report.loss_per_epoch[-1] == pytest.approx(alone.report.loss_per_epoch[-1], rel=0.01)


def test_the_command_trains_on_two_nodes_what_one_machine_trains(nodes, text, alone, tmp_path):
    arguments = ["--sg", "--vector-size", 20, "--sample", 0.01, "--seed", 3, "--epochs", N_EPOCHS, "--workers", 1]
    result = run("train", text, "-o", tmp_path / "v.bin", "--cluster", nodes.address, "--json", *arguments)
    assert result.exit_code == 0, result.output
    n_rounds = len(round_ends(TrainConfig(epochs=N_EPOCHS), alone.report.raw_words // N_EPOCHS))
    assert f"2 nodes, {n_rounds} rounds" in result.stderr
    vectors = KeyedVectors.load_word2vec_format(tmp_path / "v.bin", binary=True)
    assert vectors.index_to_key == alone.wv.index_to_key
    assert f'"raw_words": {alone.report.raw_words}' in result.stdout.replace("  ", " ")


def test_a_killed_actor_is_replaced_and_no_word_is_lost(nodes, text, alone):
    model = trained(nodes, text, action=lambda: os.kill(actors(nodes)[0], signal.SIGKILL))
    assert_same(model, alone)
    assert (model.cluster_report.n_lost, model.cluster_report.n_nodes) == (1, 2)
    assert model.cluster_report.words == alone.report.raw_words


def transport_of(nodes, text, **options):
    return RayTransport(Cluster(nodes.address, **options), TrainConfig(workers=1), cluster_corpus(text))


class Held:
    """Something in a frame of the driver, as a reference to an object is."""


def test_the_error_of_a_lost_worker_holds_nothing_of_the_driver(nodes, text):
    transport = transport_of(nodes, text)
    transport.start()
    os.kill(actors(nodes)[0], signal.SIGKILL)

    def lost():
        held = Held()
        assert len(transport.lost()) == 1
        return weakref.ref(held)

    assert lost()() is None  # the fixture has stopped the search for cycles
    transport.close()


def test_the_error_of_a_method_holds_nothing_of_the_driver(nodes, text):
    transport = transport_of(nodes, text)
    worker = min(transport.start())

    def refused():
        held = Held()
        with pytest.raises(AttributeError):
            transport.gather([transport.call(worker, "go_back")])  # nothing to go back to
        return weakref.ref(held)

    assert refused()() is None
    transport.close()


def test_the_error_of_a_method_tells_where_it_was_raised(nodes, text):
    transport = transport_of(nodes, text)
    worker = min(transport.start())
    with pytest.raises(AttributeError) as raised:
        transport.gather([transport.call(worker, "go_back")])
    transport.close()
    (note,) = raised.value.__notes__
    assert note == f"it was raised by a worker on the node {nodes.address.rsplit(':', 1)[0]}"
    assert str(raised.value.__cause__).startswith("\nray::Replica.go_back() (pid=")
    assert "replica.py" in str(raised.value.__cause__)


def test_a_node_on_which_no_worker_starts_is_left_out_with_the_cause(nodes, text, monkeypatch):
    class Broken:
        def __init__(self, *_):
            raise ModuleNotFoundError("No module named 'fastw2v'")

        def progress(self):
            """Called to know whether it has started."""

    monkeypatch.setattr(on_ray, "Replica", Broken)
    transport = transport_of(nodes, text)
    cause = "ModuleNotFoundError: No module named 'fastw2v'"
    with pytest.raises(NoWorkerLeftError, match=cause), pytest.warns(RuntimeWarning, match=cause) as warned:
        transport.start()
    assert len(warned) == 2
    transport.close()


@pytest.mark.slow
def test_a_worker_may_be_silent_until_the_deadline(nodes, text):
    transport = transport_of(nodes, text, deadline=60)
    transport.start()
    paused = actors(nodes)[0]
    os.kill(paused, signal.SIGSTOP)
    again = threading.Timer(12, os.kill, (paused, signal.SIGCONT))
    again.start()
    assert transport.lost() == set()
    again.join()
    transport.close()


@pytest.mark.slow
def test_a_node_whose_daemon_does_not_answer_is_done_without(nodes, text, alone):
    other = nodes.add_node(num_cpus=1, **STORE)
    daemon = other.all_processes["raylet"][0].process.pid
    wide = {"vector_size": 400}  # rows of which fewer bytes are sent pass by the daemon
    model = trained(nodes, text, action=lambda: os.kill(daemon, signal.SIGSTOP), deadline=20, **wide)
    os.kill(daemon, signal.SIGCONT)
    nodes.remove_node(other)
    assert model.report.raw_words == alone.report.raw_words
    assert model.cluster_report.n_lost == 1


@pytest.mark.slow
def test_a_head_that_is_frozen_is_an_error_with_the_cure_and_the_process_ends(nodes, text, tmp_path):
    other = type(nodes)(initialize_head=True, head_node_args={"num_cpus": 1, **STORE})
    head = other.head_node.all_processes["gcs_server"][0].process.pid
    code = f"""
import os, signal
from fastw2v import Word2Vec
from fastw2v.distributed import on_ray, ray_cluster
ray_cluster._HEAD_S = 5
frozen = []
def freeze(phase, done, total):
    if phase == "train" and done > total / 400 and not frozen:
        frozen.append(os.kill({head}, signal.SIGSTOP))
def look(transport):
    if frozen:
        raise on_ray.WorkerLostError("as if one had ended")
on_ray.RayTransport._look = look
Word2Vec(corpus_file={str(text)!r}, cluster={other.address!r}, progress=freeze, vector_size=50, epochs=3000, workers=1)
"""
    try:
        driver = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    finally:
        os.kill(head, signal.SIGCONT)
        other.shutdown()
    assert "did not answer in 5 s; start a cluster again, and go on from the last checkpoint" in driver.stderr
    assert driver.returncode == 1


@pytest.mark.slow
def test_a_lost_head_is_an_error_with_the_cure(nodes, text, tmp_path):
    code = f"""
import ray
from fastw2v import Word2Vec
from fastw2v.distributed import ray_cluster
ray_cluster._HEAD_S = 5
def kill(phase, done, total):
    if phase == "train" and done > total / 4:
        ray._private.worker._global_node.all_processes["gcs_server"][0].process.kill()
Word2Vec(corpus_file={str(text)!r}, cluster="local", progress=kill, vector_size=50, epochs=3000, workers=1)
"""
    driver = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert driver.returncode == 1
    assert "is gone; start a cluster again, and go on from the last checkpoint: Word2Vec.resume" in driver.stderr


def test_another_cluster_than_that_of_this_process_is_refused_with_the_cure(nodes, text):
    host, port = nodes.address.rsplit(":", 1)
    for address in (f"{host}:{int(port) - 1}", f"10.255.255.1:{port}", "local"):
        with pytest.raises(ConnectionError, match=rf"uses the Ray cluster {nodes.address}: pass cluster=\"auto\""):
            Word2Vec(corpus_file=str(text), cluster=address)
    for address in (f"localhost:{port}", "auto"):
        RayTransport(Cluster(address), TrainConfig(), cluster_corpus(text)).close()


def test_a_stopped_actor_counts_as_lost_after_the_deadline(nodes, text, alone):
    stopped = []

    def stop():
        stopped.append(actors(nodes)[0])
        os.kill(stopped[0], signal.SIGSTOP)

    model = trained(nodes, text, action=stop, deadline=8)
    assert_same(model, alone)
    assert model.cluster_report.n_lost == 1


def test_a_killed_driver_goes_on_from_its_checkpoint(nodes, text, alone, tmp_path):
    options = {**OPTIONS, "epochs": N_EPOCHS}
    code = f"""
from fastw2v import Word2Vec
from fastw2v.distributed import Cluster
Word2Vec(corpus_file={str(text)!r}, cluster=Cluster({nodes.address!r}, rounds={ROUNDS}, cycle=2), **{options},
         checkpoint="run", checkpoint_every="epoch")
"""
    driver = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    for _ in range(1200):
        if (tmp_path / "run").exists() or driver.poll() is not None:
            break
        time.sleep(0.1)
    driver.kill()
    driver.wait()
    cluster = Cluster(nodes.address, rounds=ROUNDS, cycle=2)
    again = Word2Vec.resume(tmp_path / "run", corpus_file=str(text), cluster=cluster)
    assert_same(again, alone)


def test_a_node_that_is_gone_is_done_without(nodes, text, alone):
    other = nodes.add_node(num_cpus=1, **STORE)

    def switch_off():
        own = actors_of(nodes, other)
        nodes.remove_node(other, allow_graceful=False)
        for pid in own:  # it would end by itself only when it misses its node, perhaps after the training
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    model = trained(nodes, text, action=switch_off)
    assert_same(model, alone)
    assert model.cluster_report.n_lost == 1
    assert np.isfinite(model.wv.vectors).all()
