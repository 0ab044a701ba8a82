"""Explicit pairs and weights of sentences on each device, against the reference."""

import numpy as np
import pytest

from fastw2v.backends import TrainingData, cpu_batched, cuda_plan, get_backend
from fastw2v.backends.cpu_batched import BatchedCpuBackend
from fastw2v.corpus import pair_corpus, weighted_corpus
from fastw2v.encode import encode_corpus
from fastw2v.pair_options import options_of_pairs
from fastw2v.trainer import train
from fastw2v_kernels._jit import cuda as cuda_jit
from tests.backends.training import MODES, by_reference, config_of, data_of, mode_name
from tests.kernels.harness import assert_parity

OPTIONS = {"sample": 0.05, "window": 2, "negative": 3, "vector_size": 10, "epochs": 2, "alpha": 0.05}
PAIRS = {"sg": 1, "pairs": True}
# Each mode is a kernel to compile; pairs, and sentences by skip-gram, are the quick ones.
_SLOW = [pytest.param(mode, marks=pytest.mark.slow) for mode in MODES[1:]]
each_mode = pytest.mark.parametrize("mode", [PAIRS, MODES[0], *_SLOW], ids=mode_name)


def corpus_of(mode):
    """Pairs with weights, or sentences with weights; some are 0."""
    rng = np.random.default_rng(5)
    if "pairs" in mode:
        pairs = pair_corpus(rng.integers(0, 9, 25), rng.integers(5, 14, 25), np.resize([2, 0, 0.5, 1], 25))
        return encode_corpus(pairs, min_count=1)
    walks = [rng.integers(0, 12, n) for n in (9, 1, 25, 2, 6)]
    return encode_corpus(weighted_corpus(walks, [0.5, 3, 2, 1, 0]), min_count=1)


def config_for(mode, **options):
    options = OPTIONS | {name: value for name, value in mode.items() if name != "pairs"} | options
    return options_of_pairs(config_of(**options)) if "pairs" in mode else config_of(**options)


def trained(backend, config, corpus):
    data = data_of(config, corpus)
    report = train(backend, config, data)
    counts = np.array([report.pairs, report.kept_words])
    return {"w_in": data.weights.w_in, "w_out": data.weights.w_out, "loss": np.array([report.loss]), "counts": counts}


@each_mode
def test_the_cpu_equals_the_reference(mode):
    config, corpus = config_for(mode, negative=5), corpus_of(mode)
    references = (by_reference(config, corpus, t) for t in (np.float32, np.float64))
    assert_parity(trained(get_backend("cpu"), config, corpus), *references)


@pytest.mark.cuda
@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("mode", [PAIRS, MODES[0], pytest.param(MODES[2], marks=pytest.mark.slow)], ids=mode_name)
def test_one_warp_equals_the_reference(mode, is_streamed, monkeypatch):
    monkeypatch.setattr(cuda_plan, "max_warps", lambda *_: 1)
    config, corpus = config_for(mode, epochs=1), corpus_of(mode)
    if is_streamed:  # the corpus does not fit, two spans of 5 tokens do
        monkeypatch.setattr(cuda_plan, "_LEAST_STREAMED_TOKENS", 1)
        n_vocab = len(corpus[0])
        model_bytes = 8 * 16 * n_vocab + 12 * n_vocab + 8 * (2 * config.window + 3) * 16 + cuda_plan._RESERVE_BYTES
        monkeypatch.setattr(cuda_jit, "free_memory", lambda: model_bytes + 40 * 5)
    references = (by_reference(config, corpus, t) for t in (np.float32, np.float64))
    assert_parity(trained(get_backend("cuda"), config, corpus), *references)


@pytest.mark.slow
@each_mode
def test_any_number_of_workers_gives_the_same_bytes_in_batches(mode, monkeypatch):
    monkeypatch.setattr(cpu_batched, "available_cores", lambda: 16)
    monkeypatch.setattr(cpu_batched, "batch_tokens", lambda *_, **_options: 13)
    results = [trained(BatchedCpuBackend(), config_for(mode, negative=5, workers=n), corpus_of(mode)) for n in (1, 3)]
    for name, one in results[0].items():
        assert one.tobytes() == results[1][name].tobytes(), name
    assert results[0]["loss"] > 0


def test_negatives_are_drawn_from_the_contexts_of_pairs():
    vocab, tokens = encode_corpus(pair_corpus([1, 1, 1, 2], [2, 2, 3, 3]), min_count=1)
    data = TrainingData(vocab, tokens, None)
    assert dict(zip(vocab.keys, data.noise_counts().tolist())) == {1: 0, 2: 2, 3: 2}
    alias_prob, alias_id = data.noise_table(0.75)
    row = vocab.key_to_index[1]
    assert alias_prob[row] == 0
    assert row not in alias_id
    assert TrainingData(vocab, encode_corpus([[1, 2]], min_count=1)[1], None).noise_counts() is vocab.counts
