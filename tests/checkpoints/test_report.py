"""The report of the last training, in the file of a model."""

import json

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.checkpoint import read_notes
from fastw2v.formats.safetensors import read_safetensors, write_safetensors

SENTENCES = [["a", "quick", "brown", "fox"], ["a", "lazy", "dog"]] * 30


class Odd:
    def on_epoch_end(self, model):
        model.report.add_metric("odd", np.float32(model.epochs_trained))


@pytest.fixture
def model(tmp_path):
    options = {"vector_size": 16, "min_count": 1, "sample": 0, "epochs": 3, "workers": 1, "compute_loss": True}
    model = Word2Vec(SENTENCES, callbacks=[Odd()], **options)
    model.save(tmp_path / "model")
    return model


def test_a_loaded_model_has_the_report_of_its_training(model, tmp_path):
    loaded = Word2Vec.load(tmp_path / "model")
    assert loaded.report == model.report
    assert len(loaded.report.loss_per_epoch) == 3
    assert loaded.report.metrics == {"odd": [1, 2, 3]}
    loaded.train(SENTENCES, epochs=1)
    assert len(loaded.report.loss_per_epoch) == 1


def test_notes_are_read_without_a_matrix_and_are_empty_for_vectors(model, tmp_path):
    options, notes = read_notes(tmp_path / "model")
    assert (options["vector_size"], notes["report"]["raw_words"]) == (16, 3 * 210)
    for name in ("v.safetensors", "v.bin"):
        model.wv.save(tmp_path / name)
        assert read_notes(tmp_path / name) == ({}, {})


@pytest.mark.parametrize(
    "damage",
    [
        lambda report: report.update(colour=1),
        lambda report: report.pop("device"),
        lambda report: report.update(raw_words="many"),
        lambda report: report.update(loss_per_epoch=[1.0, "two"]),
        lambda report: report.update(metrics={"odd": 3}),
        lambda report: report.clear(),
    ],
)
def test_a_damaged_report_is_said_and_left_out(damage, model, tmp_path, caplog):
    tensors, metadata = read_safetensors(tmp_path / "model", lambda name: True)
    notes = json.loads(metadata["notes"])
    damage(notes["report"])
    write_safetensors(tmp_path / "bad", tensors, metadata | {"notes": json.dumps(notes)})
    loaded = Word2Vec.load(tmp_path / "bad")
    assert "bad: the report " in caplog.text
    assert "the model is loaded without it" in caplog.text
    assert (loaded.report.device, loaded.report.raw_words) == ("none", 0)
    np.testing.assert_array_equal(loaded.wv.vectors, KeyedVectors.load(tmp_path / "model").vectors)
