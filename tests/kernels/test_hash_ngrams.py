"""Hashed n-grams: the values of fastText, of gensim and of the standard; any bytes are words."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fastw2v_kernels.hash_ngrams.cpu import hash_ngrams_cpu
from fastw2v_kernels.hash_ngrams.reference import fnv_1a, hash_ngrams_reference, ngram_starts_of, ngrams_of

# Buckets, of a million, that fastText's program gives the n-grams of 1 to 3 characters.
OF_FASTTEXT = {
    "é": [36627, 806231, 43777, 996781],
    "日本": [752687, 758587, 514749, 387409, 196157, 825417, 885717],
    "🙂": [342961, 851421, 329163, 337199],
    "e\u0301": [119226, 604793, 891744, 48031, 990259, 606942, 237216],
    "x": [123513, 414917, 442695, 260091],
}
ODD = [
    b"",
    b"a",
    b"x" * 10_000,
    "🙂".encode() * 40,
    "e\u0301".encode(),
    b"\x80abc",
    b"\xff\xfe",
    b"\xe6\x97",
    b"<>",
    b"a\0b",
]
each_function = pytest.mark.parametrize("function", [hash_ngrams_reference, hash_ngrams_cpu])


def hashed(words, lengths=(1, 3), n_buckets=1_000_000, *, function=hash_ngrams_cpu):
    letters, word_starts = np.frombuffer(b"".join(words), np.uint8), np.cumsum([0, *map(len, words)])
    min_n, max_n = lengths
    starts = ngram_starts_of(letters, word_starts, min_n=min_n, max_n=max_n)
    buckets = np.full(starts[-1], -1, np.int32)
    numbers = {"min_n": min_n, "max_n": max_n, "n_buckets": n_buckets}
    function(letters, word_starts, **numbers, ngram_starts=starts, buckets=buckets)
    return [buckets[begin:end].tolist() for begin, end in pairwise(starts)]


def test_the_hash_is_fnv_1a():
    """The values of its authors (Fowler, Noll and Vo) for ASCII, which has no signs to extend."""
    assert [fnv_1a(b""), fnv_1a(b"a"), fnv_1a(b"foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]


@each_function
def test_buckets_are_those_of_fasttext(function):
    words = [word.encode() for word in OF_FASTTEXT]
    assert hashed(words, function=function) == list(OF_FASTTEXT.values())


@each_function
def test_buckets_are_those_of_the_file_of_fasttext(function):
    ids = json.loads((Path(__file__).parents[1] / "formats" / "fasttext.json").read_text())["ids"]
    found = hashed([word.encode() for word in ids], (2, 4), 40, function=function)
    assert dict(zip(ids, found)) == ids


@each_function
@pytest.mark.parametrize("lengths", [(1, 1), (1, 3), (3, 6), (2, 2), (5, 9)], ids=str)
def test_any_bytes_have_the_ngrams_of_the_definition(function, lengths):
    found = hashed(ODD, lengths, 2**31 - 1, function=function)
    assert found == [[fnv_1a(ngram) % (2**31 - 1) for ngram in ngrams_of(word, *lengths)] for word in ODD]


def test_words_with_few_characters():
    assert list(ngrams_of(b"a", 3, 6)) == [b"<a>"]
    assert list(ngrams_of(b"a", 1, 2)) == [b"<a", b"a", b"a>"]
    assert list(ngrams_of(b"", 1, 3)) == [b"<>"]
    assert list(ngrams_of(b"\x80", 1, 3)) == [b"<\x80>"]


def test_gensim_has_the_same_ngrams_and_hashes():
    inner = pytest.importorskip("gensim.models.fasttext_inner")
    for word in ["a", "wort", "naïve", "日本語", "🙂e\u0301", "x" * 300]:
        for min_n, max_n in [(3, 6), (2, 4)]:
            ngrams = inner.compute_ngrams_bytes(word, min_n, max_n)
            assert sorted(ngrams_of(word.encode(), min_n, max_n)) == sorted(ngrams)
            assert [inner.ft_hash_bytes(ngram) for ngram in ngrams] == [fnv_1a(ngram) for ngram in ngrams]


def test_a_word_whose_part_is_empty_is_not_hashed():
    buckets, starts = np.zeros(2, np.int32), np.array([0, 0, 2])
    options = {"min_n": 3, "max_n": 3, "n_buckets": 100}
    letters = np.frombuffer(b"abcd", np.uint8)
    hash_ngrams_cpu(letters, np.array([0, 2, 4]), **options, ngram_starts=starts, buckets=buckets)
    assert buckets.tolist() == [fnv_1a(b"<cd") % 100, fnv_1a(b"cd>") % 100]


@pytest.mark.parametrize("wrong", [{"min_n": 0}, {"max_n": 0}, {"n_buckets": 0}, {"n_buckets": 2**31}], ids=str)
def test_numbers_out_of_range_are_refused(wrong):
    lengths = {"min_n": 1, "max_n": 2, "n_buckets": 9} | wrong
    with pytest.raises(ValueError, match="min_n, max_n, n_buckets"):
        hash_ngrams_cpu(
            np.zeros(0, np.uint8), np.zeros(1, np.int64), **lengths, ngram_starts=np.zeros(1, np.int64),
            buckets=np.zeros(0, np.int32),
        )  # fmt: skip
