"""Rates of the input rows through the backends: frozen rows stay as they are, and wrong rates are refused."""

import numpy as np
import pytest

from fastw2v.backends import cpu, cuda, cuda_plan
from fastw2v.backends.cpu import CpuBackend
from fastw2v.backends.cuda import CudaBackend
from fastw2v.trainer import train
from tests.backends.training import MODES, config_of, data_of, mode_name
from tests.kernels.harness import rates


def trained(backend, corpus, rate_in, **options):
    """Train with these rates; return the input rows before and after, as integers."""
    config = config_of(epochs=2, sample=0, **options)
    data = data_of(config, corpus)
    data.weights.rate_in = rate_in
    before = data.weights.w_in.view(np.int32).copy()
    train(backend, config, data)
    return before, data.weights.w_in.view(np.int32)


def assert_frozen(before, after, rate_in):
    assert ((after != before).any(axis=1) == (rate_in > 0)).all()


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("mode", MODES, ids=mode_name)
def test_frozen_rows_stay_as_they_are_to_the_byte(mode, workers, corpus, monkeypatch):
    monkeypatch.setattr(cpu, "_SMALL_TOKENS", 0)
    rate_in = rates(len(corpus[0]))
    assert_frozen(*trained(CpuBackend(), corpus, rate_in, workers=workers, **mode), rate_in)


@pytest.mark.cuda
@pytest.mark.parametrize("mode", [MODES[0], MODES[2]], ids=mode_name)
def test_frozen_rows_stay_as_they_are_on_the_gpu(mode, corpus):
    rate_in = rates(len(corpus[0]))
    assert_frozen(*trained(CudaBackend(), corpus, rate_in, vector_size=10, negative=2, window=2, **mode), rate_in)


def test_rates_of_1_train_as_no_rates(corpus):
    ones = np.ones(len(corpus[0]), np.float32)
    after, expected = (trained(CpuBackend(), corpus, rate)[1].view(np.float32) for rate in (ones, None))
    np.testing.assert_allclose(after, expected, rtol=0, atol=1e-6)


def test_the_gpu_slows_frequent_rows_down_by_both_factors(corpus):
    config, rate_in = config_of(), rates(len(corpus[0]))
    data = data_of(config, corpus)
    slowed = cuda._tables(config, data, 40)["rate_in"]
    assert 0 < len(slowed) < len(rate_in)
    assert slowed[0] < 1
    least = cuda_plan._model_bytes(config, data, 1)
    data.weights.rate_in = rate_in
    both = cuda._tables(config, data, 40)["rate_in"]
    np.testing.assert_array_equal(both[: len(slowed)], slowed * rate_in[: len(slowed)])
    np.testing.assert_array_equal(both[len(slowed) :], rate_in[len(slowed) :])
    assert data.weights.rate_in.tolist() == rates(len(corpus[0])).tolist()
    assert cuda_plan._model_bytes(config, data, 1) - least == rate_in.nbytes


WRONG = [
    (lambda ok: ok.astype(np.float64), TypeError, "rate_in has dtype float64; expected float32"),
    (lambda ok: ok[:-1].copy(), ValueError, r"rate_in has shape \(\d+,\); expected"),
    (lambda ok: ok[:, None].copy(), ValueError, "rate_in has shape"),
    (lambda ok: np.repeat(ok, 2)[::2], ValueError, "rate_in has strides"),
    *[
        (lambda ok, wrong=wrong: np.where(np.arange(len(ok)) == 4, np.float32(wrong), ok), ValueError, message)
        for wrong, message in [(-1, "rate_in has -1.0 for row 4"), (np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")]
    ],
]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize(("spoil", "error", "message"), WRONG)
def test_wrong_rates_are_refused_by_name_before_anything_is_trained(spoil, error, message, device, corpus, request):
    calls = request.getfixturevalue("gpu") if device == "cuda" else []
    with pytest.raises(error, match=message):
        trained(CpuBackend() if device == "cpu" else CudaBackend(), corpus, spoil(rates(len(corpus[0]))))
    assert calls == []
