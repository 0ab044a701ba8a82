"""The plan of a training on the GPU: memory, windows, warps and rates."""

import re

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.backends import TrainingData, cuda_plan
from fastw2v.backends.cuda_plan import max_warps, rates
from fastw2v.encode import Tokens
from fastw2v.vectors.weights import Weights, initial_weights
from fastw2v.vocab import Vocab
from fastw2v_kernels._jit import cuda as cuda_jit
from tests import fake_cupy
from tests.backends.training import MODES, config_of, mode_name, trained_on_gpu


def test_too_little_memory_is_said_before_any_is_taken(corpus, gpu, monkeypatch):
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: 1000)
    monkeypatch.setattr(fake_cupy, "array", lambda *_: pytest.fail("something was allocated"))
    with pytest.raises(MemoryError, match=r"a model of two float32 matrices 30 x 16, .* needs 0\.27 GB on the GPU and"):
        trained_on_gpu(config_of(), corpus)


def test_a_corpus_that_lies_there_is_not_streamed(corpus, gpu, monkeypatch):
    """It is trained if the model fits too; otherwise the error says what to do."""
    host, weights = corpus[1], initial_weights(corpus[0], 16, 1)
    there = Tokens(fake_cupy.array(host.ids), fake_cupy.array(host.starts))
    model_bytes = 8 * 16 * 30 + 12 * 30 + 8 * 13 * 16 + cuda_plan._RESERVE_BYTES  # a window of 5
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: model_bytes)
    assert cuda_plan.plan(config_of(), TrainingData(corpus[0], there, weights), model_bytes).is_resident
    trained_on_gpu(config_of(), (corpus[0], there))
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: model_bytes - 1)
    monkeypatch.setattr(fake_cupy, "array", lambda *_: pytest.fail("something was allocated"))
    said = (
        rf"a model of two float32 matrices 30 x 16, with the corpus of {host.n_tokens} tokens \(0\.00 GB\) on the GPU, "
        r"needs 0\.27 GB on the GPU and 0\.27 GB are free; take a smaller corpus, or copy it to the host "
        r"\(ids.get\(\) of CuPy, ids.cpu\(\) of PyTorch\), from which it is streamed, free what other programs hold"
    )
    with pytest.raises(MemoryError, match=said):
        trained_on_gpu(config_of(), (corpus[0], there))


@pytest.mark.parametrize("negative", [1, 5, 300])
@pytest.mark.parametrize("mode", MODES[:3], ids=mode_name)
def test_a_window_is_refused_from_the_first_that_does_not_fit_on(mode, negative, gpu):
    with pytest.raises(ValueError, match="window is 65536; expected at most") as refused:
        cuda_plan.check_window(config_of(window=65_536, negative=negative, **mode))
    assert 'take a smaller window, or device="cpu"' in str(refused.value)
    most = int(re.search(r"at most (\d+)", str(refused.value))[1])
    assert most >= 10
    cuda_plan.check_window(config_of(window=most, negative=negative, **mode))
    with pytest.raises(ValueError, match=f"window is {most + 1}; expected at most {most} on a GPU, with {negative} "):
        cuda_plan.check_window(config_of(window=most + 1, negative=negative, **mode))


def test_a_window_that_is_too_large_is_said_before_anything_is_read_or_uploaded(corpus, gpu, monkeypatch):
    class Unread:
        def __iter__(self):
            raise AssertionError("the corpus was read")

    options = {"device": "cuda", "window": 2500}
    for read in (lambda: Word2Vec(Unread(), **options), lambda: Word2Vec(**options).build_vocab(Unread())):
        with pytest.raises(ValueError, match="window is 2500; expected at most"):
            read()
    monkeypatch.setattr(fake_cupy, "array", lambda *_: pytest.fail("something was allocated"))
    with pytest.raises(ValueError, match="window is 2500; expected at most"):
        trained_on_gpu(config_of(window=2500), corpus)


def test_matrices_beyond_32_bits_are_counted_in_64(gpu, monkeypatch):
    """4 million words of 1,024: 2**32 elements in each matrix."""
    n_vocab, dim = 4 << 20, 1024
    matrix = np.broadcast_to(np.float32(0), (n_vocab, dim))
    tokens = Tokens(np.broadcast_to(np.int32(0), 10**9), np.array([0, 10**9]))
    vocab, weights = Vocab.from_ids([0], [1]), Weights(matrix, matrix, dim)

    def is_resident(free_bytes):
        monkeypatch.setattr(cuda_jit, "free_memory", lambda: free_bytes)
        return cuda_plan.plan(config_of(), TrainingData(vocab, tokens, weights), free_bytes).is_resident

    assert is_resident(39 * 10**9)
    assert not is_resident(36 * 10**9)
    with pytest.raises(MemoryError, match=r"4,194,304 x 1,024, .* needs 34\.79 GB on the GPU and 34\.00 GB are free"):
        is_resident(34 * 10**9)


def test_a_launch_has_no_more_warps_than_chunks(gpu):
    """Rates hold for as many warps as train: those that a short span leaves idle move nothing."""
    matrix = np.zeros((100, 16), np.float32)
    tokens = Tokens(np.broadcast_to(np.int32(0), 10**9), np.array([0, 10**9]))
    data = TrainingData(Vocab.from_ids(np.arange(100), np.ones(100)), tokens, Weights(matrix, matrix, 16))
    least = cuda_plan.plan(config_of(), data, 1 << 40)
    assert (least.is_resident, least.max_warps) == (True, 1024)
    small = cuda_plan.plan(config_of(), data, 279_000_000)
    assert not small.is_resident
    assert small.span_tokens < 512 * 1024
    assert small.max_warps == -(-small.span_tokens // cuda_plan.CHUNK_TOKENS)


def test_only_words_that_many_warps_hold_are_slowed_down():
    counts = np.array([6_000_000, 3_000_000, 100_000, *[1000] * 20_000])
    vocab, config = Vocab.from_ids(np.arange(len(counts)), counts), config_of(sample=1e-3)
    keep = vocab.keep_probabilities(config.sample)
    rate_in, rate_out = rates(config, vocab, keep, n_warps=1024)
    share = counts * keep / (counts * keep).sum()
    np.testing.assert_allclose(rate_in[0], 16 / (1024 * 11 * share[0]), rtol=0.2)
    assert rate_in[0] < rate_in[1] < 1
    assert len(rate_in) < 10
    assert len(rate_out) < 10
    assert all(rate.tolist() == [1] for rate in rates(config, vocab, keep, n_warps=8))


@pytest.mark.parametrize("n_words", [1, 10])
@pytest.mark.parametrize("sample", [0, 1e-3])
def test_rates_of_hot_words_are_finite(n_words, sample):
    vocab, config = Vocab.from_ids(np.arange(n_words), np.full(n_words, 10**6)), config_of(sample=sample)
    for rate in rates(config, vocab, vocab.keep_probabilities(sample), n_warps=1024):
        assert ((rate > 1e-4) & (rate < 0.1)).all()


def test_a_small_corpus_has_few_warps():
    assert [max_warps(n) for n in (0, 5000, 100_000, 10**9)] == [1, 1, 24, 1024]
