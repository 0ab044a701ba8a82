"""Ctrl-C and SIGTERM leave a last checkpoint."""

import signal
import threading

import pytest

from fastw2v import Word2Vec, checkpointing
from fastw2v.resuming import read_checkpoint
from tests.checkpoints.cases import N_TOKENS, SENTENCES, SMALL, assert_same_report, kill_at, same


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
    monkeypatch.setattr(checkpointing, "write_model", write)
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


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_the_thread_that_writes_starts(monkeypatch):
    """A thread that is half started cannot be joined, so the signal waits."""
    whole, start, names = Word2Vec(SENTENCES, **SMALL), threading.Thread.start, []

    def interrupted_start(thread):
        if thread.name == "fastw2v-checkpoint" and not names:
            names.append(thread.name)
            signal.raise_signal(signal.SIGINT)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", interrupted_start)
    with pytest.warns(RuntimeWarning, match="stopped by Ctrl-C"):
        Word2Vec(SENTENCES, checkpoint="c", checkpoint_every="epoch", **SMALL)
    assert same(Word2Vec.resume("c", SENTENCES), whole)
