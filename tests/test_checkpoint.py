import copy
import dataclasses
import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from fastw2v import KeyedVectors, Word2Vec, checkpoint

SMALL = {"vector_size": 16, "compute_loss": True, "workers": 1, "min_count": 1}
SENTENCES = [[f"{topic}{word}" for word in words] for topic in "ab" for words in np.arange(300).reshape(30, 10) % 15]


def small_model(**options):
    return Word2Vec(SENTENCES, **(SMALL | options))


def same(a, b):
    return a.wv.vectors.tobytes() == b.wv.vectors.tobytes() and a.syn1neg.tobytes() == b.syn1neg.tobytes()


def test_save_and_load(tmp_path):
    model, path = small_model(sg=1, window=3), tmp_path / "a.model"
    model.save(path)
    loaded = Word2Vec.load(path)
    assert same(model, loaded)
    assert loaded.config == model.config
    assert loaded.wv.index_to_key == model.wv.index_to_key
    assert loaded.wv.get_vecattr("a1", "count") == model.wv.get_vecattr("a1", "count")
    assert (loaded.corpus_count, loaded.corpus_total_words, loaded.epochs_trained) == (60, 600, 5)
    vectors = KeyedVectors.load(path)
    np.testing.assert_array_equal(vectors.vectors, model.wv.vectors)
    assert vectors.get_vecattr("a1", "count") == model.wv.get_vecattr("a1", "count")


def test_training_goes_on_after_loading_as_without(tmp_path):
    model = small_model(sample=0.01)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(str(tmp_path / "model"))
    for each in (model, loaded):
        each.train(SENTENCES)
    assert same(model, loaded)


def test_numpy_numbers_as_options_are_saved(tmp_path):
    small_model(epochs=np.int64(1), alpha=np.float32(0.05), seed=np.uint64(2**63)).save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").config.seed == 2**63


def test_options_replaced_while_loading(tmp_path):
    model = small_model(device="cpu")
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model", workers=2, device="auto", mmap=None)
    assert (loaded.config.workers, loaded.config.device) == (2, "auto")
    with pytest.raises(ValueError, match=r"vector_size is 50, but the vectors of .* are 16 long"):
        Word2Vec.load(tmp_path / "model", vector_size=50)


def test_load_is_called_on_the_class(tmp_path):
    model = small_model(epochs=1)
    model.save(tmp_path / "model")
    with pytest.raises(TypeError, match=r"makes a new Word2Vec .*Word2Vec\.load\("):
        model.load(tmp_path / "model")


def test_a_model_between_two_rates_is_saved_and_loaded(tmp_path):
    model = small_model(epochs=1, alpha=0.025, min_alpha=0.025)
    model.alpha = 0.02
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert (loaded.alpha, loaded.min_alpha) == (0.02, 0.025)
    loaded.min_alpha = 0.02
    loaded.train(SENTENCES, epochs=1)


@pytest.mark.parametrize("sentences", [SENTENCES, [[3, 5, 3], [9, 5]]], ids=["words", "ids"])
def test_everything_else_of_a_model_is_saved(sentences, tmp_path):
    model = Word2Vec(**(SMALL | {"max_final_vocab": 40}), comment="a note", batch_words=7)
    model.build_vocab(sentences, keep_raw_vocab=True)
    model.effective_min_count = 3
    model.train(sentences, epochs=1)
    model.add_lifecycle_event("looked at", log_level=0, by=object)
    model.save(tmp_path / "model")
    for twin in (Word2Vec.load(tmp_path / "model"), pickle.loads(pickle.dumps(model)), copy.copy(model)):
        assert twin.raw_vocab == model.raw_vocab != {}
        twin.prepare_vocab(keep_raw_vocab=True)
        assert (twin.corpus_count, twin.corpus_total_words) == (model.corpus_count, model.corpus_total_words)
        twin.effective_min_count = 3
        for name in ("comment", "batch_words", "train_count", "total_train_time", "effective_min_count"):
            assert getattr(twin, name) == getattr(model, name), name
        assert [event["event"] for event in twin.lifecycle_events][:3] == ["created", "build_vocab", "train"]
        twin.raw_vocab.clear()
        twin.lifecycle_events.clear()
    assert model.raw_vocab
    assert len(model.lifecycle_events) == 4


def test_notes_of_a_file_set_no_other_attribute(tmp_path):
    path = damaged(tmp_path, lambda t, m: m.update(notes='{"comment": "x", "wv": 1, "save": 2}'))
    loaded = Word2Vec.load(path)
    assert loaded.comment == "x"
    assert len(loaded.wv) == 30
    assert callable(loaded.save)


def test_model_of_a_device_that_is_gone(tmp_path):
    model = small_model()
    model.config = dataclasses.replace(model.config, device="abacus")
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert len(loaded.wv.most_similar("a1", topn=3)) == 3
    with pytest.raises(ValueError, match="device is 'abacus'"):
        loaded.train(SENTENCES)
    Word2Vec.load(tmp_path / "model", device="auto").train(SENTENCES, epochs=1)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_trains_on_its_own(copied):
    model, twin = small_model(sample=0.01), None
    before = model.wv.vectors.copy()
    twin = copied(model)
    assert same(model, twin)
    assert np.shares_memory(twin.wv.vectors, twin._state.weights.w_in)
    twin.train(SENTENCES)
    np.testing.assert_array_equal(model.wv.vectors, before)
    model.train(SENTENCES)
    assert same(model, twin)


def test_copy_of_a_model_without_vocabulary():
    twin = copy.deepcopy(Word2Vec(**SMALL))
    twin.build_vocab(SENTENCES)
    assert len(twin.wv) == 30


def test_nothing_to_save_or_train_yet(tmp_path):
    model = Word2Vec(**SMALL)
    with pytest.raises(RuntimeError, match="nothing to save yet"):
        model.save(tmp_path / "model")
    with pytest.raises(RuntimeError, match="call build_vocab first"):
        model.train(SENTENCES)
    with pytest.raises(AttributeError, match="call build_vocab"):
        _ = model.wv
    assert list(tmp_path.iterdir()) == []


def damaged(tmp_path, change):
    """Path of a saved model whose tensors and metadata `change` has altered."""
    path = tmp_path / "damaged"
    model = small_model(epochs=1)
    model.save(path)
    tensors = load_file(path)
    metadata = {"config": json.dumps({"vector_size": 16}), "state": '{"corpus_count": 1, "epochs_trained": 1}'}
    change(tensors, metadata)
    save_file(tensors, path, metadata)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, m: t.pop("w_out"), "lacks w_out to train on with; read its vectors by KeyedVectors.load"),
        (lambda t, m: t.pop("counts"), "lacks counts"),
        (lambda t, m: t.update(w_out=t["w_out"][:-1].copy()), r"output rows have shape \(29, 16\)"),
        (lambda t, m: t.update(counts=t["counts"][:-1].copy()), "counts"),
        (lambda t, m: t.update(n_raw_tokens=np.zeros((2, 2), np.int64)), "n_raw_tokens has shape"),
        (lambda t, m: m.update(config="{}"), "vectors are 16 long and its configuration says None"),
        (lambda t, m: m.update(config='{"vector_size": 50}'), "configuration says 50"),
        (lambda t, m: m.update(config="{"), "config is '{', expected a JSON object"),
        (lambda t, m: m.update(config="[1]"), "expected a JSON object"),
        (lambda t, m: m.update(config='{"vector_size": 16, "colour": 1}'), "the options vector_size, colour"),
        (lambda t, m: m.update(config='{"vector_size": 16, "epochs": 0}'), "epochs is 0"),
        (lambda t, m: m.update(notes='{"effective_min_count": 1.5}'), "damaged is damaged: effective_min_count is 1.5"),
        (lambda t, m: m.update(notes='{"effective_min_count": "5"}'), "damaged is damaged: effective_min_count is '5'"),
        (lambda t, m: m.update(config='{"vector_size": 16, "negative": 0}'), "damaged is damaged: hs is 0 and"),
        (lambda t, m: m.update(config='{"vector_size": 16, "min_n": 3}'), "damaged is damaged: .*'min_n'"),
        (lambda t, m: m.pop("config"), "config is None"),
        (lambda t, m: m.update(state="{}"), "state is {}"),
    ],
)
def test_damaged_model(change, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        Word2Vec.load(damaged(tmp_path, change))


@pytest.mark.parametrize("n_bytes", [4, 9, 100, -1])
def test_truncated_model(n_bytes, tmp_path):
    small_model(epochs=1).save(tmp_path / "whole")
    (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:n_bytes])
    with pytest.raises(ValueError, match=r"cut .*damaged"):
        Word2Vec.load(tmp_path / "cut")


def test_no_model_at_all(tmp_path):
    with pytest.raises(FileNotFoundError, match="check the name"):
        Word2Vec.load(tmp_path / "nothing")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        Word2Vec.load(tmp_path)
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="is empty"):
        Word2Vec.load(tmp_path / "empty")
    small_model(epochs=1).wv.save(tmp_path / "v.bin")
    with pytest.raises(ValueError, match=r"no model.*read vectors by KeyedVectors\.load"):
        Word2Vec.load(tmp_path / "v.bin")


def test_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    model, path = small_model(epochs=1), tmp_path / "model"
    model.save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("fastw2v.formats.safetensors._write", fail)
    with pytest.raises(OSError, match="disk full"):
        model.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
    with pytest.raises(FileNotFoundError, match=r"the folder .* does not exist"):
        model.save(tmp_path / "no" / "model")


def test_a_file_replaced_while_it_is_read(tmp_path, monkeypatch):
    path, read = tmp_path / "model", checkpoint.read_safetensors
    small_model(epochs=1).save(path)

    def read_and_save(*arguments):
        result = read(*arguments)
        small_model(epochs=2).save(path)
        return result

    monkeypatch.setattr(checkpoint, "read_safetensors", read_and_save)
    with pytest.raises(ValueError, match="was replaced by another file while it was read; load it again"):
        Word2Vec.load(path)
