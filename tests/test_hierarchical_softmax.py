"""Word2Vec with hierarchical softmax: it learns, is stored, grows, and scores sentences, alone and with negatives."""

import copy
import pickle

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.vectors.tree import HuffmanTree
from fastw2v_kernels._jit.cuda import IS_SIMULATED
from tests.checkpoints.cases import Killed, kill_at

pytestmark = pytest.mark.skipif(IS_SIMULATED, reason="the simulator runs CUDA alone")
SENTENCES = [["a", "b"], ["c", "d"], ["a", "b", "e"]] * 150
OPTIONS = {"vector_size": 12, "min_count": 1, "sample": 0, "workers": 1, "epochs": 4, "hs": 1, "compute_loss": True}
each_loss = pytest.mark.parametrize("negative", [0, 3])
each_model = pytest.mark.parametrize("sg", [0, pytest.param(1, marks=pytest.mark.slow)])


def model_of(sentences=SENTENCES, **options):
    return Word2Vec(sentences, **(OPTIONS | {"negative": 0} | options))


def matrices(model):
    return [model.wv.vectors, model.syn1, *([model.syn1neg] if model.negative else [])]


def same(a, b):
    is_same_tree = all((a.wv.get_vecattr(w, "code") == b.wv.get_vecattr(w, "code")).all() for w in "abcde")
    return is_same_tree and all(x.tobytes() == y.tobytes() for x, y in zip(matrices(a), matrices(b), strict=True))


@each_model
@pytest.mark.parametrize("negative", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_it_learns_and_tells_its_loss(sg, negative):
    model = model_of(sg=sg, negative=negative)
    first, *_, last = model.report.loss_per_epoch
    assert last < 0.6 * first
    assert model.mean_loss(SENTENCES) < 1.1 * last
    usual, unusual = model.score([["c", "d"], ["c", "e"]])
    assert usual > unusual + 0.5


@each_loss
def test_a_stored_model_and_a_copy_go_on_alike(tmp_path, negative):
    model = model_of(negative=negative)
    model.save(tmp_path / "model")
    others = [Word2Vec.load(tmp_path / "model"), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    model.train(SENTENCES)
    for other in others:
        assert not same(model, other)
        other.train(SENTENCES)
        assert same(model, other)


@each_loss
def test_a_training_that_was_interrupted_ends_as_the_whole(tmp_path, negative):
    path, options = tmp_path / "c", {"negative": negative, "checkpoint_every": "epoch"}
    with pytest.raises(Killed):
        model_of(checkpoint=path, progress=kill_at(2200), **options)
    resumed = Word2Vec.resume(path, SENTENCES)
    assert same(resumed, model_of(negative=negative))


@each_loss
def test_growth_keeps_rows_and_makes_the_tree_anew(negative):
    model = model_of(negative=negative)
    before = [matrix.copy() for matrix in matrices(model)]
    model.build_vocab([["b", "new"]] * 400, update=True)
    for matrix, old in zip(matrices(model), before, strict=True):
        np.testing.assert_array_equal(matrix[:5], old)
    assert not model.syn1[5].any()
    expected = HuffmanTree.of_counts(model.vocab.counts)
    for row, word in enumerate(model.wv.index_to_key):
        np.testing.assert_array_equal(model.wv.get_vecattr(word, "code"), expected.path(row)[0])
    model.train([["b", "new"]] * 100)
    assert np.isfinite(model.wv.vectors).all()


@pytest.mark.parametrize("sorted_vocab", [0, 1])
def test_codes_are_those_that_gensim_gives_the_words_of_a_text(sorted_vocab):
    """Gensim has words of equal count in another order of rows, and most words of a text are as frequent as others."""
    gensim = pytest.importorskip("gensim.models")
    numbers = np.random.default_rng(1).zipf(1.5, 2000) % 500
    text = [[f"w{number}" for number in numbers[first : first + 20]] for first in range(0, 2000, 20)]
    options = {"hs": 1, "negative": 0, "min_count": 1, "vector_size": 8, "sorted_vocab": sorted_vocab}
    model, expected = Word2Vec(**options), gensim.Word2Vec(**options)
    model.build_vocab(text)
    expected.build_vocab(text)
    for word in expected.wv.index_to_key:
        for name in ("code", "point"):
            np.testing.assert_array_equal(model.wv.get_vecattr(word, name), expected.wv.get_vecattr(word, name))


def test_the_tree_follows_the_rows_of_the_vectors(tmp_path):
    model = model_of(sorted_vocab=0)
    codes = {word: model.wv.get_vecattr(word, "code").tolist() for word in "abcde"}
    model.wv.sort_by_descending_frequency()
    assert {word: model.wv.get_vecattr(word, "code").tolist() for word in "abcde"} == codes
    model.save(tmp_path / "sorted")
    other = Word2Vec.load(tmp_path / "sorted")
    assert {word: other.wv.get_vecattr(word, "code").tolist() for word in "abcde"} == codes


def test_output_vectors_are_those_of_the_losses():
    alone, both, usual = model_of(), model_of(negative=3), model_of(hs=0, negative=3)
    assert alone.syn1.shape == both.syn1.shape == both.syn1neg.shape == (5, 12)
    assert not alone.syn1.flags.writeable
    with pytest.raises(AttributeError, match="no attribute 'syn1neg': the model was made with negative=0"):
        _ = alone.syn1neg
    with pytest.raises(AttributeError, match="no attribute 'syn1': the model was made with hs=0"):
        _ = usual.syn1
    with pytest.raises(RuntimeError, match="needs the output vectors of negative sampling"):
        alone.predict_output_word(["a"])
    with pytest.raises(KeyError, match="no attribute 'code'"):
        usual.wv.get_vecattr("a", "code")
    usual.create_binary_tree()
    assert usual.wv.get_vecattr("a", "point")[0] == 3


def test_a_loss_without_output_vectors_is_refused():
    model = model_of(hs=0, negative=3)
    model.hs = 1
    with pytest.raises(ValueError, match="hs is 1 and the model has no output rows for it: it was made with hs=0"):
        model.train(SENTENCES)
    model.init_weights()
    model.train(SENTENCES)
    assert model.syn1.any()


def test_the_deterministic_mode_has_no_such_kernels():
    with pytest.raises(ValueError, match=r"deterministic=True with hs=1: .* pass workers=1"):
        model_of(deterministic=True)


def test_scores_need_no_learning_rate():
    model = model_of()
    scores = model.score(SENTENCES[:2])
    model.min_alpha = 2.0  # as long as alpha is not changed too, no model can be trained
    assert (model.score(SENTENCES[:2]) == scores).all()


def test_scores_are_the_log_likelihood_of_every_pair():
    model = model_of(sg=1, window=2)
    sentence, total = ["a", "b", "unknown", "e", "d"], 0.0
    known = [word for word in sentence if word in model.wv]
    for i, centre in enumerate(known):
        code, point = (model.wv.get_vecattr(centre, name) for name in ("code", "point"))
        for context in [known[j] for j in range(max(i - 2, 0), min(i + 3, len(known))) if j != i]:
            scores = (1 - 2 * code.astype(float)) * (model.syn1[point] @ model.wv[context])
            total -= np.logaddexp(0, -scores).sum()
    scores = model.score([sentence, [], ["unknown"], ["a"]])
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [total, 0, 0, 0], rtol=1e-5)
    assert len(model.score([sentence] * 3, total_sentences=2)) == 2
    with pytest.raises(TypeError, match="a sentence is the str 'a b'"):
        model.score(["a b"])


def test_memory_is_that_of_the_losses():
    sizes = Word2Vec(hs=1, negative=0).estimate_memory(1000)
    assert sizes["syn1"] == sizes["vectors"]
    assert "syn1neg" not in sizes
    assert "syn1" not in Word2Vec().estimate_memory(1000)


def move_a_word(links, path_starts):
    links[2] += 2


def move_a_path(links, path_starts):
    path_starts[2] += 2


def join_two_words(links, path_starts):
    """All paths stay as long as they are."""
    lengths = np.diff(path_starts)
    first, second = np.flatnonzero(lengths == lengths.max())[:2]
    links[first] = links[second]


@pytest.mark.parametrize("damage", [move_a_word, move_a_path, join_two_words])
def test_a_file_with_a_damaged_tree_is_refused(tmp_path, monkeypatch, damage):
    from fastw2v import checkpoint

    model, write = model_of(), checkpoint.write_safetensors

    def write_damaged(path, tensors, metadata, **options):
        damaged = {name: tensors[name].copy() for name in ("tree", "path_starts")}
        damage(*damaged.values())
        write(path, tensors | damaged, metadata, **options)

    monkeypatch.setattr(checkpoint, "write_safetensors", write_damaged)
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match="is damaged: its Huffman tree is none"):
        Word2Vec.load(tmp_path / "model")


@pytest.mark.parametrize("flaw", ["tree", "path_starts"])
def test_a_file_whose_tree_is_one_number_is_refused(tmp_path, flaw):
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    model_of().save(path := tmp_path / "model")
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    save_file(tensors | {flaw: np.array(1, tensors[flaw].dtype)}, path, metadata)
    with pytest.raises(ValueError, match="model is damaged: its Huffman tree has shape"):
        Word2Vec.load(path)
