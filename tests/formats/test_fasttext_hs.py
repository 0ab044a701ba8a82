"""fastText's .bin with hierarchical softmax: rows of the nodes of its own tree, which is in no file."""

import struct
from pathlib import Path

import numpy as np
import pytest

from fastw2v.fasttext import FastText, load_facebook_model, load_facebook_vectors, save_facebook_model
from fastw2v.vectors.tree import HuffmanTree

OF_PROGRAM = Path(__file__).parent / "fasttext-hs.bin"  # by fastText 0.9.2: -loss hs, 200 epochs of this text
TEXT = (
    ["walking and talking naïve 日本 🙂"] * 7
    + ["walked and talked the cat"] * 5
    + ["the cat sat and talked of rare"] * 3
)
SENTENCES = [[*line.split(), "</s>"] for line in TEXT]
NEGATIVE_AT = 8 + 4 * 4
SMALL = {"vector_size": 5, "min_count": 1, "sample": 0, "workers": 1, "bucket": 50, "epochs": 3, "hs": 1}


def small_model(**options):
    return FastText(SENTENCES, **(SMALL | {"negative": 0} | options))


def loaded_model():
    model = load_facebook_model(OF_PROGRAM)
    model.sample = 0
    return model


def test_the_file_of_the_program_is_read_with_its_tree():
    """Under any other tree, or with other signs, its rows are worth less: the loss was 2.15 on average."""
    model = loaded_model()
    assert (model.hs, model.negative, model.sg) == (1, 0, 1)
    loss, weights = model.mean_loss(SENTENCES), model._state.weights
    tree = weights.tree
    assert loss < 2.15
    weights.tree = HuffmanTree.of_counts(model.vocab.counts)
    assert model.mean_loss(SENTENCES) > 1.05 * loss
    weights.tree, weights.w_node[:] = tree, -weights.w_node
    assert model.mean_loss(SENTENCES) > 2 * loss


def test_the_file_is_written_as_the_program_writes_it(tmp_path):
    """Except for the number of negatives, which counts for nothing there: gensim would train them too."""
    save_facebook_model(load_facebook_model(OF_PROGRAM), tmp_path / "again.bin")
    expected = bytearray(OF_PROGRAM.read_bytes())
    struct.pack_into("<i", expected, NEGATIVE_AT, 0)
    assert (tmp_path / "again.bin").read_bytes() == expected


def test_training_goes_on():
    model = loaded_model()
    before = model.mean_loss(SENTENCES)
    model.train(SENTENCES * 20, epochs=5)
    assert model.mean_loss(SENTENCES) < before
    model.build_vocab([["walks", "slowly"]] * 2, update=True)
    model.train([["walking", "and", "walks", "slowly"]] * 20, epochs=2)
    assert np.isfinite(model.wv.vectors).all()


@pytest.mark.parametrize("sg", [0, 1])
def test_what_is_written_is_read_and_trains_on_alike(tmp_path, sg):
    model, path = small_model(sg=sg), tmp_path / "model.bin"
    save_facebook_model(model, path)
    again = load_facebook_model(path)
    np.testing.assert_array_equal(load_facebook_vectors(path).vectors, model.wv.vectors)
    np.testing.assert_array_equal(again.syn1, model.syn1)
    for each in (model, again):
        each.sample, each.workers, each.shrink_windows = 0, 1, False  # no draw depends on the epochs before
        each.train(SENTENCES, total_examples=len(SENTENCES), epochs=2)
    np.testing.assert_array_equal(again.syn1, model.syn1)
    np.testing.assert_array_equal(again.wv.vectors, model.wv.vectors)


def test_words_in_another_order_are_written_in_that_of_the_tree(tmp_path):
    model = small_model(sorted_vocab=0)
    model.build_vocab([["often"] * 40, ["walks"]], update=True)
    model.train(SENTENCES)
    loss = model.mean_loss(SENTENCES)
    save_facebook_model(model, tmp_path / "model.bin")
    again = load_facebook_model(tmp_path / "model.bin")
    assert again.wv.index_to_key[0] == "often" != model.wv.index_to_key[0]
    assert (np.diff(again.wv.counts) <= 0).all()
    for word in model.wv.index_to_key:
        np.testing.assert_array_equal(again.wv[word], model.wv[word])
        for name in ("code", "point", "count"):
            np.testing.assert_array_equal(again.wv.get_vecattr(word, name), model.wv.get_vecattr(word, name))
    again.sample, again.seed = 0, model.seed
    assert again.mean_loss(SENTENCES) == pytest.approx(loss, rel=1e-6)


def test_a_tree_of_other_counts_and_two_losses_cannot_be_written(tmp_path):
    model = small_model()
    model.wv.set_vecattr("rare", "count", 999)
    with pytest.raises(ValueError, match="no longer those of the Huffman tree"):
        save_facebook_model(model, tmp_path / "model.bin")
    with pytest.raises(ValueError, match="hs is 1 and negative 3, and the file has rows of one loss"):
        save_facebook_model(small_model(negative=3), tmp_path / "model.bin")
    assert not list(tmp_path.iterdir())
