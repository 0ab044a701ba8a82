import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.cli.inputs import cluster_corpus_of
from fastw2v.distributed import Cluster, cluster_corpus
from fastw2v.distributed.replica import Replica
from fastw2v.runtime.interrupts import end_on_ctrl_c
from tests.cli.running import failure, run
from tests.distributed.cases import OPTIONS, write_text

REFUSED = {
    "hs": ({"hs": 1}, "pass hs=0"),
    "max_vocab_size": ({"max_vocab_size": 10}, "use max_final_vocab"),
    "deterministic": ({"deterministic": True}, "pass deterministic=False"),
    "callbacks": ({"callbacks": [type("Loud", (), {"on_epoch_end": print})()]}, "callbacks see the model"),
}


@pytest.fixture
def text(tmp_path):
    return write_text(tmp_path / "text.txt", n_lines=10)


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_cluster_does_not_train_is_refused_with_the_cure(text, name):
    options, cure = REFUSED[name]
    with pytest.raises(ValueError, match=cure):
        Word2Vec(corpus_file=text, cluster="local", **options)


def test_a_corpus_in_memory_is_refused_with_the_cure():
    with pytest.raises(TypeError, match="sentences is a list, which a cluster cannot read: write it to files"):
        Word2Vec([["a", "b"]], cluster="local")
    with pytest.raises(TypeError, match=r"corpus_file holds a list, .*lists of words are sentences"):
        Word2Vec(corpus_file=[["a", "b"]], cluster="local")
    with pytest.raises(TypeError, match="corpus_file is 5; expected a path or a list of paths"):
        Word2Vec(corpus_file=5, cluster="local")
    with pytest.raises(TypeError, match="got neither"):
        Word2Vec(cluster="local")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cycle": 3}, "power of two"),
        ({"block_mb": 65}, "from 1 to 64"),
        ({"rounds": 0}, "at least 1"),
        ({"deadline": 0}, "at least 1"),
    ],
)
def test_options_of_a_cluster_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        Cluster(**options)
    with pytest.raises(TypeError, match="expected"):
        Cluster(3)


def test_without_ray_a_cluster_is_refused_with_the_command_that_installs_it(text, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install 'fastw2v\[ray\]'"):
        Word2Vec(corpus_file=text, cluster="local")


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["--group", "g", "--items", "i"], "--group is not for --cluster"),
        (["--pairs"], "--pairs is not for --cluster"),
        (["--subwords", "3-6"], "--subwords is not for --cluster"),
        (["--log", "log.jsonl"], "--log is not for --cluster"),
        (["--hs"], "pass hs=0"),
    ],
)
def test_the_command_refuses_by_name(text, tmp_path, monkeypatch, arguments, cure):
    monkeypatch.chdir(tmp_path)
    result = run("train", str(text), "-o", "out.bin", "--cluster", "local", *arguments)
    assert result.exit_code == 1
    assert cure in result.stderr


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/*.txt",
        "file:///folder/a.txt",
        "local:///folder/a.txt",
        "hdfs://host:80/a",
        "zip://*.txt::file:///folder/z.zip",
        "simplecache::s3://bucket/a.txt",
        "folder/a:b.txt",
    ],
)
def test_the_command_takes_urls(monkeypatch, url):
    given = []
    monkeypatch.setattr("fastw2v.distributed.cluster_corpus", lambda urls, **_: given.extend(urls))
    cluster_corpus_of([Path(url)], {})
    assert given == [url]


def test_importing_the_package_does_not_import_ray(run_python):
    code = "import sys, fastw2v.distributed, fastw2v.__main__; print({'ray', 'fsspec', 'pyarrow'} & set(sys.modules))"
    assert run_python("-c", code).stdout.strip() == "set()"


def test_progress_tells_that_a_worker_goes_on(text):
    corpus = cluster_corpus(text)
    from fastw2v.config import TrainConfig

    replica = Replica(TrainConfig(**OPTIONS), corpus, 1)
    assert replica.progress() == (0, 0, False)
    (shard,) = corpus.shards()
    vocab = replica.count(shard)
    n_steps = replica.progress().n_steps
    assert n_steps > 0
    replica.place(shard, np.arange(len(vocab), dtype=np.int32))  # in one chunk, and two arrays that are hashed
    assert replica.progress().n_steps == n_steps + 4


def test_an_address_where_nothing_listens_is_refused_with_the_cure(text, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(ConnectionError, match=r"'auto' .*:1: .*; start one by `ray start --head`"):
        Word2Vec(corpus_file=text, cluster="auto")
    with pytest.raises(ConnectionError, match="ray start --head"):
        Word2Vec(corpus_file=text, cluster="127.0.0.1:1")
    with pytest.raises(ValueError, match="HOST:PORT of the head"):
        Word2Vec(corpus_file=text, cluster="somewhere")


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        (["text.txt", "-o", "out.bin", "--cluster"], "auto"),
        (["text.txt", "--cluster", "-o", "out.bin"], "auto"),
        (["--cluster", "--sg", "text.txt", "-o", "out.bin"], "auto"),
        (["--cluster", "local", "text.txt", "-o", "out.bin"], "local"),
        (["text.txt", "--cluster=local", "-o", "out.bin"], "local"),
        (["text.txt", "-o", "out.bin", "--cluster", "head:6379"], "head:6379"),
        (["text.txt", "-o", "out.bin", "--cluster", "[fd00::1]:6379"], "[fd00::1]:6379"),
        (["-o", "out.bin", "--cluster", "--", "text.txt"], "auto"),
    ],
)
def test_the_address_may_be_left_out(text, monkeypatch, arguments, address):
    monkeypatch.chdir(text.parent)
    given = []
    monkeypatch.setattr("fastw2v.Word2Vec.__init__", lambda self, corpus, **options: given.append(options["cluster"]))
    run("train", *arguments)
    assert given == [Cluster(address)]


@pytest.mark.parametrize("name", ["text.txt", "*.txt", "s3://bucket/a.txt", "none", ""])
def test_a_file_in_the_place_of_the_address_is_refused_with_the_cure(text, monkeypatch, name):
    monkeypatch.chdir(text.parent)
    assert "write --cluster=auto" in failure("train", "--cluster", name, "-o", "out.bin")


def test_the_command_sets_what_a_cluster_has(text, monkeypatch):
    given = []
    monkeypatch.setattr("fastw2v.Word2Vec.__init__", lambda self, corpus, **options: given.append(options["cluster"]))
    flags = {"nodes": 2, "rounds": 7, "cycle": 2, "block-mb": 16, "deadline": 20.5}
    options = [str(each) for name, value in flags.items() for each in (f"--cluster-{name}", value)]
    run("train", str(text), "-o", str(text.parent / "out.bin"), *options, "--cluster")
    assert given == [Cluster("auto", nodes=2, rounds=7, cycle=2, block_mb=16, deadline=20.5)]
    for name, value in flags.items():
        refused = failure("train", text, "-o", text.parent / "out.bin", f"--cluster-{name}", value)
        assert f"--cluster-{name} is for training on a cluster; pass --cluster too" in refused
    assert "power of two" in failure("train", text, "-o", "out.bin", "--cluster", "local", "--cluster-cycle", 3)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("arguments", [[], ["--cluster"]])
def test_ctrl_c_is_heeded_after_the_arguments_are_parsed(text, monkeypatch, arguments):
    seen = []
    monkeypatch.setattr("fastw2v.Word2Vec.__init__", lambda *_, **__: seen.append(signal.getsignal(signal.SIGINT)))
    before = signal.getsignal(signal.SIGINT)
    try:
        end_on_ctrl_c()  # as the command does when it starts
        run("train", str(text), "-o", str(text.parent / "out.bin"), *arguments)
    finally:
        signal.signal(signal.SIGINT, before)
    assert callable(seen[0])
