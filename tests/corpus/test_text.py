import gzip
import os
import tracemalloc

import numpy as np
import pytest

from fastw2v.corpus import TextCorpus, text_corpus
from fastw2v.encode import encode_corpus


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


def test_a_tail_of_a_million_empty_lines(tmp_path):
    (tmp_path / "blank-tail.txt.gz").write_bytes(gzip.compress(b"1 1\na 1\n" + b"\n" * (1 << 20)))
    corpus = text_corpus(tmp_path / "blank-tail.txt.gz")
    assert b"".join(blocks(corpus, 1 << 16)).split() == [b"1", b"1", b"a", b"1"]
    vocab, tokens = encode_corpus(corpus, min_count=1, workers=2, block_bytes=1 << 16)
    assert (vocab.keys, tokens.starts.tolist()) == (["1", "a"], [0, 2, 4])


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


def test_progress_goes_to_the_end_also_with_a_limit(tmp_path):
    (tmp_path / "a").write_bytes(b"word\n" * 100)
    (tmp_path / "b").write_bytes(gzip.compress(b"word\n" * 100))
    calls = []
    corpus = TextCorpus((tmp_path / "a", tmp_path / "b"), limit=10)
    assert b"".join(t[:n].tobytes() for t, n in corpus.blocks(16, lambda *call: calls.append(call))) == b"word\n" * 20
    assert calls == sorted(calls)
    assert calls[-1] == (corpus.n_bytes, corpus.n_bytes)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda d: d / "none.txt", FileNotFoundError, "no such corpus file.*check the path"),
        (lambda d: str(d / "*.none"), FileNotFoundError, "no file matches.*check the folder"),
        (lambda d: d, ValueError, "holds no file"),
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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and more", "zip archive"),
        (b"7z\xbc\xaf\x27\x1c and more", "7z archive"),
        (gzip.compress("some text".encode("utf-16"), mtime=0), "UTF-16 text; convert it"),
        ("some text".encode("utf-16"), "UTF-16 text; convert it"),
        ("\ufeffsome text".encode("utf-16-be"), "UTF-16 text; convert it"),
    ],
)
def test_a_file_that_is_no_utf8_text_is_an_error_with_the_cure(content, message, tmp_path):
    (tmp_path / "corpus").write_bytes(content)
    with pytest.raises(ValueError, match=f"corpus' is .*{message}|corpus' is a {message}"):
        list(text_corpus(tmp_path / "corpus").blocks())


def test_a_word_without_end_in_a_packed_file_is_refused_in_little_memory(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"a few words " + b"x" * (100 << 20), 1))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"bomb.gz' has a word of more than 16,777,216 bytes: it is no text, or"):
            encode_corpus(text_corpus(path), min_count=1, workers=1)
        assert tracemalloc.get_traced_memory()[1] < 80 << 20
    finally:
        tracemalloc.stop()


def test_a_word_of_ten_megabytes_is_read():
    text = b"a " + b"x" * (10 << 20) + b" b"
    assert b"".join(blocks(TextCorpus((text,)), 1 << 20)) == text + b"\n"
