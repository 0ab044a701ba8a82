import numpy as np
import pytest

from fastw2v.encode import encode_corpus
from tests import fake_cupy


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(5)
    walks = [rng.integers(0, 30, n) for n in [*rng.integers(1, 25, 25), 300, 1, 1, 77]]
    return encode_corpus(walks, min_count=1)


@pytest.fixture
def gpu(monkeypatch):
    """A GPU whose memory is the host's and whose kernels are the CPU's; the calls that they get."""
    return fake_cupy.install(monkeypatch)
