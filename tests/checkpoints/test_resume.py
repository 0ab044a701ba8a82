"""Training that ends early and goes on from its checkpoint."""

import copy
import logging
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from fastw2v import Word2Vec, checkpointing
from fastw2v.checkpoint import read_training
from fastw2v.checkpointing import CheckpointPause
from fastw2v.corpus import pair_corpus, weighted_corpus
from fastw2v.resuming import read_checkpoint
from fastw2v.vectors.weights import Weights
from fastw2v.word2vec import LineSentence
from tests.checkpoints.cases import (
    MODES,
    N_TOKENS,
    OTHERS,
    RUN,
    SENTENCES,
    SMALL,
    Killed,
    assert_same_report,
    kill_at,
    killed,
    same,
)


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("n_words", [300, 600, 850, 1800])
def test_a_resumed_training_ends_in_the_same_bytes(mode, n_words):
    whole = Word2Vec(SENTENCES, **SMALL, **mode)
    killed(n_words, **mode)
    resumed = Word2Vec.resume("c", SENTENCES)
    assert same(resumed, whole)
    assert_same_report(resumed.report, whole.report)
    assert resumed.config == whole.config
    for name in ("epochs_trained", "train_count", "corpus_count", "corpus_total_words", "effective_min_count"):
        assert getattr(resumed, name) == getattr(whole, name), name
    assert resumed.get_latest_training_loss() == pytest.approx(whole.get_latest_training_loss(), rel=1e-12)
    assert resumed.total_train_time == resumed.report.train_seconds


@pytest.mark.parametrize("every", ["epoch", 1, np.int64(70), "0.001s"])
def test_each_way_to_say_when(every):
    whole = Word2Vec(SENTENCES, **SMALL)
    killed(1500, checkpoint_every=every)
    resumed = Word2Vec.resume("c", SENTENCES)
    assert same(resumed, whole)
    assert read_training("c")[1]["every"] == every


def test_checkpoints_of_epochs_are_taken_between_them():
    killed(1500, checkpoint_every="epoch")
    assert read_checkpoint("c").report.raw_words == 1200
    assert read_checkpoint("c.previous").report.raw_words == 600


def test_checkpoints_do_not_change_a_training():
    whole = Word2Vec(SENTENCES, **SMALL)
    with_them = Word2Vec(SENTENCES, checkpoint="c", checkpoint_every=1, **SMALL)
    assert same(with_them, whole)
    assert_same_report(with_them.report, whole.report)


def test_a_training_killed_again_and_again():
    whole = Word2Vec(SENTENCES, **SMALL)
    killed(200)
    for n_words in (500, 601, 1300, 2700):
        with pytest.raises(Killed):
            Word2Vec.resume("c", SENTENCES, progress=kill_at(n_words))
    assert same(Word2Vec.resume("c", SENTENCES), whole)


def test_several_workers_go_on_from_the_same_place():
    killed(900, workers=3)
    begun = read_checkpoint("c").report.raw_words
    assert begun > 0
    seen = []
    model = Word2Vec.resume("c", SENTENCES, workers=2, progress=lambda phase, done, total: seen.append((phase, done)))
    assert min(done for phase, done in seen if phase == "train") > begun
    assert model.report.raw_words == 5 * N_TOKENS
    assert model.workers == 2


@pytest.mark.parametrize(
    "options", [{"max_vocab_size": 30}, {"null_word": 1}, {"sorted_vocab": 0}, {"min_count": 3}, {"max_final_vocab": 9}]
)
@pytest.mark.parametrize("as_text", [False, True])
def test_a_vocabulary_chosen_in_any_way(options, as_text, tmp_path):
    corpus = SENTENCES
    if as_text:
        corpus = LineSentence(tmp_path / "corpus.txt")
        (tmp_path / "corpus.txt").write_text("\n".join(map(" ".join, SENTENCES)))
    whole = Word2Vec(corpus, **(SMALL | options))
    killed(whole.report.raw_words // 2, sentences=corpus, **options)
    resumed = Word2Vec.resume("c", corpus)
    assert same(resumed, whole)
    assert resumed.wv.index_to_key == whole.wv.index_to_key


def test_integer_ids_and_raw_counts():
    walks = np.random.default_rng(0).integers(0, 30, (60, 10))
    whole = Word2Vec(walks, **SMALL)
    killed(900, sentences=walks)
    assert same(Word2Vec.resume("c", walks), whole)
    model = Word2Vec(**SMALL)
    model.build_vocab(SENTENCES, keep_raw_vocab=True)
    model.train(SENTENCES, checkpoint="d")
    assert Word2Vec.resume("d", SENTENCES).raw_vocab == model.raw_vocab


def test_a_later_training_goes_on_with_its_own_corpus_and_options():
    models = [Word2Vec(SENTENCES, **SMALL) for _ in range(2)]
    models[0].train(OTHERS, epochs=3, start_alpha=0.04)
    models[1]._progress = kill_at(500)
    with pytest.raises(Killed):
        models[1].train(OTHERS, epochs=3, start_alpha=0.04, checkpoint="c", checkpoint_every=100)
    with pytest.raises(ValueError, match=r"expected 300 known words in 30 sentences, found 600 known words in 60"):
        Word2Vec.resume("c", SENTENCES)
    resumed = Word2Vec.resume("c", OTHERS)
    assert same(resumed, models[0])
    assert_same_report(resumed.report, models[0].report)
    assert (resumed.report.first_epoch, resumed.epochs_trained, resumed.train_count) == (5, 8, 2)
    for model in (resumed, models[0]):
        model.train(SENTENCES, epochs=1)
    assert same(resumed, models[0])


def test_a_model_may_replace_its_own_checkpoint_alone():
    model = Word2Vec(SENTENCES, checkpoint="c", **SMALL)
    model.train(OTHERS)
    assert read_checkpoint("c").report.first_epoch == 5
    model.train(OTHERS, checkpoint_every="epoch")
    assert read_checkpoint("c").report.first_epoch == 10
    before = Path("c").read_bytes()
    cure = (
        r"c exists: a checkpoint at 100\.0 % .*; Word2Vec\.resume \(fastw2v train --resume\) goes on .*, or delete it"
    )
    with pytest.raises(FileExistsError, match=cure):
        Word2Vec(SENTENCES, checkpoint="c", progress=kill_at(0), **SMALL)
    for twin in (copy.copy(model), copy.deepcopy(model)):
        twin.train(OTHERS, epochs=1)
    assert Path("c").read_bytes() == before
    Path("c").rename("c.previous")
    with pytest.raises(FileExistsError, match=r"c\.previous exists"):
        Word2Vec(SENTENCES, checkpoint="c", **SMALL)


def test_another_file_is_not_replaced():
    Path("notes").write_text("mine")
    with pytest.raises(
        FileExistsError, match="notes exists: it is no checkpoint of a training; give the checkpoint an"
    ):
        Word2Vec(SENTENCES, checkpoint="notes", **SMALL)
    model = Word2Vec(SENTENCES, **SMALL)
    with pytest.raises(FileExistsError, match="notes exists"):
        model.train(SENTENCES, checkpoint="notes")
    assert Path("notes").read_text() == "mine"


def test_a_path_that_cannot_be_written_is_refused_before_the_corpus_is_read():
    class Unread(list):
        def __iter__(self):
            raise AssertionError

    with pytest.raises(FileNotFoundError, match=r"the folder .*no does not exist"):
        Word2Vec(Unread(), checkpoint="no/c", **SMALL)
    with pytest.raises(OSError, match="File name too long; choose another name or folder"):
        Word2Vec(Unread(), checkpoint="c" * 250, **SMALL)


# Callbacks and subclasses


class Events:
    def __init__(self):
        self.seen = []

    def on_train_begin(self, model):
        self.seen.append("train")

    def on_epoch_begin(self, model):
        self.seen.append(model.epochs_trained)

    def on_epoch_end(self, model):
        self.seen.append(len(model.report.loss_per_epoch))


def test_callbacks_are_told_of_the_rest_of_the_training():
    killed(1500, checkpoint_every=50)
    events = Events()
    Word2Vec.resume("c", SENTENCES, callbacks=[events])
    assert events.seen == ["train", 3, 3, 4, 4, 5, 5]


class FreezesARow(Word2Vec):
    """A subclass."""


def test_a_subclass_and_lock_factors_go_on():
    models = [FreezesARow(**SMALL) for _ in range(2)]
    for model in models:
        model.build_vocab(SENTENCES)
        model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
        model.wv.vectors_lockf[3] = 0
    models[0].train(SENTENCES)
    models[1]._progress = kill_at(900)
    with pytest.raises(Killed):
        models[1].train(SENTENCES, checkpoint="c", checkpoint_every=100)
    resumed = FreezesARow.resume("c", SENTENCES)
    assert type(resumed) is FreezesARow
    assert same(resumed, models[0])


# Writing while training goes on


def test_a_disk_that_is_full_is_warned_of_and_training_goes_on(monkeypatch, caplog):
    whole = Word2Vec(SENTENCES, **SMALL)

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpointing, "write_model", fail)
    with pytest.warns(
        RuntimeWarning, match=r"the last checkpoint could not be written .*; the model in memory is whole"
    ):
        model = Word2Vec(SENTENCES, checkpoint="c", checkpoint_every=600, **SMALL)
    assert same(model, whole)
    assert "could not be written ([Errno 28] No space left on device); training goes on" in caplog.text
    assert list(Path().iterdir()) == []


def test_without_memory_for_a_copy_the_last_checkpoint_is_written(monkeypatch, caplog):
    def fail(*_):
        raise MemoryError

    whole = Word2Vec(SENTENCES, **SMALL)
    monkeypatch.setattr(Weights, "uninitialized_copy", fail)
    model = Word2Vec(SENTENCES, checkpoint="c", checkpoint_every=1000, **SMALL)
    assert same(model, whole)
    assert caplog.text.count("there is no memory for a copy of the weights") == 2
    assert same(Word2Vec.load("c"), model)


def test_a_slow_disk_does_not_hold_up_training(monkeypatch, caplog):
    written, is_trained = [], threading.Event()
    write = checkpointing.write_model

    def write_late(*arguments, **rest):
        assert is_trained.wait(60)
        written.append(rest["training"]["report"]["raw_words"])
        write(*arguments, **rest)

    def progress(phase, done, total):
        if phase == "train" and done == total:
            is_trained.set()

    monkeypatch.setattr(CheckpointPause, "run", RUN)
    monkeypatch.setattr(checkpointing, "write_model", write_late)
    with caplog.at_level(logging.INFO, "fastw2v"):
        model = Word2Vec(SENTENCES, checkpoint="c", checkpoint_every=100, progress=progress, **SMALL)
    assert written == [100, 5 * N_TOKENS]
    assert caplog.text.count("it is skipped until that is done") == 1
    first = Word2Vec.load("c.previous")
    assert not same(first, model)
    assert same(Word2Vec.resume("c.previous", SENTENCES), model)


def test_no_thread_is_left(tmp_path):
    killed(900)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fastw2v")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "c.previous"]


def test_a_copied_checkpoint_goes_on_elsewhere(tmp_path):
    killed(900)
    (tmp_path / "other").mkdir()
    shutil.copy("c", "other/c")
    before = Path("c").read_bytes()
    assert same(Word2Vec.resume("other/c", SENTENCES), Word2Vec(SENTENCES, **SMALL))
    assert Path("c").read_bytes() == before


@pytest.mark.slow
def test_a_deterministic_training_goes_on_to_the_same_bytes_with_another_number_of_workers():
    walks = np.random.default_rng(1).integers(0, 500, (6000, 20))
    options = {"vector_size": 16, "min_count": 1, "sample": 0, "epochs": 2, "deterministic": True}
    whole = Word2Vec(walks, workers=2, progress=False, **options)

    def stop(phase, done, total):
        if phase == "train" and done > 150_000 and not Path("stopped").exists():
            Path("stopped").touch()
            raise KeyboardInterrupt

    with pytest.warns(RuntimeWarning, match="stopped by Ctrl-C"):
        part = Word2Vec(walks, workers=2, progress=stop, checkpoint="c", checkpoint_every=30_000, **options)
    assert part.report.raw_words < 240_000
    resumed = Word2Vec.resume("c", walks, workers=3, progress=False)
    assert resumed.report.raw_words == 240_000
    assert (resumed.wv.vectors == whole.wv.vectors).all()


class StopAt:
    """Stops training after an epoch, and changes the vectors at the end of the training."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, model):
        if model.epochs_trained == self.epoch:
            model.stop_training("far enough")

    def on_train_end(self, model):
        model.wv.vectors[:] = 7


def test_a_training_that_a_callback_has_ended_is_not_taken_up_again():
    sentences = [["a", "b", "c"]] * 20
    options = {"min_count": 1, "sample": 0, "vector_size": 8, "epochs": 5, "progress": False}
    model = Word2Vec(sentences, checkpoint="c", callbacks=[StopAt(2)], **options)
    resumed = Word2Vec.resume("c", sentences, progress=False)
    assert (resumed.epochs_trained, model.epochs_trained) == (2, 2)
    assert (resumed.wv.vectors == 7).all()


def test_a_reason_may_be_empty_and_no_epoch_begins_after_a_stop():
    class StopAtOnce:
        def on_train_begin(self, model):
            model.stop_training("")

    model = Word2Vec([["a", "b"]] * 20, min_count=1, sample=0, vector_size=8, callbacks=[StopAtOnce()], progress=False)
    assert model.report.stopped_by == "stop_training was called"
    assert (model.epochs_trained, model.report.raw_words) == (0, 0)


@pytest.mark.parametrize("kind", ["pairs", "sentences"])
def test_a_training_with_weights_goes_on_and_knows_them_again(kind):
    def corpus(weight):
        if kind == "pairs":
            return pair_corpus(*np.reshape(SENTENCES, (-1, 2)).T, np.resize([1, weight], 300))
        return weighted_corpus(SENTENCES, np.resize([1, weight], 60))

    options = {"sg": 1, "sample": 0}
    whole = Word2Vec(corpus(3), **(SMALL | options))
    killed(850, corpus(3), **options)
    with pytest.raises(ValueError, match="the corpus is not that of the checkpoint"):
        Word2Vec.resume("c", corpus(2))
    resumed = Word2Vec.resume("c", corpus(3))
    assert same(resumed, whole)
    assert_same_report(resumed.report, whole.report)
