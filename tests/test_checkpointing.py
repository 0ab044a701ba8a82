"""Training that ends early and goes on from its checkpoint."""

import copy
import json
import logging
import shutil
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from fastw2v import KeyedVectors, Word2Vec, checkpointing
from fastw2v.checkpoint import read_training
from fastw2v.checkpointing import CheckpointPause
from fastw2v.resuming import read_checkpoint

SMALL = {"vector_size": 16, "compute_loss": True, "workers": 1, "min_count": 1, "sample": 0.01}
SENTENCES = [[f"w{word}" for word in words] for words in np.random.default_rng(0).zipf(1.3, (60, 10)) % 40]
OTHERS = [sentence[::-1] for sentence in SENTENCES[:30]]
N_TOKENS = 600
RUN = CheckpointPause.run
MODES = [{"sg": 1}, {"sg": 1, "negative_sharing": "pair"}, {"sg": 0}]


@pytest.fixture(autouse=True)
def short_spans_and_quick_writes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fastw2v.backends.cpu.span_tokens", lambda config: 50)

    def run_and_wait(pause, report):
        RUN(pause, report)
        pause._thread.join()

    monkeypatch.setattr(CheckpointPause, "run", run_and_wait)


class Killed(Exception):  # noqa: N818 - it is no error
    """Stands for SIGKILL: it ends a training at once, and nothing more is written."""


def kill_at(n_words, error=Killed):
    def progress(phase, done, total):
        if phase == "train" and done >= n_words:
            raise error

    return progress


def killed(n_words, sentences=SENTENCES, **options):
    """Train, and kill it; with the options, but for `progress`, of `trained`."""
    with pytest.raises(Killed):
        Word2Vec(sentences, progress=kill_at(n_words), checkpoint="c", **({"checkpoint_every": 100} | SMALL | options))


def same(a, b):
    return a.wv.vectors.tobytes() == b.wv.vectors.tobytes() and a.syn1neg.tobytes() == b.syn1neg.tobytes()


def assert_same_report(found, expected):
    assert (found.raw_words, found.kept_words, found.pairs) == (expected.raw_words, expected.kept_words, expected.pairs)
    assert found.loss_per_epoch == pytest.approx(expected.loss_per_epoch, rel=1e-12)
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    assert (found.stopped_at, found.first_epoch) == (None, expected.first_epoch)


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


@pytest.mark.parametrize("every", ["epoch", 1, "0.001s"])
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


# Ctrl-C and SIGTERM


def test_ctrl_c_writes_a_last_checkpoint():
    whole = Word2Vec(SENTENCES, **SMALL)
    with pytest.warns(RuntimeWarning, match="stopped by Ctrl-C"):
        stopped = Word2Vec(SENTENCES, checkpoint="c", progress=kill_at(850, KeyboardInterrupt), **SMALL)
    assert read_checkpoint("c").report.raw_words == stopped.report.raw_words == 850
    assert same(Word2Vec.load("c"), stopped)
    resumed = Word2Vec.resume("c", SENTENCES)
    assert same(resumed, whole)
    assert_same_report(resumed.report, whole.report)
    assert (resumed.train_count, resumed.epochs_trained) == (1, 5)


@pytest.mark.parametrize("event", ["on_epoch_begin", "on_epoch_end"])
def test_ctrl_c_between_two_epochs(event):
    whole = Word2Vec(SENTENCES, **SMALL)

    class Interrupting:
        def act(self, model):
            if model.epochs_trained == 2:
                raise KeyboardInterrupt

    setattr(Interrupting, event, Interrupting.act)
    with pytest.warns(RuntimeWarning, match="stopped by Ctrl-C in epoch 2 of 5"):
        Word2Vec(SENTENCES, checkpoint="c", callbacks=[Interrupting()], **SMALL)
    resumed = Word2Vec.resume("c", SENTENCES)
    assert same(resumed, whole)
    assert_same_report(resumed.report, whole.report)
    assert resumed.epochs_trained == 5


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("stops_early", [True, False])
def test_ctrl_c_while_the_last_checkpoint_is_written(stops_early, monkeypatch):
    whole = Word2Vec(SENTENCES, **SMALL)
    write = checkpointing.write_model

    def interrupt_and_write(*arguments, **rest):
        signal.raise_signal(signal.SIGINT)
        write(*arguments, **rest)

    monkeypatch.setattr(checkpointing, "write_model", interrupt_and_write)
    progress = kill_at(850, KeyboardInterrupt) if stops_early else None
    where = "epoch 2 of 5, 28.3" if stops_early else "epoch 5 of 5, 100.0"
    with pytest.warns(RuntimeWarning, match=f"stopped by Ctrl-C in {where} % of the work; the vectors .* are kept"):
        stopped = Word2Vec(SENTENCES, checkpoint="c", progress=progress, **SMALL)
    assert same(Word2Vec.load("c"), stopped)
    assert same(Word2Vec.resume("c", SENTENCES), whole)


def test_a_handler_that_exits_leaves_a_last_checkpoint():
    with pytest.raises(SystemExit, match="7"):
        Word2Vec(SENTENCES, checkpoint="c", progress=kill_at(850, SystemExit(7)), **SMALL)
    assert read_checkpoint("c").report.raw_words == 850


def test_sigterm_leaves_a_last_checkpoint_and_ends_the_process(monkeypatch):
    sent = []
    monkeypatch.setattr("fastw2v.runtime.signals.signal.raise_signal", sent.append)
    main_thread = threading.main_thread().ident

    def progress(phase, done, total):
        if phase == "train" and done == 850:
            signal.pthread_kill(main_thread, signal.SIGTERM)

    with pytest.warns(RuntimeWarning, match="stopped by SIGTERM"):
        Word2Vec(SENTENCES, checkpoint="c", progress=progress, **(SMALL | {"epochs": 1000}))
    assert sent == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert 850 <= read_checkpoint("c").report.raw_words < 1000 * N_TOKENS


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


# The files


def test_a_finished_training_returns_its_model_without_the_corpus(caplog):
    model = Word2Vec(SENTENCES, checkpoint="c", **SMALL)
    with caplog.at_level(logging.INFO, "fastw2v"):
        again = Word2Vec.resume("c")
    assert "this training had come to its end" in caplog.text
    loaded = Word2Vec.load("c")
    for each in (again, loaded):
        assert same(each, model)
        assert (each.train_count, each.total_train_time) == (1, model.total_train_time)
        assert each.running_training_loss == model.running_training_loss
    assert_same_report(again.report, model.report)
    assert (KeyedVectors.load("c").vectors == model.wv.vectors).all()


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1  # of the output rows; the keys follow
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [flip_a_bit, lambda path: path.write_bytes(path.read_bytes()[:-10]), lambda path: path.unlink()],
    ids=["bit", "cut", "missing"],
)
def test_the_one_before_is_read_if_the_last_is_damaged(damage):
    whole = Word2Vec(SENTENCES, **SMALL)
    killed(900, checkpoint_every=50)
    damage(Path("c"))
    before = Path("c.previous").read_bytes()
    with pytest.warns(RuntimeWarning, match=r"so the checkpoint before, c\.previous, was read"), pytest.raises(Killed):
        Word2Vec.resume("c", SENTENCES, progress=kill_at(900), checkpoint_every="epoch")
    assert Path("c.previous").read_bytes() == before
    with pytest.warns(RuntimeWarning, match=r"so the checkpoint before"):
        assert same(Word2Vec.resume("c", SENTENCES), whole)
    assert same(Word2Vec.load("c"), whole)


def test_the_good_one_before_stays_until_a_new_one_is_whole(monkeypatch):
    killed(900, checkpoint_every=50)
    flip_a_bit(Path("c"))
    good, seen = Path("c.previous").read_bytes(), []
    write = checkpointing.write_model

    def look_and_write(path, *, previous, **rest):
        write(path, previous=previous, **rest)
        seen.append(Path("c.previous").read_bytes())

    monkeypatch.setattr(checkpointing, "write_model", look_and_write)
    with pytest.warns(RuntimeWarning, match=r"so the checkpoint before"):
        Word2Vec.resume("c", SENTENCES)
    assert len(seen) > 1
    assert seen[0] == good


def refusal(sentences):
    """What is said of the checkpoint, or of a corpus that is not its own."""
    try:
        Word2Vec.resume("c", sentences)
    except ValueError as error:
        return str(error)
    return "nothing"


def test_a_changed_bit_is_found():
    killed(900)
    Path("c.previous").unlink()
    flip_a_bit(Path("c"))
    assert "c is damaged: its w_out are not those that were written" in refusal(SENTENCES)


def test_both_damaged():
    killed(900, checkpoint_every=50)
    for name in ("c", "c.previous"):
        flip_a_bit(Path(name))
    with (
        pytest.warns(RuntimeWarning, match=r"c is damaged: its .* are not those that were written"),
        pytest.raises(ValueError, match=r"c\.previous is damaged: its "),
    ):
        Word2Vec.resume("c", SENTENCES)


def test_files_that_are_no_checkpoint():
    with pytest.raises(FileNotFoundError, match="there is no file c"):
        Word2Vec.resume("c", SENTENCES)
    Word2Vec(SENTENCES, **SMALL).save("model")
    with pytest.raises(ValueError, match=r"model is a saved model and no checkpoint; go on from it by Word2Vec\.load"):
        Word2Vec.resume("model", SENTENCES)


def changed(change):
    """Write a checkpoint whose place in the training is changed."""
    killed(900)
    tensors, training = load_file("c"), read_training("c")[1]
    config = json.dumps(read_training("c")[0])
    state = json.dumps({"corpus_count": 60, "epochs_trained": 2})
    change(training)
    metadata = {"config": config, "state": state, "training": json.dumps(training)}
    save_file(tensors, "c", metadata)
    Path("c.previous").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda training: training.update(format=2),
            "c has format 2, and this version reads 1; go on with the version",
        ),
        (lambda training: training.pop("report"), "c is damaged: its place in the training is"),
        (lambda training: training["report"].update(colour=1), "c is damaged: its place in the training is"),
        (lambda training: training.pop("checksums"), r"c is damaged: its .* are not those"),
        (lambda training: training["tokens"].update(hash=""), "found as many others; pass that one, or train anew"),
    ],
)
def test_a_place_that_does_not_fit(change, message):
    changed(change)
    with pytest.raises(ValueError, match=message):
        Word2Vec.resume("c", SENTENCES)


def test_another_version_is_logged(caplog):
    changed(lambda training: training.update(version="0.0.1"))
    Word2Vec.resume("c", SENTENCES)
    assert "c was written by fastw2v 0.0.1; the bytes of the result may differ" in caplog.text


def test_words_in_other_places_are_another_corpus():
    killed(900)
    assert "found as many others; pass that one, or train anew" in refusal([*SENTENCES[1:], SENTENCES[0]])
    assert "found 600 known words in 59 sentences" in refusal([SENTENCES[0] + SENTENCES[1], *SENTENCES[2:]])


def test_when_without_where():
    with pytest.raises(
        ValueError, match=r"checkpoint_every is 'epoch' and there is no checkpoint; pass checkpoint=PATH"
    ):
        Word2Vec(checkpoint_every="epoch")
    with pytest.raises(ValueError, match=r"checkpoint_every is 5 and there is no checkpoint"):
        Word2Vec(SENTENCES, **SMALL).train(SENTENCES, checkpoint_every=5)


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
