"""Corpora that lie on the GPU: encoded there as those of the host are, NumPy's arrays standing in for CuPy's."""

import numpy as np
import pytest

from fastw2v import Word2Vec, _encode_device
from fastw2v._integers import IntegerCorpus
from fastw2v.encode import encode_corpus, encode_with
from fastw2v_kernels import _jit_cuda


@pytest.fixture
def gpu(monkeypatch):
    """A GPU whose memory is the host's: once called, all integer corpora lie there."""
    monkeypatch.setattr(_jit_cuda, "IS_SIMULATED", True)
    monkeypatch.setattr(_jit_cuda, "array_module", lambda: np)

    def move():
        monkeypatch.setattr(_encode_device, "is_on_device", lambda corpus: isinstance(corpus, IntegerCorpus))

    return move


def walks(n_ids=50, n=400):
    rng = np.random.default_rng(3)
    ids = np.concatenate([rng.integers(0, n_ids, n) ** 2, [7, 7, 999, 7]])
    starts = np.array([0, 3, 3, 100, n, n + 2, n + 3, n + 4])
    return ids, starts


@pytest.mark.parametrize(
    "knobs",
    [{"min_count": 1}, {"min_count": 8}, {"min_count": 0}, {"min_count": 2, "sorted_vocab": False},
     {"min_count": 1, "max_final_vocab": 20}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint16])
def test_it_is_encoded_as_on_the_host(knobs, dtype, gpu):
    ids, starts = walks()
    vocab, tokens = encode_corpus((ids.astype(dtype), starts), **knobs)
    gpu()
    there_vocab, there = encode_corpus((ids.astype(dtype), starts), **knobs)
    assert there_vocab.keys == vocab.keys
    assert there_vocab.counts.tolist() == vocab.counts.tolist()
    assert there_vocab.n_raw_tokens == vocab.n_raw_tokens
    np.testing.assert_array_equal(there.ids, tokens.ids)
    np.testing.assert_array_equal(there.starts, tokens.starts)
    assert (there.ids.dtype, there.starts.dtype, there.n_raw) == (np.int32, np.int64, tokens.n_raw)


def test_rows_of_a_given_vocabulary(gpu):
    ids, starts = walks()
    vocab, _ = encode_corpus((ids[:200], np.array([0, 200])), min_count=3)
    here = encode_with((ids, starts), vocab)
    gpu()
    there = encode_with((ids, starts), vocab)
    np.testing.assert_array_equal(there.ids, here.ids)
    np.testing.assert_array_equal(there.starts, here.starts)


@pytest.mark.parametrize(
    ("change", "error"),
    [(lambda ids: ids - 8, "is negative"), (lambda ids: ids * 1.0, "expected an integer array"),
     (lambda ids: ids[:-1], r"expected starts\[0\] == 0")],
)  # fmt: skip
def test_what_is_no_corpus_is_refused(change, error, gpu):
    ids, starts = walks()
    gpu()
    with pytest.raises((ValueError, TypeError), match=error):
        encode_corpus((change(ids), starts), min_count=1)


def test_too_little_memory_is_said(gpu, monkeypatch):
    monkeypatch.setattr(_jit_cuda, "free_memory", lambda: 60 * 404)  # an id has 8 bytes
    gpu()
    with pytest.raises(MemoryError, match="counting 404 ids needs"):
        encode_corpus(walks(), min_count=1)


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_the_cpu_refuses_it(device, gpu):
    gpu()
    with pytest.raises(TypeError, match=r'lies on the GPU and device is ".*"; pass device="cuda", or ids.get\(\)'):
        Word2Vec(walks(), device=device, min_count=1)
