import bz2
import gzip
import lzma
import os

import numpy as np
import pytest

from fastw2v.corpus import TextCorpus, TokenCorpus, as_corpus, text_corpus
from fastw2v.corpus.integers import IntegerCorpus


def blocks(corpus, block_bytes):
    found = list(corpus.blocks(block_bytes))
    for text, n_bytes in found:
        assert text.size == (n_bytes // 8 + 2) * 8
        assert (text[n_bytes:] == 32).all()
    return [text[:n_bytes].tobytes() for text, n_bytes in found]


TEXT = "naïve  words\twith\x00NUL\r\n\nand 日本語 sentences ".encode() + b"\xff\xfe a" + b" b" * 50 + b"\n"


@pytest.mark.parametrize("block_bytes", [1, 2, 3, 7, 8, 9, 16, 31, 64, 1000])
@pytest.mark.parametrize("text", [TEXT, TEXT.rstrip(), b"x", b" ", b"\n\n", b"a" * 500 + b" " + b"b" * 700])
def test_blocks_end_after_whitespace_and_lose_nothing(text, block_bytes):
    found = blocks(TextCorpus((text,)), block_bytes)
    assert b"".join(found) == text + b"\n"
    assert all(block[-1:].isspace() for block in found)
    longest = max(map(len, text.split()), default=0)
    assert max(map(len, found)) <= max(block_bytes, 4 * longest) + 1


def test_several_files_and_gzip_by_content(tmp_path):
    (tmp_path / "1.txt").write_bytes(b"one two")
    (tmp_path / "2.dat").write_bytes(gzip.compress(b"three\nfour") + gzip.compress(b"teen five\n"))
    (tmp_path / "3.gz").write_bytes(b"not packed")
    corpus = text_corpus([tmp_path / "1.txt", str(tmp_path / "2.dat"), tmp_path / "3.gz"])
    assert b"".join(blocks(corpus, 8)) == b"one two\nthree\nfourteen five\n\nnot packed\n"
    assert corpus.n_bytes == sum(file.stat().st_size for file in tmp_path.iterdir())


def test_glob_is_sorted_and_a_file_of_that_name_comes_first(tmp_path):
    for name in ["b.txt", "a.txt", "c.md", "sub/d.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert [f.name for f in text_corpus(str(tmp_path / "*.txt")).sources] == ["a.txt", "b.txt"]
    assert [f.name for f in text_corpus(str(tmp_path / "**/*.txt")).sources] == ["a.txt", "b.txt", "d.txt"]
    (tmp_path / "[ab].txt").write_text("literal")
    assert [f.name for f in text_corpus(str(tmp_path / "[ab].txt")).sources] == ["[ab].txt"]


def test_progress_goes_to_the_end(tmp_path):
    (tmp_path / "a").write_bytes(b"word " * 100)
    (tmp_path / "b").write_bytes(b"word " * 10)
    calls = []
    for _ in text_corpus([tmp_path / "a", tmp_path / "b"]).blocks(64, lambda done, total: calls.append((done, total))):
        pass
    assert calls == sorted(calls)
    assert calls[-1] == (550, 550)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda d: d / "none.txt", FileNotFoundError, "no such corpus file.*check the path"),
        (lambda d: str(d / "*.none"), FileNotFoundError, "no file matches.*check the folder"),
        (lambda d: d, IsADirectoryError, r"is a folder.*\*\.txt"),
        (lambda d: [], ValueError, "empty list of paths"),
        (lambda d: "/dev/null", OSError, "pipe or a device"),
    ],
)
def test_a_wrong_path_is_an_error_with_the_cure(tmp_path, make, error, message):
    with pytest.raises(error, match=message):
        text_corpus(make(tmp_path))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_an_error_with_the_cure(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "a.txt").chmod(0)
    with pytest.raises(PermissionError, match="chmod"):
        text_corpus(tmp_path / "a.txt")


def test_a_file_the_system_will_not_let_us_read(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("a")
    monkeypatch.setattr("fastw2v.corpus.text.os.access", lambda *_: False)
    with pytest.raises(PermissionError, match="may not be read"):
        text_corpus(tmp_path / "a.txt")


@pytest.mark.parametrize("damage", [lambda g: g[:-9], lambda g: g[:30] + b"\0" * 20 + g[50:]])
def test_a_damaged_gzip_names_the_file(tmp_path, damage):
    packed = gzip.compress(np.random.default_rng(0).integers(97, 120, 5000).astype(np.uint8).tobytes())
    (tmp_path / "a.gz").write_bytes(damage(packed))
    with pytest.raises(OSError, match=r"a\.gz' is a damaged or truncated gzip"):
        blocks(text_corpus(tmp_path / "a.gz"), 1000)


def generator():
    yield ["a", "b"]


class Rereadable:
    def __iter__(self):
        return generator()


class UsedUp:
    def __init__(self):
        self.iterator = generator()

    def __iter__(self):
        return self.iterator


class OwnIterator:
    """Goes back to the beginning at each `__iter__`, as do many corpora written for gensim; or, not `again`, once."""

    def __init__(self, again):
        self.again, self.rest = again, iter([["a"], ["b"], ["c"]])

    def __iter__(self):
        if self.again:
            self.rest = iter([["a"], ["b"], ["c"]])
        return self

    def __next__(self):
        return next(self.rest)


@pytest.mark.parametrize("again", [True, False])
def test_an_object_that_is_its_own_iterator_loses_nothing(again):
    corpus = as_corpus(OwnIterator(again))
    assert list(corpus.sentences) == [["a"], ["b"], ["c"]]
    assert list(corpus.sentences) == [["a"], ["b"], ["c"]] * again


def test_an_object_array_of_int_is_an_integer_corpus():
    corpus = as_corpus(np.array([[1, 2], [3, 4]], dtype=object))
    assert (corpus.ids.tolist(), corpus.starts.tolist()) == ([1, 2, 3, 4], [0, 2, 4])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bz2.compress(b"some text"), "compressed by bzip2; unpack"),
        (lzma.compress(b"some text"), "compressed by xz; unpack"),
        (b"PK\x03\x04 and more", "zip archive"),
        (b"\x28\xb5\x2f\xfd and more", "compressed by zstd"),
        ("some text".encode("utf-16"), "UTF-16 text; convert it"),
        ("\ufeffsome text".encode("utf-16-be"), "UTF-16 text; convert it"),
    ],
)
def test_a_file_that_is_no_utf8_text_is_an_error_with_the_cure(content, message, tmp_path):
    (tmp_path / "corpus").write_bytes(content)
    with pytest.raises(ValueError, match=f"corpus' is .*{message}|corpus' is a {message}"):
        list(text_corpus(tmp_path / "corpus").blocks())


@pytest.mark.parametrize("sentences", [[["a"], ["b"]], (["a"],), Rereadable(), [(), ("a",)], [np.array(["a", "b"])]])
def test_lists_of_words_are_a_token_corpus(sentences):
    assert isinstance(as_corpus(sentences), TokenCorpus)


def test_a_path_is_a_text_corpus_and_a_corpus_stays_one(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert isinstance(as_corpus(tmp_path / "a.txt"), TextCorpus)
    assert isinstance(as_corpus([tmp_path / "a.txt"]), TextCorpus)
    corpus = TextCorpus((b"a",))
    assert as_corpus(corpus) is corpus


@pytest.mark.parametrize(
    ("sentences", "error", "message"),
    [
        ("some words", TypeError, "sentences is a str.*corpus_file"),
        (b"some words", TypeError, "sentences is a bytes.*corpus_file"),
        (["some words", "more"], TypeError, "split into characters.*sentence.split"),
        ([b"some words"], TypeError, "split into characters"),
        ([[b"some"]], TypeError, "token is a bytes.*decode"),
        ([[None]], TypeError, "token is a NoneType.*expected str"),
        ([[True]], TypeError, "token is a bool"),
        (3, TypeError, "sentences is a int.*expected an iterable"),
        ([3, 4], TypeError, "a sentence is a int"),
        (generator(), TypeError, "one-shot generator.*pass list"),
        (map(list, ["ab"]), TypeError, "one-shot map"),
        (UsedUp(), TypeError, "can be read only once"),
        ([], ValueError, "corpus is empty"),
        ([[], []], ValueError, "corpus is empty"),
        (np.zeros((0, 5), int), ValueError, "corpus is empty"),
        (np.array([1, 2]), ValueError, r"shape \(2,\).*expected 2 dimensions"),
        (np.zeros((2, 2, 2), int), ValueError, "expected 2 dimensions"),
        (np.array([[1, -1]]), ValueError, "id -1 is negative.*position 1.*ragged|id -1 is negative.*starts"),
        (np.array([[1.0, 2.0]]), TypeError, "ids are float64;.*astype"),
        (np.array([[1.0, np.nan]]), TypeError, "ids are float64, with NaN"),
        (np.array([[True]]), TypeError, "ids are bool"),
        (np.array([[2**63]], np.uint64), ValueError, "beyond int64"),
        ([[1, 2], [3.5]], TypeError, "sentence 1 does not hold int"),
        ([[1.5]], TypeError, "sentence 0 does not hold int"),
        ([[1], ["a"]], TypeError, "sentence 1 does not hold int"),
        ([[1], [2**70]], TypeError, "sentence 1 does not hold int"),
        ([[1], [-2]], ValueError, "id -2 is negative"),
        ([[1], 2], TypeError, "sentence 1 does not hold int"),
        ((np.arange(5), np.array([0, 3])), ValueError, r"starts\[-1\] == len\(ids\)"),
        ((np.arange(5), np.array([1, 5])), ValueError, r"starts\[0\] == 0"),
        ((np.arange(5), np.array([5])), ValueError, "starts run from"),
        ((np.arange(5), np.array([0, 4, 2, 5])), ValueError, r"starts\[2\] = 2 is below starts\[1\] = 4"),
        ((np.arange(5), np.array([0.0, 5.0])), TypeError, "starts are float64"),
        ((np.arange(5.0), np.array([0, 5])), TypeError, "ids are float64"),
        ((np.arange(-1, 4), np.array([0, 5])), ValueError, "id -1 is negative"),
    ],
)
def test_a_wrong_corpus_is_an_error_with_the_cure(sentences, error, message):
    with pytest.raises(error, match=message):
        as_corpus(sentences)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint16, np.uint64])
def test_integers_in_every_form(dtype):
    walks = np.array([[1, 2, 3], [4, 5, 6]], dtype)
    forms = [
        walks,
        np.asfortranarray(walks),
        walks.tolist(),
        list(walks),
        tuple(walks.tolist()),
        (walks.ravel(), np.array([0, 3, 6], np.int32)),
    ]
    for form in forms:
        corpus = as_corpus(form)
        assert isinstance(corpus, IntegerCorpus)
        assert corpus.ids.tolist() == [1, 2, 3, 4, 5, 6]
        assert corpus.starts.tolist() == [0, 3, 6]
        assert corpus.starts.dtype == np.int64


def test_a_contiguous_array_is_not_copied():
    walks = np.arange(6, dtype=np.int32).reshape(2, 3)
    assert np.shares_memory(as_corpus(walks).ids, walks)
