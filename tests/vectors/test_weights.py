"""First weights: of word2vec.c's size, and a function of seed and word."""

import numpy as np

from fastw2v.vectors.weights import initial_weights
from fastw2v.vocab import Vocab


def made(keys, dim=40, seed=1):
    return initial_weights(Vocab.from_keys(keys, np.ones(len(keys))), dim, seed)


def test_first_rows_are_uniform_from_minus_half_to_half_over_dim():
    weights = made([f"w{i}" for i in range(2000)])
    numbers = np.sort(weights.w_in[:, :40].ravel()) * 40
    np.testing.assert_allclose(numbers, np.linspace(-0.5, 0.5, len(numbers)), atol=0.01)
    assert np.abs(numbers).max() <= 0.5
    assert not weights.w_in[:, 40:].any()
    assert not weights.w_out.any()


def test_first_rows_depend_on_word_and_seed_alone():
    one, other = made(["a", "b"]).w_in, made(["c", "b", "a"]).w_in
    np.testing.assert_array_equal(one, other[[2, 1]])
    assert (made(["a", "b"], seed=2).w_in[:, :40] != one[:, :40]).all()
