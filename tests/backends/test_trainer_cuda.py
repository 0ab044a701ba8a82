"""Training on the GPU: what the reference computes, by one warp; the samples of the CPU, by many."""

import logging
import signal
import threading

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.backends import cuda_plan, get_backend
from fastw2v.encode import encode_corpus
from fastw2v.trainer import train
from fastw2v_kernels._jit import cuda as cuda_jit
from fastw2v_kernels.ops import OPS
from tests.backends.training import MODES, by_reference, config_of, data_of, mode_name
from tests.kernels.harness import assert_parity, to_device, to_host, toy_case

pytestmark = pytest.mark.cuda
OPTIONS = {"sample": 0.05, "window": 2, "negative": 3, "vector_size": 10, "epochs": 1}


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(5)
    return encode_corpus([rng.integers(0, 12, n) for n in (9, 1, 25, 2, 6)], min_count=1)


@pytest.fixture
def one_warp(monkeypatch):
    monkeypatch.setattr(cuda_plan, "max_warps", lambda *_: 1)


def trained(config, corpus):
    data = data_of(config, corpus)
    weights, report = data.weights, train(get_backend("cuda"), config, data)
    kernel = {"w_in": weights.w_in, "w_out": weights.w_out, "loss": np.array([report.loss])}
    kernel["counts"] = np.array([report.pairs, report.kept_words])
    return kernel


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
def test_one_warp_equals_the_reference(mode, corpus, one_warp):
    config = config_of(alpha=0.05, **(OPTIONS | mode))
    assert_parity(trained(config, corpus), *(by_reference(config, corpus, t) for t in (np.float32, np.float64)))


@pytest.mark.parametrize("mode", [MODES[0], MODES[2]], ids=mode_name)
def test_a_streamed_corpus_equals_the_reference(mode, corpus, one_warp, monkeypatch, caplog):
    config = config_of(alpha=0.05, **(OPTIONS | mode | {"seed": 2**64 - 1}))
    monkeypatch.setattr(cuda_plan, "_LEAST_STREAMED_TOKENS", 1)
    # The corpus does not fit, two spans of 5 tokens do.
    model_bytes = 8 * 16 * 12 + 12 * 12 + 8 * 7 * 16 + cuda_plan._RESERVE_BYTES
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: model_bytes + 30 * 5)
    with caplog.at_level(logging.INFO, "fastw2v"):
        kernel = trained(config, corpus)
    assert "the corpus is streamed to the GPU" in caplog.text
    assert_parity(kernel, *(by_reference(config, corpus, t) for t in (np.float32, np.float64)))


class PauseOnce:
    """A pause after 20 words; it sees the weights, and stops the training a little later."""

    def __init__(self, weights):
        self.weights, self.seen = weights, []

    def is_due(self, n_words, *, ends_epoch):
        if len(self.seen) == 1 and n_words == 30:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return not self.seen and n_words >= 20

    def run(self, report):
        self.seen.append((report.raw_words, self.weights.w_in.copy(), self.weights.on_device))

    def finish(self, report):
        self.seen.append((report.raw_words, self.weights.w_in.copy(), None))


@pytest.mark.usefixtures("interruptible")
def test_a_training_that_pauses_stops_and_goes_on_equals_the_reference(corpus, one_warp, monkeypatch):
    config = config_of(alpha=0.05, sg=1, **(OPTIONS | {"epochs": 3}))
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 5)
    data = data_of(config, corpus)
    pause, first = PauseOnce(data.weights), data.weights.w_in.copy()
    stopped = train(get_backend("cuda"), config, data, pause=pause)
    (paused_at, then, on_device), (stopped_at, last, _) = pause.seen
    assert (paused_at, stopped.raw_words, on_device) == (20, stopped_at, None)
    assert 30 <= stopped_at < 3 * corpus[1].n_tokens
    assert not np.array_equal(first, then)
    assert not np.array_equal(then, last)
    stopped.loss_per_epoch.clear()
    report = train(get_backend("cuda"), config, data, report=stopped)
    kernel = {"w_in": data.weights.w_in, "w_out": data.weights.w_out, "loss": np.array([report.loss])}
    kernel["counts"] = np.array([report.pairs, report.kept_words])
    assert_parity(kernel, *(by_reference(config, corpus, t) for t in (np.float32, np.float64)))


def test_many_warps_draw_the_samples_of_one(corpus, monkeypatch):
    config = config_of(**OPTIONS)
    monkeypatch.setattr("fastw2v.backends.cuda.CHUNK_TOKENS", 9)
    monkeypatch.setattr(cuda_plan, "max_warps", lambda _: 4)
    many = trained(config, corpus)
    assert (many["counts"] == by_reference(config, corpus, np.float32)["counts"]).all()
    assert np.isfinite(many["w_in"]).all()


@pytest.mark.parametrize("name", ["skipgram_ns", "cbow_ns"])
def test_a_rate_is_a_factor_of_a_rows_moves(name):
    """Two words: what each row has moved by is in proportion to its rate, the copy on chip being the same."""
    op = next(op for op in OPS if op.name == name)
    mode = {"share_negatives": True} if name == "skipgram_ns" else {"mean_context": True, "mean_gradient": False}
    moves = []
    for rates in ({}, {"rate_in": np.array([0.5, 0], "f"), "rate_out": np.array([0.25], "f")}):
        case = to_device(toy_case([[0, 1]], 3, only_negative=2, window=1, **mode) | rates)
        before = {matrix: to_host(case[matrix]).copy() for matrix in ("w_in", "w_out")}
        op.implementation("cuda")(**case, chunk_tokens=1)
        moves.append({matrix: to_host(case[matrix]) - before[matrix] for matrix in before})
    whole, slowed = moves
    np.testing.assert_allclose(slowed["w_in"][0], 0.5 * whole["w_in"][0], atol=1e-3)
    assert (slowed["w_in"][1] == 0).all()
    assert np.abs(whole["w_in"][:2]).min(axis=1).all()
    np.testing.assert_allclose(slowed["w_out"], whole["w_out"] * [[0.25], [1], [1]], atol=1e-3)


def test_word2vec_trains_on_the_gpu(one_warp, caplog):
    sentences = [["a", "b", "c", "a"], ["b", "c"]]
    options = {"min_count": 1, "vector_size": 6, "negative": 2, "window": 2, "sg": 1, "epochs": 1, "compute_loss": True}
    with caplog.at_level(logging.INFO, "fastw2v"):
        there = Word2Vec(sentences, device="cuda", **options)
    here = Word2Vec(sentences, device="cpu", workers=1, **options)
    np.testing.assert_allclose(there.wv.vectors, here.wv.vectors, atol=1e-6)
    assert there.report.device == "cuda"
    assert there.report.loss == pytest.approx(here.report.loss)
    assert "compiled the skip-gram kernel for vector_size 6, negative 2 for the GPU" in caplog.text
    there.train(sentences, epochs=1)
    here.train(sentences, epochs=1)
    np.testing.assert_allclose(there.wv.vectors, here.wv.vectors, atol=1e-6)


def test_the_vectors_stay_on_the_gpu(one_warp):
    model = Word2Vec([["a", "b", "c", "a"], ["b", "c"]], device="cuda", min_count=1, vector_size=6, window=2, epochs=1)
    there = model.device_vectors()
    assert isinstance(there, cuda_jit.array_module().ndarray)
    assert there.shape == (3, 6)
    np.testing.assert_array_equal(to_host(there), model.wv.vectors)
    assert cuda_jit.IS_SIMULATED or there.data.ptr == model.device_vectors().data.ptr
    before = to_host(there).copy()
    model.wv["a"] = np.ones(6)
    np.testing.assert_array_equal(to_host(there), before)
    with pytest.raises(RuntimeError, match="wv was changed"):
        model.device_vectors()


def test_a_gpu_that_does_not_exist_is_refused():
    with pytest.raises(cuda_jit.CudaUnavailableError, match="there is no device cuda:99"):
        Word2Vec([["a", "b"]], device="cuda:99", min_count=1)
