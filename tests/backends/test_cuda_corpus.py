"""Resident and streamed corpora; `fake_cupy` and the CPU kernels replace the GPU."""

import numpy as np
import pytest

from fastw2v.backends import cuda_corpus
from fastw2v.schedule import Span
from fastw2v_kernels.shared.rng import epoch_key, shifted_seed
from fastw2v_kernels.shared.span.inputs import TokenSource
from fastw2v_kernels.shared.span.reference import draw, kept_positions
from tests.backends.training import MODES, config_of, mode_name, small_memory, trained_on_gpu


@pytest.mark.parametrize("mode", MODES[::2], ids=mode_name)
@pytest.mark.parametrize("span_tokens", [1, 7, 40])
@pytest.mark.parametrize("sample", [0, 0.01])
def test_a_streamed_corpus_trains_as_a_resident_one(mode, span_tokens, sample, corpus, gpu, monkeypatch):
    config = config_of(epochs=2, sample=sample, seed=2**64 - 3, window=3, **mode)
    whole, report = trained_on_gpu(config, corpus)
    small_memory(monkeypatch, corpus, span_tokens)
    gpu.clear()
    streamed, streamed_report = trained_on_gpu(config, corpus)
    assert max(len(call["ids"]) for call in gpu) < corpus[1].n_tokens
    assert max(call["end"] - call["begin"] for call in gpu[1:]) == span_tokens
    assert (report.pairs, report.kept_words) == (streamed_report.pairs, streamed_report.kept_words)
    assert streamed_report.loss == pytest.approx(report.loss, rel=1e-6)
    np.testing.assert_allclose(streamed.w_in, whole.w_in, rtol=0, atol=1e-6)
    np.testing.assert_allclose(streamed.w_out, whole.w_out, rtol=0, atol=1e-6)


def test_a_span_is_sent_with_the_context_of_its_windows_and_no_more(corpus):
    vocab, tokens = corpus
    keep, window = vocab.keep_probabilities(0.02), 3
    for begin, end in [(0, 5), (17, 18), (400, 450), (tokens.n_tokens - 9, tokens.n_tokens)]:
        low, high, starts = cuda_corpus.with_context(Span(1, begin, end, 0, 0), tokens, keep, seed=5, window=window)
        sentences = kept_positions(TokenSource(tokens.ids, tokens.starts, keep, epoch_key(5, 1), window, True))
        before = [p for s in sentences for p in s if s[0] <= p < begin and same_sentence(tokens, p, begin)][-window:]
        after = [p for s in sentences for p in s if p >= end and same_sentence(tokens, p, end - 1)][:window]
        assert low == (before[0] if len(before) == window else sentence_at(tokens, begin)[0])
        assert high == (after[-1] + 1 if len(after) == window else sentence_at(tokens, end - 1)[1])
        inside = tokens.starts[(tokens.starts > low) & (tokens.starts < high)]
        assert (starts + low).tolist() == [low, *inside, high]


def sentence_at(tokens, pos):
    s = np.searchsorted(tokens.starts, pos, side="right") - 1
    return tokens.starts[s], tokens.starts[s + 1]


def same_sentence(tokens, a, b):
    return sentence_at(tokens, a) == sentence_at(tokens, b)


@pytest.mark.parametrize("seed", [0, 1, 12345678901234567, 2**64 - 1])
@pytest.mark.parametrize(("epoch", "first"), [(0, 0), (0, 1), (3, 2**33 + 17), (2**31 - 1, 2**62)])
def test_a_shifted_seed_draws_what_lies_there(seed, epoch, first):
    there = np.arange(4)[:, None], np.arange(9)
    here = np.arange(first, first + 4)[:, None], np.arange(9)
    np.testing.assert_array_equal(
        draw(epoch_key(shifted_seed(seed, epoch, first), epoch), *there), draw(epoch_key(seed, epoch), *here)
    )
