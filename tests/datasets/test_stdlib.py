import sysconfig
from pathlib import Path

import pytest

from fastw2v import datasets
from fastw2v.datasets import stdlib
from fastw2v.encode import encode_corpus


@pytest.fixture(scope="module")
def corpus():
    return datasets.default_corpus()


def test_default_corpus_is_lower_case_words_and_the_same_at_every_call(corpus):
    (text,) = corpus.sources
    assert set(text) <= set(b"abcdefghijklmnopqrstuvwxyz \n")
    assert datasets.default_corpus() == corpus


def test_default_corpus_is_large_and_knows_telling_words(corpus):
    vocab, tokens = encode_corpus(corpus, min_count=5)
    assert tokens.n_raw > 500_000
    assert {"list", "read", "true", "monday", "width", "first"} <= set(vocab.keys)
    assert tokens.n_sentences > 10_000


def test_default_corpus_leaves_out_site_packages_and_made_tables():
    files = stdlib._python_files(Path(sysconfig.get_path("stdlib")))
    parts = {part for file in files for part in file.parts}
    assert "site-packages" not in parts
    assert "encodings" not in parts
    assert files == sorted(files)


def test_a_paragraph_is_a_sentence_and_an_escaped_newline_no_letter(tmp_path):
    file = tmp_path / "a.py"
    file.write_bytes(b'def read_line(aB):\n    return "x\\nThe end"\n\n  \n# \xc3\xa9t\xc3\xa9 OK\n')
    lines = [line.split() for line in stdlib._sentences(file).split(b"\n")]
    assert lines == [[b"def", b"read", b"line", b"ab", b"return", b"x", b"the", b"end"], [b"t", b"ok"]]


def test_no_sources_is_an_error_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(stdlib.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(FileNotFoundError, match="pass a text file instead"):
        datasets.default_corpus()
