import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors
from tests.vectors.cases import N_WORDS, WORDS, random_vectors


@pytest.fixture
def vectors():
    return random_vectors()


@pytest.fixture
def wv(vectors):
    return KeyedVectors(WORDS, vectors, counts=np.arange(N_WORDS, 0, -1))
