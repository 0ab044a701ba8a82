import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors
from tests.formats.cases import WORDS, random_vectors


@pytest.fixture(params=[1, 2, 3, 100])
def kv(request):
    return KeyedVectors(WORDS, random_vectors(len(WORDS), request.param), counts=np.arange(len(WORDS), 0, -1))


@pytest.fixture
def small():
    return KeyedVectors(["a", "b", "c"], np.arange(1, 7, dtype=np.float32).reshape(3, 2))
