import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from fastw2v import KeyedVectors

KEYS = ["the", "Naïve", "日本", "🙂", "[UNK]", 'a"b']


@pytest.fixture(params=[None, "float16"])
def folder(request, tmp_path):
    wv = KeyedVectors(KEYS, np.random.default_rng(6).normal(size=(len(KEYS), 8)).astype(np.float32))
    wv.save(tmp_path / "static", format="static-embedding", dtype=request.param)
    return wv, tmp_path / "static"


def test_the_files_hold_a_row_for_each_word_and_one_of_zeros(folder):
    wv, path = folder
    rows = load_file(path / "model.safetensors")["embeddings"]
    np.testing.assert_array_equal(rows[:-1], wv.vectors.astype(rows.dtype))
    assert (rows[-1] == 0).all()
    model = json.loads((path / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    assert model["vocab"] == {key: row for row, key in enumerate([*KEYS, "[[UNK]]"])}
    assert model["unk_token"] == "[[UNK]]"
    assert json.loads((path / "config.json").read_text())["embedding_dtype"] == rows.dtype.name


def test_model2vec_reads_it(folder):
    model2vec = pytest.importorskip("model2vec", reason="needs model2vec")
    wv, path = folder
    model = model2vec.StaticModel.from_pretrained(path)
    assert list(model.tokens) == [*KEYS, "[[UNK]]"]
    np.testing.assert_allclose(model.encode(KEYS), wv.vectors, atol=2e-3)
    mean = (wv["the"] + wv["日本"]) / 2
    np.testing.assert_allclose(model.encode("the nothing 日本"), mean, atol=2e-3)


def test_sentence_transformers_reads_it(folder):
    library = pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    wv, path = folder
    model = library.SentenceTransformer(str(path), device="cpu")
    np.testing.assert_allclose(model.encode(KEYS), wv.vectors, atol=2e-3)


@pytest.mark.parametrize("key", ["", "two words", "x\u00a0y", "\ud800"])
def test_a_key_that_no_text_holds_as_a_word_is_refused(tmp_path, key):
    with pytest.raises(ValueError, match=r"no word of a text is that; leave it out"):
        KeyedVectors(["a", key], np.eye(2)).save(tmp_path / "static", format="static-embedding")
    assert list(tmp_path.iterdir()) == []


def test_integers_are_words_of_digits(tmp_path):
    KeyedVectors([17, 5], np.eye(2)).save(tmp_path / "static", format="static-embedding")
    vocab = json.loads((tmp_path / "static" / "tokenizer.json").read_text())["model"]["vocab"]
    assert vocab == {"17": 0, "5": 1, "[UNK]": 2}
