import sys
import warnings

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.corpus import LineSentence, TextCorpus, text_corpus
from fastw2v.corpus.utf8 import has_python_space, is_utf8, with_ascii_spaces
from fastw2v.encode import encode_corpus
from fastw2v.runtime.word_bytes import decode_word
from fastw2v_kernels.encode import padded_size


def array_of(data):
    return np.frombuffer(data, np.uint8)


def words_without_warning(corpus, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vocab, tokens = encode_corpus(corpus, min_count=1, **options)
    tokens.close()
    return vocab.keys


def test_utf8_is_found_across_chunks():
    text = "aé日😀".encode() * 300_000  # 10 bytes: characters lie across every chunk's end
    assert is_utf8(array_of(text))
    assert not is_utf8(array_of(text + b"\xc3"))
    assert not is_utf8(array_of(text[:1_500_000] + b"\xff" + text))
    assert is_utf8(array_of(b""))


def test_the_spaces_are_those_of_split_and_no_others():
    ascii_whitespace = " \t\n\r\v\f"
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        expected = letter.isspace() and letter not in ascii_whitespace
        if expected or code < 0x3100:
            data = letter.encode("utf-8", "surrogatepass")
            assert has_python_space(array_of(b"a" + data + b"b")) == expected, hex(code)
    split = f"a{''.join(chr(c) for c in range(0x3001) if chr(c).isspace())}b".encode()
    block = np.full(padded_size(len(split)), 32, np.uint8)
    block[: len(split)] = array_of(split)
    [(text, n_bytes)] = with_ascii_spaces([(block, len(split))])
    assert text[:n_bytes].tobytes().split() == [b"a", b"b"]


def test_a_space_is_found_across_chunks():
    for at in range((1 << 20) - 4, (1 << 20) + 2):
        assert has_python_space(array_of(b"a" * at + "\u3000".encode() + b"a" * 10))


@pytest.mark.parametrize(("encoding", "text"), [("latin-1", "weg straße\n"), ("gbk", "weg \u6d77 \u98ce\n")])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_corpus_that_is_not_utf8_warns_once_with_the_line_and_the_cure(encoding, text, workers, tmp_path):
    path = tmp_path / "reviews.txt"
    path.write_bytes(b"only ascii\n" * 500_000 + text.encode(encoding) * 40)
    with pytest.warns(RuntimeWarning) as warned:
        encode_corpus(text_corpus(path), min_count=1, workers=workers)[1].close()
    assert len(warned) == 1
    assert "reviews.txt', line 500001 is not UTF-8" in str(warned[0].message)
    assert "iconv -f latin-1 -t UTF-8" in str(warned[0].message)
    assert warned[0].filename == __file__


def test_the_warning_names_the_file_and_comes_also_with_bounded_counting(tmp_path):
    (tmp_path / "a.txt").write_text("größer weg\n", "utf-8")
    (tmp_path / "b.txt").write_text("weg\nfluss\ngrößer weg\n", "latin-1")
    for options in ({}, {"max_vocab_size": 10}, {"block_bytes": 3}):
        with pytest.warns(RuntimeWarning, match=r"b\.txt', line 3 is not UTF-8"):
            encode_corpus(text_corpus(str(tmp_path / "*.txt")), min_count=1, **options)[1].close()
    with pytest.warns(RuntimeWarning, match=r"b\.txt', line 3"):
        model = Word2Vec(LineSentence(tmp_path / "b.txt"), min_count=1, vector_size=16)
    assert set(model.wv.index_to_key) == {"weg", "fluss", decode_word(b"gr\xf6\xdfer")}


def test_lines_beyond_the_limit_are_not_looked_at(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"weg\nfluss\ngr\xf6\xdfer\n")
    assert encode_corpus(LineSentence(tmp_path / "b.txt", limit=2), min_count=1)[0].keys == ["weg", "fluss"]


@pytest.mark.parametrize("block_bytes", [1, 4, 100])
def test_a_byte_order_mark_and_crlf_are_no_part_of_a_word(block_bytes, tmp_path):
    text = b"the sea is wide\r\nthe hill is high\r\n"
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text)
    corpus = text_corpus(str(tmp_path / "*.txt"))
    assert words_without_warning(corpus, block_bytes=block_bytes) == ["the", "is", "sea", "wide", "hill", "high"]
    assert words_without_warning(TextCorpus((b"\xef\xbb\xbf", b"\xef\xbb\xbfa \xef\xbb\xbfb"))) == ["a", "\ufeffb"]
