"""Checkpoints as files: finished, damaged, missing, of another corpus or version."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from fastw2v import KeyedVectors, Word2Vec, checkpointing
from fastw2v.checkpoint import read_training
from tests.checkpoints.cases import SENTENCES, SMALL, Killed, assert_same_report, kill_at, killed, same


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


def test_an_array_that_is_one_number():
    killed(900)
    Path("c.previous").unlink()
    (config, training), tensors = read_training("c")[:2], load_file("c")
    metadata = {"config": json.dumps(config), "state": json.dumps({"corpus_count": 60, "epochs_trained": 2})}
    save_file(tensors | {"w_out": np.array(1.5, np.float32)}, "c", metadata | {"training": json.dumps(training)})
    assert "c is damaged: its w_out are not those that were written" in refusal(SENTENCES)


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
