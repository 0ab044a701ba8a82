"""Counting by threads, and where it stops early."""

import numpy as np
import pytest

from fastw2v.phrases import Phrases, phrases
from fastw2v.phrases.counting import WordCounts, first_positions
from fastw2v.phrases.reading import read_sentences
from tests.phrases.cases import PlainPhrases, random_case


def many_pairs(n_tokens=20_000, n_words=300):
    """Sentences with thousands of different pairs, some words of which hold a delimiter, or are connectors."""
    rng = np.random.default_rng(3)
    words = [f"w{n}" if n % 50 else f"w{n}_w{n + 1}" for n in range(n_words)]
    tokens = [words[n] for n in rng.zipf(1.2, n_tokens) % n_words]
    return [tokens[start : start + 25] for start in range(0, n_tokens, 25)]


@pytest.mark.parametrize("n_threads", [1, 3, 7])
@pytest.mark.parametrize("seed", range(8))
def test_the_number_of_threads_changes_nothing(n_threads, seed, monkeypatch):
    options, corpora, _ = random_case(seed)
    options |= {"delimiter": "_"}
    expected = PlainPhrases(corpora[0], **options)
    monkeypatch.setattr(phrases, "available_cores", lambda: n_threads)
    found = Phrases(corpora[0], **options)
    assert list(found.vocab.items()) == list(expected.vocab.items())
    assert list(found.export_phrases().items()) == list(expected.export_phrases().items())


@pytest.mark.parametrize("max_vocab_size", [500, 3000, 5000, 10**9])
def test_many_pairs_are_counted_and_pruned_as_they_should(max_vocab_size):
    options = {"min_count": 1, "threshold": 1, "delimiter": "_", "scoring": "default"}
    options |= {"connector_words": frozenset({"w1", "w7"}), "max_vocab_size": max_vocab_size}
    sentences = many_pairs()
    found, expected = Phrases(sentences, **options), PlainPhrases(sentences, **options)
    assert list(found.vocab.items()) == list(expected.vocab.items())
    assert list(found.export_phrases().items()) == list(expected.export_phrases().items())
    assert len(expected.vocab) > 5000 or max_vocab_size < 10**9


@pytest.mark.parametrize("n_parts", [1, 2])
def test_counting_stops_early_when_there_are_too_many_phrases(n_parts):
    read = read_sentences(many_pairs(), progress_per=10**6)
    nothing = WordCounts(n_parts, frozenset(), "_")
    whole = nothing.with_sentences(read, 10**9)
    assert sum(map(whole.n_certainly_different, whole.parts)) > 5000
    assert nothing.with_sentences(read, 1000) is None
    assert nothing.parts[0].size == 0


def test_first_positions():
    ids = np.array([0, 0, 1, 0, 2, 1, 3, 3], np.int32)
    assert first_positions(ids, 4).tolist() == [0, 2, 4, 6]
    assert first_positions(ids[:0], 0).tolist() == []
    long = np.maximum.accumulate(np.random.default_rng(0).integers(0, 200_000, 300_000) // 7).astype(np.int32)
    ids = np.unique(long, return_inverse=True)[1].astype(np.int32)
    assert (first_positions(ids, int(ids[-1]) + 1) == np.unique(ids, return_index=True)[1]).all()
