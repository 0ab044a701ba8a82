"""What the merge takes from the corpus: contexts of a word, updates of a row, and how steep they are."""

import tracemalloc

import numpy as np
import pytest

from fastw2v.config import TrainConfig
from fastw2v.corpus import text_corpus
from fastw2v.distributed.contexts import Contexts, contexts_of, summed
from fastw2v.distributed.updates import UpdateCounter
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.vocab import Vocab
from tests.distributed.cases import OPTIONS, one_machine, write_text

LONG = Contexts(n_kept=1, n_centres=1, n_contexts=100, squares=100**2, inverses=1 / 100)


@pytest.mark.parametrize("options", [{"window": 5}, {"window": 60, "shrink_windows": False}])
def test_contexts_are_those_that_one_machine_trains(tmp_path, options):
    text = write_text(tmp_path / "text.txt")
    vocab, tokens = encode_corpus(text_corpus(text), min_count=5)
    config = TrainConfig(**OPTIONS | options)
    found = contexts_of(tokens, vocab.keep_probabilities(config.sample), config)
    pairs, examples = (one_machine(text, sg=sg, epochs=1, **options).report for sg in (1, 0))
    assert found.n_kept == pytest.approx(pairs.kept_words, rel=0.01)
    assert found.n_contexts == pytest.approx(pairs.pairs, rel=0.02)
    assert found.n_centres == pytest.approx(examples.pairs, rel=0.01)


def test_contexts_of_a_long_text_are_those_of_its_begin_times_its_length():
    starts = np.arange(0, 2_000_001, 4)
    tokens = Tokens(np.zeros(2_000_000, np.int32), starts)
    config = TrainConfig(window=2, shrink_windows=False)
    sums = np.array([4, 4, 10, 26, 3]) / 4  # of a sentence of 4 words, which have 2, 3, 3 and 2 contexts
    sums[-1] = (1 / 2 + 1 / 3) / 2
    np.testing.assert_allclose(contexts_of(tokens, np.ones(1), config), 2_000_000 * sums, rtol=1e-4)
    halves = [contexts_of(Tokens(tokens.ids[:1_000_000], starts[:250_001]), np.ones(1), config)] * 2
    np.testing.assert_allclose(summed(halves), 2_000_000 * sums, rtol=1e-4)


def test_a_text_without_a_pair_has_no_updates():
    tokens, vocab = Tokens(np.zeros(3, np.int32), np.arange(4)), Vocab.from_keys(["a"], np.array([3]))
    for options in ({"sg": 1}, {"sg": 0}, {"sg": 0, "cbow_mean": 0}, {"sg": 0, "cbow_gradient": "mean"}):
        config = TrainConfig(**options)
        counter = UpdateCounter(config, vocab, contexts_of(tokens, np.ones(1), config))
        assert [updates.tolist() for updates in counter.of(vocab.counts)] == [[0], [0]]
        for curvatures, _ in counter.curvatures(*np.ones((2, 1, 3), np.float32)):
            assert np.isfinite(curvatures).all()
    nothing = contexts_of(Tokens(np.empty(0, np.int32), np.zeros(1, np.int64)), np.ones(1), TrainConfig())
    assert nothing == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("is_mean", [0, 1])
def test_curvatures_of_cbow_are_those_of_its_hidden_vectors(is_mean):
    """Of centres with 1, 2 or 6 contexts, as often each."""
    rng, sizes = np.random.default_rng(1), (1, 2, 6)
    w_in = rng.normal(0.1, 0.1, (40, 6)).astype(np.float32)
    vocab = Vocab.from_ids(np.arange(40), rng.integers(1, 100, 40))
    config = TrainConfig(sg=0, cbow_mean=is_mean, sample=0)
    contexts = Contexts(3, 3, 9, 1 + 4 + 36, 1 + 1 / 2 + 1 / 6)
    outputs = UpdateCounter(config, vocab, contexts).curvatures(w_in, np.zeros_like(w_in))[1][0]
    drawn = [w_in[rng.choice(40, (200_000, n), p=vocab.counts / vocab.n_tokens)] for n in sizes]
    hidden = np.concatenate([rows.mean(axis=1) if is_mean else rows.sum(axis=1) for rows in drawn])
    expected = np.linalg.eigvalsh(0.25 * hidden.T @ hidden / len(hidden))
    np.testing.assert_allclose(outputs, expected, rtol=0.02)


class Watched(np.ndarray):
    """Rows that count how many of them are read by their numbers."""

    n_read = 0

    def __getitem__(self, key):
        if isinstance(key, np.ndarray):
            Watched.n_read += key.size
        return super().__getitem__(key)


@pytest.mark.parametrize("is_mean", [0, 1])
def test_scores_of_many_contexts_are_estimated_from_few_rows(is_mean):
    rng, n_vocab = np.random.default_rng(2), 500
    w_in = rng.normal(0.05, 0.3, (n_vocab, 8)).astype(np.float32)
    vocab = Vocab.from_ids(np.arange(n_vocab), 10_000 // np.arange(1, n_vocab + 1))
    counter = UpdateCounter(TrainConfig(sg=0, window=50, cbow_mean=is_mean, sample=0), vocab, LONG)
    Watched.n_read = 0
    hidden = np.asarray(counter._hidden(w_in.view(Watched), vocab.counts / vocab.n_tokens, rng))
    assert Watched.n_read <= 8 * len(hidden)
    drawn = w_in[rng.choice(n_vocab, (len(hidden), 100), p=vocab.counts / vocab.n_tokens)]
    expected = drawn.mean(axis=1) if is_mean else drawn.sum(axis=1)
    np.testing.assert_allclose(hidden.mean(axis=0), expected.mean(axis=0), atol=0.1 * expected.std())
    np.testing.assert_allclose(hidden.std(axis=0), expected.std(axis=0), rtol=0.05)


@pytest.mark.parametrize("exponent", [-0.5, 0.0, 0.75, 100.0])
def test_rows_that_do_not_occur_are_no_noise_whatever_the_exponent(exponent):
    vocab = Vocab.from_ids(np.arange(4), np.array([0, 1000, 10, 10]))
    config = TrainConfig(sg=1, sample=0, negative=5, ns_exponent=exponent)
    updates = UpdateCounter(config, vocab, LONG).of(vocab.counts)
    assert updates.outputs[0] == 0
    assert updates.outputs.sum() == pytest.approx(6 * 1020 * 100)
    for curvatures, _ in UpdateCounter(config, vocab, LONG).curvatures(*np.ones((2, 4, 3), np.float32)):
        assert np.isfinite(curvatures).all()


def test_curvatures_take_little_memory_beside_the_matrices():
    """A node has both matrices, and a third of their bytes for everything else."""
    n_words, dim = 100_000, 128
    counter = UpdateCounter(TrainConfig(sg=0), Vocab.from_ids(np.arange(n_words), np.ones(n_words, np.int64)), LONG)
    rows = np.ones((n_words, dim), np.float32)
    tracemalloc.start()
    try:
        counter.curvatures(rows, rows)
        held, peak = tracemalloc.get_traced_memory()
        updates = counter.of(counter._vocab.counts)
        held_by_updates = tracemalloc.get_traced_memory()[0] - held
    finally:
        tracemalloc.stop()
    assert peak < rows.nbytes / 2
    assert held < n_words  # bytes: nothing for each word
    assert held_by_updates < 8.1 * n_words
    assert len(updates.inputs) == n_words
