"""Words collected once each: the same as a dict of them, whatever their hashes are."""

import random

import numpy as np
import pytest

from fastw2v.formats import distinct_words
from fastw2v.formats.distinct_words import DistinctWords, has_doubled_words
from fastw2v.vocab import Vocab


@pytest.fixture(params=["hashes of Python", "three hashes", "one hash"])
def hashes(request, monkeypatch):
    """With a few hashes, almost every word has that of another."""
    monkeypatch.setattr(distinct_words, "_MOST_RECENT", 20)
    n = {"three hashes": 3, "one hash": 1}.get(request.param)
    if n is not None:

        def few(words):
            return np.array([len(word) % n for word in words], np.uint64) << np.uint64(32)

        monkeypatch.setattr(distinct_words, "_hashes", few)


def collected(chunks):
    words = DistinctWords()
    for chunk in chunks:
        new = words.positions_of_new(chunk)
        words.add(chunk if new is None else [chunk[position] for position in new])
    return words


@pytest.mark.usefixtures("hashes")
@pytest.mark.parametrize("n_different", [5, 300, 10_000])
def test_the_first_of_each_word_is_kept(n_different):
    rng = random.Random(n_different)
    every = [b"%x" % rng.randrange(n_different) * rng.randrange(3) for _ in range(1000)]
    cuts = sorted(rng.sample(range(1000), 60))
    words = collected([every[a:b] for a, b in zip([0, *cuts], [*cuts, 1000])])
    expected = list(dict.fromkeys(every))
    assert len(words) == len(expected)
    assert [words.word_of(row) for row in range(len(words))] == expected
    assert words.vocab().words(slice(None)) == expected


@pytest.mark.usefixtures("hashes")
def test_a_doubled_word_is_found(monkeypatch):
    monkeypatch.setattr(distinct_words, "_CHECKED_ROWS", 30)
    words = [b"%d" % n for n in range(500)]
    assert not has_doubled_words(Vocab.from_words(words, np.zeros(500)))
    for first, second in [(0, 499), (0, 1), (250, 260), (498, 499)]:
        letters = list(words)
        letters[second] = letters[first]
        starts = np.cumsum([0, *map(len, letters)])
        vocab = Vocab(np.zeros(500), np.frombuffer(b"".join(letters), np.uint8), starts)
        assert has_doubled_words(vocab)


def test_few_runs_hold_many_words(monkeypatch):
    monkeypatch.setattr(distinct_words, "_MOST_RECENT", 10)
    words = collected([b"%d" % n] for n in range(5000))
    assert len(words._seen._runs) < 20
    assert sum(map(len, words._seen._runs)) + len(words._seen._recent) == 5000
