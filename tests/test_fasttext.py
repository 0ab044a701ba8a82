"""FastText: training, unseen words, growth, files, options; what it refuses."""

import copy
import json
import pickle

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from fastw2v import FastText, KeyedVectors, Word2Vec
from fastw2v.corpus import pair_corpus
from fastw2v.fasttext import FastTextKeyedVectors
from fastw2v.formats.subword_table import SUBWORD_TENSORS
from fastw2v_kernels.hash_ngrams.reference import fnv_1a, ngrams_of

SENTENCES = [["walking", "and", "talking"], ["walked", "and", "talked"], ["the", "cat", "sat"]] * 60
SMALL = {"vector_size": 16, "min_count": 1, "sample": 0, "workers": 1, "bucket": 500, "epochs": 3}
ODD = ["a", "x" * 10_000, "🙂", "e\u0301", "日本語", "caf\udce9"]
each_sg = pytest.mark.parametrize("sg", [0, 1])


def small_model(**options):
    return FastText(SENTENCES, **(SMALL | options))


def same(a, b):
    words = [*a.wv.index_to_key, "unseen", "walks"]
    return a.wv[words].tobytes() == b.wv[words].tobytes() and a.syn1neg.tobytes() == b.syn1neg.tobytes()


@each_sg
def test_words_with_common_ngrams_become_neighbours(sg):
    wv = small_model(sg=sg, epochs=30, alpha=0.05).wv
    assert {word for word, _ in wv.most_similar("walks", topn=2)} == {"walked", "walking"}
    assert wv.similarity("walks", "walked") > wv.similarity("walks", "cat")


@each_sg
def test_the_loss_falls(sg):
    losses = small_model(sg=sg, compute_loss=True, epochs=10).report.loss_per_epoch
    assert losses[0] < 6 * np.log(2) + 0.1
    assert losses[-1] < 0.8 * losses[0]


def test_a_vector_is_the_mean_of_its_rows():
    wv = small_model().wv
    for word in ("walking", "unseen"):
        rows = [wv.vectors_ngrams[fnv_1a(ngram) % 500] for ngram in ngrams_of(word.encode(), 3, 6)]
        rows += [wv.vectors_vocab[wv.key_to_index[word]]] if word in wv.key_to_index else []
        np.testing.assert_allclose(wv[word], np.mean(rows, axis=0), rtol=0, atol=1e-6)


@pytest.mark.parametrize("word", ODD)
def test_any_word_has_a_vector(word):
    model = FastText([*SENTENCES, [word, "and"]], **SMALL)
    for vector in (model.wv[word], model.wv[word + "s"], model.wv.get_vector("s" + word, norm=True)):
        assert np.isfinite(vector).all()
        assert vector.any()


def test_a_word_without_ngrams_is_zeros_and_is_warned_of(caplog):
    wv = small_model(min_n=5, max_n=6).wv
    assert not wv["ab"].any()
    assert "'ab' has no n-grams of 5 to 6 characters" in caplog.text


@pytest.mark.parametrize("options", [{"bucket": 0}, {"max_n": 0}, {"min_n": 4, "max_n": 3}], ids=str)
def test_without_ngrams_only_known_words_have_vectors(options):
    wv = small_model(**options).wv
    np.testing.assert_array_equal(wv.vectors, wv.vectors_vocab)
    assert "walks" not in wv
    with pytest.raises(KeyError, match="walks"):
        wv["walks"]


def test_queries_take_unseen_words():
    wv = small_model().wv
    assert "walks" in wv
    assert "walks" not in wv.key_to_index
    assert wv[["walks", "cat"]].shape == (2, 16)
    assert wv[[]].shape == (0, 16)
    assert len(wv.most_similar(positive=["walks", "cat"], negative=["talks"], topn=3)) == 3
    assert len(wv.most_similar_cosmul(positive=["walks"], topn=3)) == 3
    batch = wv.most_similar_batch(["walked", "walks"], topn=2)
    assert [len(found) for found in batch] == [2, 2]
    assert "walked" not in [word for word, _ in batch[0]]
    np.testing.assert_allclose(wv.distances("walks", ["walks", "cat"])[0], 0, atol=1e-6)
    assert wv.distances("walks").shape == (len(wv),)
    assert wv.doesnt_match(["walks", "walked", "zzz"]) == "zzz"
    assert wv.n_similarity(["walks"], ["walks"]) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(wv.get_sentence_vector(["walks"]), wv.get_vector("walks", norm=True), atol=1e-7)


def test_vectors_for_all_infers_or_leaves_out():
    wv = small_model().wv
    chosen = wv.vectors_for_all(["walks", "cat", "walks"], copy_vecattrs=True)
    assert (chosen.index_to_key, type(chosen)) == (["walks", "cat"], KeyedVectors)
    np.testing.assert_array_equal(chosen["walks"], wv["walks"])
    assert chosen.get_vecattr("cat", "count") == 60
    assert wv.vectors_for_all(["walks", "cat"], allow_inference=False).index_to_key == ["cat"]


def test_only_ngrams_that_occur_have_rows_in_memory():
    model = small_model(bucket=2_000_000, vector_size=16)
    ngrams = {fnv_1a(n) % 2_000_000 for word in model.wv.index_to_key for n in ngrams_of(word.encode(), 3, 6)}
    assert set(model.wv.subwords.bucket_of_row.tolist()) == ngrams
    assert model.wv.rows.shape == (len(model.wv) + len(ngrams), 16)


def test_memory_does_not_depend_on_the_number_of_buckets(tmp_path):
    model = small_model(bucket=2**31 - 1, vector_size=16)  # a number for each bucket would be 8 GB
    model.save(tmp_path / "model")
    loaded = FastText.load(tmp_path / "model")
    assert loaded.wv["unseen"].tobytes() == model.wv["unseen"].tobytes()
    assert len(model.wv.subwords.bucket_of_row) < 1000


def test_ngrams_that_never_occurred_are_drawn_when_asked_for():
    wv = small_model(bucket=10_000).wv
    unseen = np.setdiff1d(np.arange(10_000), wv.subwords.bucket_of_row)[:3]
    rows = wv.ngram_rows(unseen)[:, :16]
    np.testing.assert_array_equal(rows, wv.vectors_ngrams[unseen])
    assert 0.5 / 16 < np.abs(rows).max() <= 1 / 16
    assert (rows[0] != rows[1]).all()
    assert not (small_model(seed=2, bucket=10_000).wv.ngram_rows(unseen)[:, :16] == rows).any()


@each_sg
def test_one_worker_gives_the_same_bits(sg):
    assert same(small_model(sg=sg), small_model(sg=sg))
    assert same(small_model(sg=sg), small_model(sg=sg, deterministic=True))
    assert not same(small_model(sg=sg), small_model(sg=sg, seed=5))


@each_sg
@pytest.mark.slow
def test_the_result_does_not_depend_on_spans(sg, monkeypatch):
    from fastw2v.backends import cpu

    sentences = [[f"w{n % 97}" for n in range(first, first + 31)] for first in range(0, 9000, 7)]
    expected = FastText(sentences, sg=sg, **SMALL)
    monkeypatch.setattr(cpu, "_MOST_TOKENS", 1500)
    assert same(FastText(sentences, sg=sg, **SMALL), expected)


@each_sg
def test_growth_keeps_what_was_learned(sg):
    model = small_model(sg=sg)
    words = [*model.wv.index_to_key, "walks"]
    before, ngrams = model.wv[words].copy(), model.wv.vectors_ngrams.copy()
    model.build_vocab([["newly", "talks", "and"]], update=True)
    assert model.wv.index_to_key[-2:] == ["newly", "talks"]
    np.testing.assert_array_equal(model.wv[words], before)
    np.testing.assert_array_equal(model.wv.vectors_ngrams, ngrams)
    assert model.wv.get_vecattr("and", "count") == 121
    model.train([["newly", "talks", "and"]] * 50, epochs=2)
    assert (model.wv["talks"] != before[-1]).all()
    assert model.syn1neg[-1].any()


@each_sg
def test_save_and_load(tmp_path, sg):
    model = small_model(sg=sg, min_n=2, max_n=4)
    model.save(tmp_path / "model")
    loaded = FastText.load(tmp_path / "model")
    assert same(model, loaded)
    assert loaded.config == model.config
    for each in (model, loaded):
        each.train(SENTENCES)
    assert same(model, loaded)


@pytest.mark.parametrize("name", [*SUBWORD_TENSORS, "hs", "negative"])
def test_a_damaged_file_is_refused(tmp_path, name):
    small_model().save(path := tmp_path / "model")
    with safe_open(path, "np") as file:
        metadata, tensors = file.metadata(), load_file(path)
    if name in ("hs", "negative"):
        metadata["config"] = json.dumps(json.loads(metadata["config"]) | {"hs": 1, "negative": 5 * (name == "hs")})
    else:
        tensors[name] = np.array(1, tensors[name].dtype)
    save_file(tensors, path, metadata)
    with pytest.raises(ValueError, match=r"model is damaged: (its Huffman tree has -1 words|the rows of words)"):
        FastText.load(path)


def test_vectors_are_saved_with_their_ngrams(tmp_path):
    model, words = small_model(), ["cat", "walks", "unseen"]
    model.save(tmp_path / "model")
    model.wv.save(tmp_path / "vectors.safetensors")
    for name in ("model", "vectors.safetensors"):
        np.testing.assert_array_equal(FastTextKeyedVectors.load(tmp_path / name)[words], model.wv[words])
        assert KeyedVectors.load(tmp_path / name)["cat"].tolist() == model.wv["cat"].tolist()
    model.wv.save(tmp_path / "vectors.txt")
    assert len(KeyedVectors.load(tmp_path / "vectors.txt")) == len(model.wv)
    with pytest.raises(ValueError, match="no n-grams"):
        FastTextKeyedVectors.load(tmp_path / "vectors.txt")


def test_models_of_another_class_are_refused_with_the_cure(tmp_path):
    small_model().save(tmp_path / "fast")
    Word2Vec(SENTENCES, vector_size=8, min_count=1).save(tmp_path / "word")
    with pytest.raises(ValueError, match=r"holds a FastText; load it with fastw2v\.FastText\.load"):
        Word2Vec.load(tmp_path / "fast")
    with pytest.raises(ValueError, match=r"holds a Word2Vec; load it with fastw2v\.Word2Vec\.load"):
        FastText.load(tmp_path / "word")


def test_a_checkpoint_goes_on(tmp_path):
    whole = small_model()
    small_model(checkpoint=tmp_path / "run", checkpoint_every="epoch")
    assert same(FastText.resume(tmp_path / "run", SENTENCES), whole)


@pytest.mark.parametrize("duplicate", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy])
def test_copies(duplicate):
    model = small_model()
    twin = duplicate(model)
    assert same(model, twin)
    before = model.wv["walks"].copy()
    twin.train(SENTENCES)
    np.testing.assert_array_equal(model.wv["walks"], before)


def test_callbacks_see_the_vectors_of_each_epoch():
    class Note:
        def __init__(self):
            self.seen = []

        def on_epoch_end(self, model):
            self.seen.append(model.wv["walks"].copy())

    note = Note()
    model = small_model(callbacks=[note])
    assert len({vector.tobytes() for vector in note.seen}) == 3
    np.testing.assert_array_equal(note.seen[-1], model.wv["walks"])


def test_rows_can_be_sorted():
    model = FastText(SENTENCES, **SMALL, sorted_vocab=0)
    before = {word: model.wv[word].copy() for word in [*model.wv.index_to_key, "walks"]}
    output = {word: model.syn1neg[model.wv.key_to_index[word]].copy() for word in model.wv.index_to_key}
    model.wv.sort_by_descending_frequency()
    assert model.wv.index_to_key[0] == "and"
    for word, vector in before.items():
        np.testing.assert_array_equal(model.wv[word], vector)
    for word, row in output.items():
        np.testing.assert_array_equal(model.syn1neg[model.wv.key_to_index[word]], row)
    model.train(SENTENCES)
    assert model.vocab.keys[0] == "and"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"hs": 1, "deterministic": True}, ValueError, "workers=1, which repeats its bits without it"),
        ({"hs": 2}, ValueError, "hs is 2"),
        ({"word_ngrams": 2}, ValueError, "word_ngrams is not supported"),
        ({"deterministic": True, "workers": 2}, ValueError, "workers=1"),
        ({"bucket": -1}, ValueError, "bucket is -1"),
        ({"sentences": [[1, 2], [3, 4]]}, TypeError, "use Word2Vec"),
        ({"sentences": pair_corpus(["a"], ["b"])}, ValueError, "explicit pairs"),
    ],
)
def test_what_is_not_supported_is_refused_with_the_cure(arguments, error, message):
    with pytest.raises(error, match=message):
        FastText(**({"sentences": SENTENCES} | SMALL | arguments))


def test_lock_factors_and_new_words_are_refused():
    model = small_model()
    with pytest.raises(TypeError, match="vectors_for_all"):
        model.wv.add_vectors(["new"], [[0.0] * 16])
    model.wv.vectors_lockf = np.zeros(len(model.wv))
    with pytest.raises(ValueError, match="vectors_lockf"):
        model.train(SENTENCES)


def test_held_out_loss_is_measured():
    model = small_model()
    assert model.mean_loss([["walks", "and", "walking"], ["the", "cat"]]) == model.mean_loss(
        [["walks", "and", "walking"], ["the", "cat"]]
    )
