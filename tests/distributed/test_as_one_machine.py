"""What one machine says, shows, checks and stores, of a cluster in this process."""

import json
import logging
import os
import random
from functools import partial

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.checkpoint import read_notes, read_training
from fastw2v.distributed import Cluster, cluster_corpus
from fastw2v.distributed.training import train_by
from fastw2v.resuming import read_checkpoint
from fastw2v.vectors.divergence import DivergedError
from tests.distributed.cases import OPTIONS, request_of, trained_by, write_text
from tests.distributed.in_process import InProcess

CLUSTER = Cluster(rounds=3, cycle=1)
OWN_LOGS = ("training skip-gram", 'device "auto"')  # which name other things


@pytest.fixture(params=[1, 2])
def in_process(request, monkeypatch):
    """Let a cluster be some nodes in this process."""
    monkeypatch.setattr(
        "fastw2v.distributed.training.RayTransport",
        lambda _cluster, config, corpus: InProcess(config, corpus, request.param),
    )
    return request.param


def raw_text():
    chosen, words = (
        random.Random(0),
        ["film", "story", "actor", "scene", "music"]
        + [f"w{n}x".translate({48 + d: 97 + d for d in range(10)}) for n in range(15)],
    )
    marked = (chosen.choice(words) + chosen.choice(["", "", "", ",", "."]) for _ in range(4000))
    return "".join(word + chosen.choice(" " * 9 + "\n") for word in marked)


@pytest.mark.parametrize(
    ("text", "options", "warning"),
    [
        (raw_text(), {}, "this seems to be raw text"),
        ("a\nb\n" * 200, {}, "no pair of words was trained: each sentence has one word of the vocabulary"),
        ("a b\n" * 20_000, {"sample": 1e-9}, "no pair of words was trained: subsampling dropped too many words"),
        ("a b\n" * 20_000, {"sample": 1e-9}, "sample=1e-09 drops 100 % of 40000 words"),
        ("a b\n" * 200, {"sample": 0}, ""),
    ],
)
def test_the_log_warns_of_the_same(in_process, tmp_path, caplog, text, options, warning):
    (tmp_path / "text.txt").write_text(text)
    found = []
    for more in ({}, {"cluster": CLUSTER}):
        caplog.clear()
        Word2Vec(corpus_file=str(tmp_path / "text.txt"), **OPTIONS | options, **more)
        found.append([record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING])
    assert any(message.startswith(warning) for message in found[0]) == bool(warning)
    assert [message for message in found[1] if "nothing to train" not in message] == found[0]


def test_the_log_tells_the_same_of_the_course(in_process, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="fastw2v")
    found = []
    for more in ({}, {"cluster": CLUSTER}):
        caplog.clear()
        Word2Vec(corpus_file=str(write_text(tmp_path / "text.txt", n_lines=100)), **OPTIONS, **more)
        lines = [message.split(" after ")[-1] for message in caplog.messages if not message.startswith(OWN_LOGS)]
        found.append([line.partition(" s: ")[2] or line for line in lines if "nothing to train" not in line])
    assert len(found[0]) == 5
    assert found[1] == found[0]


def stored(path):
    """What a checkpoint holds but for times and the place in the files."""
    saved, (_, notes), (_, training) = read_checkpoint(path).model, read_notes(path), read_training(path)
    for figures in (notes["report"], training["report"], notes):
        for name in [name for name in figures if name.endswith(("seconds", "time", "lifecycle_events"))]:
            del figures[name]
    for name in ("cluster", "tokens", "checksums"):
        training.pop(name, None)
    training["report"]["workers"] = notes["report"]["workers"] = 1
    state = saved.state
    return json.loads(json.dumps([saved.options, notes, training, state.corpus_count, state.epochs_trained]))


def test_checkpoints_hold_the_same(in_process, tmp_path):
    text = str(write_text(tmp_path / "text.txt"))
    for name, more in (("alone", {}), ("cluster", {"cluster": CLUSTER})):
        options = {**OPTIONS, "max_final_vocab": 100, "compute_loss": in_process == 1}
        Word2Vec(corpus_file=text, **options, **more, checkpoint=tmp_path / name, checkpoint_every="epoch")
    for which in (".previous", ""):
        expected, found = stored(tmp_path / f"alone{which}"), stored(tmp_path / f"cluster{which}")
        for one, other in zip(expected[1:3], found[1:3]):
            if in_process > 1:  # another loss, and it is not asked for
                one, other = (figures.get("report", {}) for figures in (one, other))
                for figures in (one, other):
                    figures.pop("loss", None)
            assert other == one
        assert found[3:] == expected[3:]
        assert found[0] == expected[0]


def test_a_checkpoint_within_an_epoch_counts_it_as_begun(in_process, tmp_path):
    path, seen = tmp_path / "run", []

    def look(phase, done, total):
        if path.exists():
            seen.append(read_checkpoint(path))

    text = str(write_text(tmp_path / "text.txt", n_lines=300))
    options = {**OPTIONS, "cluster": CLUSTER, "checkpoint": path, "checkpoint_every": 1}
    n_words = Word2Vec(corpus_file=text, **options, progress=look).report.raw_words // 2
    place = {(each.report.raw_words, each.model.state.epochs_trained) for each in seen}
    assert len(place) == 5
    assert all(n_epochs == -(-words // n_words) for words, n_epochs in place)


def test_the_last_checkpoint_that_cannot_be_written_is_warned_of(in_process, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr("fastw2v.distributed.saving.write_model", fail)
    text = str(write_text(tmp_path / "text.txt", n_lines=100))
    with pytest.warns(RuntimeWarning, match=r"last checkpoint could not be written \(the disk is full\); the model in"):
        Word2Vec(corpus_file=text, **OPTIONS, cluster=CLUSTER, checkpoint=tmp_path / "run")


def test_what_was_shown_of_reading_does_not_fall_after_a_loss(tmp_path):
    seen, request = [], request_of(write_text(tmp_path / "text.txt"))
    request.progress = lambda phase, done, total: seen.append((phase, done))
    trained_by(request, 2, dies_at=[7])
    read = [done for phase, done in seen if phase == "encode"]
    assert read == sorted(read)
    assert len(read) > len(request.corpus.shards())  # a shard was read twice


def test_reading_is_shown_and_again_after_a_resume(in_process, tmp_path):
    text = write_text(tmp_path / "text.txt")
    seen = []

    def show(phase, done, total, *, most=np.inf):
        seen.append((phase, done, total))
        if phase == "train" and done > most:
            raise KeyboardInterrupt

    options = {**OPTIONS, "cluster": CLUSTER, "checkpoint": tmp_path / "run"}
    with pytest.warns(RuntimeWarning, match="stopped by Ctrl-C"):
        Word2Vec(corpus_file=str(text), **options, progress=partial(show, most=20_000))
    for _ in range(2):
        read = [(done, total) for phase, done, total in seen if phase == "encode"]
        assert len(read) > 3
        assert read == sorted(read)
        assert read[-1] == (text.stat().st_size,) * 2
        assert seen[-1][0] == "train"
        seen.clear()
        model = Word2Vec.resume(tmp_path / "run", corpus_file=str(text), progress=show, cluster=CLUSTER)
        if not seen:  # it had come to its end
            break
        assert [event["event"] for event in model.lifecycle_events] == ["resume"]


def test_vectors_that_are_no_numbers_at_the_end_are_an_error(tmp_path):
    class Broken(InProcess):
        def call(self, worker, method, *arguments):
            found = super().call(worker, method, *arguments)
            return found * np.nan if method == "rows" else found

    request = request_of(write_text(tmp_path / "text.txt", n_lines=100))
    with pytest.raises(DivergedError, match="at the end the vectors have"):
        train_by(Broken(request.config, request.corpus, 1), request)


def test_the_device_is_refused_before_it_is_looked_for(tmp_path):
    with pytest.raises(ValueError, match='nodes train on their CPUs; pass device="cpu"'):
        Word2Vec(corpus_file=str(write_text(tmp_path / "a.txt", n_lines=9)), cluster="local", device="cuda")


def test_links_stay_in_the_names_of_files(tmp_path, monkeypatch):
    (tmp_path / "real" / "deep").mkdir(parents=True)
    write_text(tmp_path / "real" / "deep" / "text.txt", n_lines=3)
    write_text(tmp_path / "real" / "other.txt", n_lines=3)
    (tmp_path / "shared").symlink_to("real/deep")
    expected = (str(tmp_path / "shared" / "text.txt"),)
    assert cluster_corpus(tmp_path / "shared").paths == expected
    assert cluster_corpus(tmp_path / "real" / ".." / "shared" / "*.txt").paths == expected
    (found,) = cluster_corpus(f"{tmp_path}/shared/../other.txt").paths
    assert os.path.samefile(found, tmp_path / "real" / "other.txt")
    monkeypatch.chdir(tmp_path / "shared")
    monkeypatch.setenv("PWD", str(tmp_path / "shared"))
    assert cluster_corpus("text.txt").paths == expected
    monkeypatch.setenv("PWD", "/elsewhere")
    assert cluster_corpus("text.txt").paths == (str(tmp_path / "real" / "deep" / "text.txt"),)
