"""What `Phrases` reads: lists, iterators, text; and what it refuses."""

import gzip
import logging

import numpy as np
import pytest

from fastw2v.corpus import as_corpus, text_corpus
from fastw2v.phrases import Phrases
from fastw2v.phrases.reading import read_sentences

TEXT = "in new york\n\nnew york city \t the city\nnew york\n" * 3
SENTENCES = [line.split() for line in TEXT.splitlines() if line.split()]
OPTIONS = {"min_count": 1, "threshold": 0.1}


def counts_of(sentences):
    return list(Phrases(sentences, **OPTIONS).vocab.items())


def as_path(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


def packed(tmp_path):
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    return text_corpus(path)


class Again:
    """Sentences that can be read more than once; each sentence only once."""

    def __iter__(self):
        return map(iter, SENTENCES)


@pytest.mark.parametrize(
    "make",
    [
        as_path,
        packed,
        lambda tmp_path: [as_path(tmp_path)],
        lambda tmp_path: as_corpus(SENTENCES),
        lambda tmp_path: iter(SENTENCES),
        lambda tmp_path: (tuple(sentence) for sentence in SENTENCES),
        lambda tmp_path: Again(),
    ],
)
def test_every_form_of_the_same_sentences_gives_the_same_counts(make, tmp_path):
    expected = counts_of(SENTENCES)
    assert dict(expected)["new_york"] == 9
    assert counts_of(make(tmp_path)) == expected


def test_text_of_several_blocks_is_counted_as_lists_are(tmp_path):
    rng = np.random.default_rng(0)
    words = [f"word{n}" for n in range(2000)]
    sentences = [[words[n] for n in rng.zipf(1.3, 40) % 2000] for _ in range(8000)]
    path = tmp_path / "long.txt"
    path.write_text("\n".join(map(" ".join, sentences)))
    assert path.stat().st_size > 2 << 20  # of one block
    assert counts_of(path) == counts_of(sentences)


@pytest.mark.parametrize(
    "sentences", [[], [[]], [[], []], iter([]), iter([[], []]), ()], ids=lambda sentences: type(sentences).__name__
)
def test_nothing_is_counted_as_nothing(sentences):
    phrases = Phrases(sentences, **OPTIONS)
    assert (phrases.vocab, phrases.corpus_word_count) == ({}, 0)
    assert phrases[["a", "b"]] == ["a", "b"]
    assert phrases.export_phrases() == {}


def test_an_empty_file_is_counted_as_nothing(tmp_path):
    (tmp_path / "empty.txt").write_text(" \n\n")
    assert counts_of(tmp_path / "empty.txt") == []


def test_sentences_come_back_with_the_empty_ones():
    given = [[], ["a", "b"], [], [], ["b"], []]
    assert list(read_sentences(iter(given), progress_per=10).sentences()) == given


def test_progress_is_logged(caplog):
    with caplog.at_level(logging.INFO, "fastw2v"):
        Phrases(iter([["a"], ["b", "c"], ["d"], ["e"]]), progress_per=2)
    lines = [line for line in caplog.messages if "at sentence" in line]
    assert lines == ["phrases: at sentence 0, read 0 words", "phrases: at sentence 2, read 3 words"]


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ("new york", r"\[text.split\(\)\]"),
        (b"new york", "bytes"),
        (["new york", "a city"], "split"),
        (iter(["new york"]), "sentence 0 is 'new york'"),
        (iter([["a"], "new york"]), "sentence 1 is 'new york'"),
        ([[1, 2], [2, 3]], "integers"),
        (iter([["a", 1]]), "sentence 0, token 1: a token is a int, 1"),
        (iter([3]), "sentence 0 is 3"),
        (7, "int"),
    ],
)
def test_what_holds_no_str_is_refused(sentences, message):
    with pytest.raises(TypeError, match=message):
        Phrases(sentences)


def test_a_refused_corpus_changes_nothing():
    phrases = Phrases(SENTENCES, **OPTIONS)
    before = dict(phrases.vocab)
    with pytest.raises(TypeError):
        phrases.add_vocab(iter([["new", "york"], ["new", 2]]))
    assert (phrases.vocab, phrases.corpus_word_count) == (before, sum(map(len, SENTENCES)))


class Nothing:
    """A corpus without a sentence that is no list."""

    def __iter__(self):
        return iter([[], []])


def test_a_corpus_of_a_users_own_may_be_empty():
    assert counts_of(Nothing()) == []
