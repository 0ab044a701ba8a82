import inspect

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec

gensim = pytest.importorskip("gensim")

SENTENCES = [["the", "caf\u00e9", "is", "open"], ["the", "\u6771\u4eac", "bar", "is", "shut"]] * 20


@pytest.fixture(scope="module")
def model():
    return Word2Vec(SENTENCES, vector_size=16, min_count=1, workers=1, compute_loss=True)


@pytest.fixture(scope="module")
def theirs():
    return gensim.models.Word2Vec(SENTENCES, vector_size=16, min_count=1, workers=1)


@pytest.mark.parametrize(("binary", "ending"), [(True, "bin"), (False, "txt"), (False, "vec")])
def test_gensim_reads_what_we_write(binary, ending, model, tmp_path):
    path = tmp_path / f"vectors.{ending}"
    model.wv.save(path)
    read = gensim.models.KeyedVectors.load_word2vec_format(str(path), binary=binary)
    assert read.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(read.vectors, model.wv.vectors)


@pytest.mark.parametrize("binary", [True, False])
def test_we_read_what_gensim_writes(binary, theirs, tmp_path):
    path = tmp_path / "vectors"
    theirs.wv.save_word2vec_format(str(path), binary=binary)
    for read in (KeyedVectors.load(path), KeyedVectors.load_word2vec_format(path, binary=binary)):
        assert read.index_to_key == theirs.wv.index_to_key
        np.testing.assert_array_equal(read.vectors, theirs.wv.vectors)


@pytest.mark.parametrize("binary", [True, False])
def test_integer_keys_come_to_gensim_as_words(binary, tmp_path):
    model = Word2Vec([[3, 5, 7], [5, 7, 3]], vector_size=16, min_count=1, workers=1, compute_loss=True)
    model.wv.save_word2vec_format(tmp_path / "vectors", binary=binary)
    read = gensim.models.KeyedVectors.load_word2vec_format(str(tmp_path / "vectors"), binary=binary)
    np.testing.assert_array_equal(read["7"], model.wv[7])


def script(word2vec, path):
    """What a script of gensim's does, with the class to be exchanged; its results that do not hang on the vectors."""
    model = word2vec(vector_size=16, window=3, min_count=2, workers=2, sg=1, hs=0, negative=5, seed=7, epochs=3)
    model.build_vocab(SENTENCES, progress_per=10_000)
    model.train(SENTENCES, total_examples=model.corpus_count, epochs=model.epochs)
    shown = [model.vector_size, model.window, model.min_count, model.sg, model.epochs, model.alpha, model.min_alpha]
    shown += [model.corpus_count, model.corpus_total_words, sorted(model.wv.index_to_key), "the" in model.wv]
    shown += [len(model.wv.most_similar("the", topn=2)), model.wv.get_vecattr("is", "count")]
    shown += [model.wv["is"].shape, model.syn1neg.shape]
    model.save(str(path))
    again = word2vec.load(str(path))
    again.train([["the", "bar"]], total_examples=1, epochs=1)
    return [*shown, len(again.wv), model.wv.key_to_index.keys() == again.wv.key_to_index.keys()]


def test_a_script_changes_one_import(tmp_path):
    assert script(Word2Vec, tmp_path / "ours") == script(gensim.models.Word2Vec, tmp_path / "theirs")


@pytest.mark.slow
@pytest.mark.parametrize("cbow_mean", [0, 1])
def test_cbow_finds_the_topics_that_gensim_finds(cbow_mean):
    rng = np.random.default_rng(0)
    topics = rng.integers(20, size=4000)
    strays = np.where(rng.random((4000, 10)) < 0.7, topics[:, None], rng.integers(20, size=(4000, 10)))
    sentences = [[f"{topic}_{word}" for topic, word in zip(row, rng.integers(15, size=10))] for row in strays]

    def share_of_topic_and_length(kind):
        wv = kind(sentences, vector_size=50, min_count=1, workers=1, cbow_mean=cbow_mean, epochs=40).wv
        near = [(key, other) for key in wv.index_to_key for other, _ in wv.most_similar(key, topn=5)]
        shared = np.mean([key.split("_")[0] == other.split("_")[0] for key, other in near])
        return shared, np.linalg.norm(wv.vectors, axis=1).mean()

    ours, theirs = share_of_topic_and_length(Word2Vec), share_of_topic_and_length(gensim.models.Word2Vec)
    assert theirs[0] > 0.95
    assert ours == pytest.approx(theirs, rel=0.1)


OWN_DEFAULTS = {"__init__": {"workers"}, "build_vocab": set(), "train": {"compute_loss", "callbacks"}}


@pytest.mark.parametrize("method", OWN_DEFAULTS)
def test_signatures_begin_with_gensims(method):
    """The same names in the same order, all positional, with the same defaults but for those that are None here."""
    ours, theirs = (
        [p for p in inspect.signature(getattr(kind, method)).parameters.values() if p.kind is not p.VAR_KEYWORD]
        for kind in (Word2Vec, gensim.models.Word2Vec)
    )
    shared = ours[: len(theirs)]
    assert [p.name for p in shared] == [p.name for p in theirs]
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in shared)
    assert all(p.kind is p.KEYWORD_ONLY for p in ours[len(theirs) :])
    differ = {p.name: p.default for p, other in zip(shared, theirs) if p.default != other.default}
    assert differ == dict.fromkeys(OWN_DEFAULTS[method])


@pytest.mark.parametrize("kind", [Word2Vec, gensim.models.Word2Vec])
def test_arguments_by_position(kind):
    model = kind(SENTENCES, None, 50)
    assert (model.vector_size, len(model.wv)) == (50, 7)
    model = kind(SENTENCES, None, 50, 0.05, 3, 2, None, 1e-3, 1, 1, 0.001, 1, 0, 3)
    assert (model.alpha, model.window, model.min_count, model.sample, model.seed) == (0.05, 3, 2, 1e-3, 1)
    assert (model.workers, model.min_alpha, model.sg, model.negative) == (1, 0.001, 1, 3)
    model.train(SENTENCES, None, 40, 180, 2, 0.01, 0.001)


def test_defaults_are_those_of_the_constructor():
    ours, theirs = Word2Vec(), gensim.models.Word2Vec()
    same = "vector_size alpha window min_count max_vocab_size sample seed min_alpha sg negative ns_exponent cbow_mean"
    for name in [*same.split(), "epochs", "shrink_windows", "max_final_vocab", "compute_loss"]:
        assert getattr(ours, name) == getattr(theirs, name), name
