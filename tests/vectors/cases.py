"""Vectors by key, and a comparison of neighbours, for the tests of vectors."""

import numpy as np

N_WORDS, DIM = 300, 20


WORDS = [f"w{i}" for i in range(N_WORDS)]


def random_vectors():
    """float32[N_WORDS, DIM], a view of padded rows."""
    padded = np.random.default_rng(7).normal(size=(N_WORDS, 32)).astype(np.float32)
    return padded[:, :DIM]


def assert_same_neighbours(mine, theirs):
    assert [key for key, _ in mine] == [key for key, _ in theirs]
    np.testing.assert_allclose([score for _, score in mine], [score for _, score in theirs], atol=1e-5)
    assert all(type(score) is float for _, score in mine)
