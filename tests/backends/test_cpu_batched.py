"""Training that does not depend on the number of workers, on thread timing, or on where spans are cut."""

import signal
import time

import numpy as np
import pytest

from fastw2v.backends import cpu, cpu_batched, get_backend
from fastw2v.backends.cpu import CpuBackend
from fastw2v.backends.cpu_batched import BatchedCpuBackend, batch_tokens
from fastw2v.config import TrainConfig
from fastw2v.schedule import spans
from fastw2v.trainer import train
from tests.backends.training import MODES, config_of, data_of, mode_name
from tests.kernels.harness import rates

QUICK = (MODES[0],)
each_mode = pytest.mark.parametrize(
    "mode",
    [*QUICK, *(pytest.param(mode, marks=pytest.mark.slow) for mode in MODES if mode not in QUICK)],
    ids=mode_name,
)


@pytest.fixture(autouse=True)
def cores(monkeypatch):
    """As many cores as workers, and batches of 37 tokens."""
    monkeypatch.setattr(cpu_batched, "available_cores", lambda: 16)
    monkeypatch.setattr(cpu_batched, "batch_tokens", lambda *_, **_options: 37)


def trained(corpus, mode, backend=None, *, rate_in=None, **options):
    """Train; return the bytes of the weights and the loss."""
    config = config_of(**mode, epochs=2, **options)
    data = data_of(config, corpus)
    data.weights.rate_in = rate_in
    report = train(backend or BatchedCpuBackend(), config, data)
    return data.weights.w_in.tobytes(), data.weights.w_out.tobytes(), report.loss, report.pairs, report.kept_words


@each_mode
def test_any_number_of_workers_gives_the_same_bytes_and_the_same_loss(mode, corpus):
    for rate_in in (None, rates(len(corpus[0]))):
        expected = trained(corpus, mode, rate_in=rate_in, workers=1)
        assert expected[2] > 0
        for workers in (3, 8):
            assert trained(corpus, mode, rate_in=rate_in, workers=workers) == expected, workers


@pytest.mark.slow
@each_mode
def test_without_the_loss_too(mode, corpus):
    expected, several = (trained(corpus, mode, workers=n, compute_loss=False) for n in (1, 3))
    assert several == expected
    assert several[2] == 0


def test_workers_that_come_late_change_nothing(corpus):
    """Each waits for a random time before each span, and before it goes on."""
    expected = trained(corpus, MODES[0], workers=1)
    rng = np.random.default_rng(0)

    class Late(BatchedCpuBackend):
        def upload(self, config, data):
            super().upload(config, data)
            self.span_tokens, kernel = 37, self._kernel

            def late(**arguments):
                time.sleep(rng.uniform(0, 0.01))
                kernel(**arguments)
                time.sleep(rng.uniform(0, 0.01))

            self._kernel = late

    assert trained(corpus, MODES[0], Late(), workers=3) == expected


def test_frozen_rows_stay_as_they_are_to_the_byte(corpus):
    config, rate_in = config_of(sg=1, epochs=2, sample=0, workers=3), rates(len(corpus[0]))
    data = data_of(config, corpus)
    data.weights.rate_in = rate_in
    before = data.weights.w_in.view(np.int32).copy()
    train(BatchedCpuBackend(), config, data)
    assert ((data.weights.w_in.view(np.int32) != before).any(axis=1) == (rate_in > 0)).all()


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_training_after_a_span(corpus):
    config = config_of(sg=1, workers=2)
    data, backend = data_of(config, corpus), BatchedCpuBackend()
    backend.upload(config, data)
    backend.compile()
    done = []

    def on_done(n_tokens):
        done.append(n_tokens)
        if len(done) == 3:
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.3)  # the main thread handles it

    n_tokens = corpus[1].n_tokens
    with pytest.raises(KeyboardInterrupt):
        backend.train(spans(config, n_tokens, 0, span_tokens=37), on_done)
    assert 37 * 3 <= sum(done) <= 37 * 5 < n_tokens
    expected, alone = data_of(config, corpus), BatchedCpuBackend()
    alone.upload(config, expected)
    alone.train((span for span in spans(config, n_tokens, 0, span_tokens=37) if span.end <= sum(done)), lambda n: None)
    assert data.weights.w_in.tobytes() == expected.weights.w_in.tobytes()


def test_an_error_in_one_thread_ends_all(corpus):
    config = config_of(sg=1, workers=3)
    data, backend = data_of(config, corpus), BatchedCpuBackend()
    backend.upload(config, data)

    def on_done(_n_tokens):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        backend.train(spans(config, corpus[1].n_tokens, 0, span_tokens=37), on_done)


@pytest.mark.parametrize(("sg", "most"), [(1, 6), (0, 4)])
def test_batches_are_small_where_few_words_are_used_often(sg, most, corpus):
    vocab = corpus[0]  # 30 words, about equally frequent
    every = np.ones(len(vocab), np.float32)
    tokens = [batch_tokens(TrainConfig(sg=sg, alpha=alpha), vocab, every) for alpha in (0.025, 0.05)]
    assert tokens[0] == pytest.approx(most * 30 / 6, rel=0.15)
    assert tokens[1] == pytest.approx(tokens[0] / 2, abs=1)
    assert batch_tokens(TrainConfig(sg=sg, alpha=1e6), vocab, every) == 1
    assert batch_tokens(TrainConfig(sg=sg), vocab, every * 1e-6) == 1024


def test_a_small_corpus_is_trained_by_one_worker_and_a_large_one_is_not(corpus, monkeypatch):
    assert isinstance(get_backend("cpu", deterministic=True, n_tokens=100_000), CpuBackend)
    assert isinstance(get_backend("cpu", deterministic=True, n_tokens=100_001), BatchedCpuBackend)
    assert isinstance(get_backend("cpu", n_tokens=100_001), CpuBackend)
    config = config_of(workers=8)
    for most, n_workers in ((corpus[1].n_tokens, 1), (corpus[1].n_tokens - 1, 8)):
        monkeypatch.setattr(cpu, "_SMALL_TOKENS", most)
        backend = CpuBackend()
        backend.upload(config, data_of(config, corpus))
        assert len(backend._tallies) == n_workers
