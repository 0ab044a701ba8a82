import gzip
import os

import numpy as np
import pytest

from fastw2v.formats import word2vec
from fastw2v.keyedvectors import KeyedVectors
from tests.formats.cases import WORD2VEC_FORMATS, WORDS, assert_same_table, random_vectors


@pytest.mark.parametrize("format", WORD2VEC_FORMATS)
def test_gzipped_files_are_read(kv, tmp_path, format):
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    kv.save(plain, format=format)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert_same_table(KeyedVectors.load(packed), kv)


@pytest.mark.parametrize("binary", [True, False])
def test_word2vec_format_methods_read_all_or_the_first_vectors(kv, tmp_path, binary):
    path = tmp_path / "anything"
    kv.save_word2vec_format(path, binary=binary)
    loaded = KeyedVectors.load_word2vec_format(path, binary=binary)
    assert_same_table(loaded, kv)
    first = KeyedVectors.load_word2vec_format(path, binary=binary, limit=4)
    assert first.index_to_key == WORDS[:4]
    np.testing.assert_array_equal(first.vectors, kv.vectors[:4])
    assert len(KeyedVectors.load_word2vec_format(path, binary=binary, limit=99)) == len(WORDS)
    with pytest.raises(ValueError, match="limit is 0"):
        KeyedVectors.load_word2vec_format(path, binary=binary, limit=0)
    with pytest.raises(ValueError, match=f"pass binary={binary}"):
        KeyedVectors.load_word2vec_format(path, binary=not binary)
    assert_same_table(KeyedVectors.load_word2vec_format(path, None, binary), kv)
    with pytest.raises(ValueError, match="fvocab is not supported: word2vec files have no counts"):
        KeyedVectors.load_word2vec_format(path, "vocab.txt", binary)
    with pytest.raises(ValueError, match="fvocab is not supported"):
        kv.save_word2vec_format(path, "vocab.txt")


def test_chunks_fit_together(tmp_path, monkeypatch):
    monkeypatch.setattr(word2vec, "_CHUNK_BYTES", 200)
    monkeypatch.setattr(word2vec, "_WRITE_BYTES", 600)
    kv = KeyedVectors([f"w{i}" for i in range(100)], random_vectors(100, 5))
    for ending in (".txt", ".bin"):
        kv.save(tmp_path / f"v{ending}")
        assert_same_table(KeyedVectors.load(tmp_path / f"v{ending}"), kv)


@pytest.mark.parametrize("binary", [True, False])
def test_gensim_reads_our_files(kv, tmp_path, binary):
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    kv.save_word2vec_format(tmp_path / "v", binary=binary)
    theirs = models.KeyedVectors.load_word2vec_format(
        str(tmp_path / "v"), binary=binary, unicode_errors="surrogateescape"
    )
    assert theirs.index_to_key == WORDS
    np.testing.assert_array_equal(theirs.vectors, kv.vectors)


@pytest.mark.parametrize("binary", [True, False])
def test_we_read_gensims_files(kv, tmp_path, binary):
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    words = [word for word in WORDS if word.isprintable()]
    theirs = models.KeyedVectors(kv.vector_size)
    theirs.add_vectors(words, np.array(kv[words]))
    theirs.save_word2vec_format(str(tmp_path / "v"), binary=binary)
    assert_same_table(KeyedVectors.load(tmp_path / "v"), theirs)


@pytest.mark.parametrize("tail", [b"", b"\n"])
def test_binary_is_read_with_and_without_newlines(tmp_path, tail):
    path = tmp_path / "v"
    rows = [b"a " + np.float32([1, 2]).tobytes(), b"b " + np.float32([3, 4]).tobytes()]
    path.write_bytes(b"2 2\n" + tail.join(rows) + tail)
    assert_same_table(KeyedVectors.load(path), KeyedVectors(["a", "b"], [[1, 2], [3, 4]]))


def test_text_is_read_with_trailing_and_double_spaces_and_without_a_last_newline(tmp_path):
    path = tmp_path / "v"
    path.write_bytes(b"2 2\r\na 1  2 \r\nb 3e0 -4")
    assert_same_table(KeyedVectors.load(path), KeyedVectors(["a", "b"], [[1, 2], [3, -4]]))


@pytest.mark.parametrize("format", WORD2VEC_FORMATS)
@pytest.mark.parametrize("word", ["", " ", "two words", "end\n", "\ttab", "a\x0bb", "a\rb"])
def test_words_with_whitespace_are_refused_before_anything_is_written(tmp_path, format, word):
    path = tmp_path / "v"
    path.write_text("old")
    with pytest.raises(ValueError, match=r"\(row 1\) is empty or holds whitespace.*safetensors"):
        KeyedVectors(["fine", word], np.eye(2)).save(path, format=format)
    assert path.read_text() == "old"


@pytest.mark.parametrize("format", WORD2VEC_FORMATS)
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_vectors_that_are_not_finite_are_refused(tmp_path, format, number):
    with pytest.raises(ValueError, match=r"vector of 'b' \(row 1\) is not finite"):
        KeyedVectors(["a", "b"], [[1, 2], [3, number]]).save(tmp_path / "v", format=format)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello world\n", "does not start with a line 'count dim'"),
        (b"the 0.1 0.2 0.3\nof 0.4 0.5 0.6\n", "GloVe text becomes word2vec text"),
        (b"\x93NUMPY\x01\0v\0{'descr': '<f4'}", "does not start with a line"),
        (b"3 2", "does not start with a line"),
        (b"0 2\n", "0 vectors of dimension 2 by its first line: there is nothing to load"),
        (b"2 0\na\nb\n", "2 vectors of dimension 0"),
        (b"2 2\n", "2 vectors of dimension 2 do not fit into 4 bytes"),
        (b"999999999999 300\na 1 2\n", "999999999999 vectors of dimension 300 do not fit into 23 bytes"),
        (b"3 2\na 1 2\nb 3 4.0000000\n", "ends after 2 of 3 vectors"),
        (b"1 2\na 1 2\nb 3 4\n", "more lines follow after 1 vectors"),
        (b"2 3\na 1 2\nb 3 4.00\n", "line 2 has 2 numbers, not 3"),
        (b"2 1\na 1 2\nb 3 4\n", "line 2 has 2 numbers, not 1"),
        (b"2 2\na 1 2\nb 3\n\n", "line 3 has 1 numbers, not 2"),
        (b"2 2\na 1 2\nb 3 four\n", "line 3 has 'four' where a finite number"),
        (b"2 2\na 1 x\nb 3 4\n", "line 2 has 'x'"),
        (b"2 2\na 1 nan\nb 3 4\n", "line 2 has 'nan'"),
        (b"2 2\na 1 2\nb 3 -inf\n", "line 3 has '-inf'"),
        (b"2 2\na 1 2\nb 3 1e39\n", "line 3 has '1e39'"),
        (b"2 2\na\nb     \n", "line 2 has 0 numbers"),
        (b"2 2\na 1 2\na 3 4\n", "key 'a' occurs twice"),
        (b"2 1\na \0\0\0\0\nb \0\0", "ends in vector 2 of 2"),
        (b"2 1\na \0\0\0\0\nb", "ends in vector 2 of 2"),
        (b"1 1\na \0\0\0\0\nb \0\0\0\0\n", "7 bytes are left after 1 vectors of dimension 1"),
        (b"2 2\na \0\0\0\0\nb \0\0\0\0\n", "ends in vector 2 of 2 of dimension 2"),
        (b"2 1\na \0\0\0\0\na \0\0\0\0\n", "key 'a' occurs twice"),
        (b"2 1\na \0\0\0\0\nb \0\0\xc0\x7f\n", r"vector of 'b' \(row 1\) is not finite"),
        (gzip.compress(b"2 2\na 1 2\nb 3 4\n")[:-12], "damaged gzip file"),
        (gzip.compress(b"99999999 300\na 1 2\nb 3 4\n"), "99999999 vectors of dimension 300 do not fit"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_an_error(tmp_path, content, message):
    path = tmp_path / "vectors.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        KeyedVectors.load(path)
    assert str(path) in str(error.value)
