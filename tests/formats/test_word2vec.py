import bz2
import gzip
import io
import lzma
import os
import sys
import tracemalloc

import numpy as np
import pytest

from fastw2v.formats import vector_rows, word2vec_binary, word2vec_text, word2vec_write
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.word_bytes import canonical_word
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
    with pytest.raises(ValueError, match=f"pass binary={binary}" if kv.vector_size > 1 else "truncated"):
        KeyedVectors.load_word2vec_format(path, binary=not binary)
    assert_same_table(KeyedVectors.load_word2vec_format(path, None, binary), kv)


def test_chunks_fit_together(tmp_path, monkeypatch):
    for module in (word2vec_text, word2vec_binary):
        monkeypatch.setattr(module, "_CHUNK_BYTES", 200)
    monkeypatch.setattr(word2vec_write, "_WRITE_BYTES", 600)
    monkeypatch.setattr(vector_rows, "_FIRST_BYTES", 60)
    kv = KeyedVectors([f"w{i}" for i in range(100)], random_vectors(100, 5))
    for ending in (".txt", ".bin"):
        kv.save(tmp_path / f"v{ending}")
        assert_same_table(KeyedVectors.load(tmp_path / f"v{ending}"), kv)


@pytest.mark.parametrize("ending", [".txt", ".bin"])
def test_every_chunk_is_written(ending, tmp_path, monkeypatch):
    kv = KeyedVectors([f"w{i}" for i in range(100)], random_vectors(100, 5))
    kv.save(tmp_path / f"at_once{ending}")
    monkeypatch.setattr(word2vec_write, "_WRITE_BYTES", 600)
    kv.save(tmp_path / f"in_chunks{ending}")
    assert (tmp_path / f"in_chunks{ending}").read_bytes() == (tmp_path / f"at_once{ending}").read_bytes()


@pytest.mark.parametrize("ending", [".txt", ".bin"])
@pytest.mark.parametrize("row", [0, 50, 99])
def test_every_chunk_is_checked(ending, row, tmp_path, monkeypatch):
    monkeypatch.setattr(word2vec_write, "_WRITE_BYTES", 600)
    errors = []
    for flaw in ("no vector", "no word"):
        keys, vectors = [f"w{i}" for i in range(100)], random_vectors(100, 5)
        if flaw == "no word":
            keys[row] = "two words"
        else:
            vectors[row, 4] = np.nan
        try:
            KeyedVectors(keys, vectors).save(tmp_path / f"v{ending}")
        except ValueError as error:
            errors.append(str(error))
    assert [f"row {row})" in error for error in errors] == [True, True]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("binary", [True, False])
def test_gensim_reads_our_files(kv, tmp_path, binary):
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    kv.save_word2vec_format(tmp_path / "v", binary=binary)
    theirs = models.KeyedVectors.load_word2vec_format(
        str(tmp_path / "v"), binary=binary, unicode_errors="surrogateescape"
    )
    assert list(map(canonical_word, theirs.index_to_key)) == WORDS
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
        (b"\x93NUMPY\x01\0v\0{'descr': '<f4'}", "has no header of NumPy"),
        (b"3 2", "does not start with a line|ends after 0 of 3"),
        (b"0 2\n", "0 vectors of dimension 2 by its first line: there is nothing to load"),
        (b"2 0\na\nb\n", "2 vectors of dimension 0"),
        (b"2 2\n", "ends after 0 of 2 vectors"),
        (b"999999999999 300\na 1 2\n", "line 2 has 2 numbers after its word, not 300"),
        (b"3 2\na 1 2\nb 3 4.00000", "ends within a line, after 2 of 3 vectors"),
        (b"2 3\na 1 2\nb 3 4.00\n", "line 2 has 2 numbers after its word, not 3"),
        (b"2 1\na 1 2\nb 3 4\n", "line 2 has 2 numbers after its word, not 1"),
        (b"2 2\na 1 2\nb 3\n\n", "line 3 has 1 numbers after its word, not 2"),
        (b"2 2\na 1 2\nb 3 four\n", "line 3 has 'four' where a number"),
        (b"2 2\na 1 x\nb 3 4\n", "line 2 has 'x'"),
        (b"2 2\na 1 2\nb 3 1e39\n", "line 3 has '1e39'"),
        (b"2 2\na\nb     \n", "line 2 has 0 numbers"),
        (b"2 1\na \0\0\0\0\nb \0\0", "ends in vector 2 of 2"),
        (b"2 1\na \0\0\0\0\nb", "ends in vector 2 of 2"),
        (b"2 2\na \0\0\0\0\nb \0\0\0\0\n", "ends in vector 2 of 2 of dimension 2"),
        (gzip.compress(b"2 2\na 1 2\nb 3 4\n", mtime=0)[:-12], "damaged or truncated gzip file"),
        (gzip.compress(b"99999999 300\na 1 2\nb 3 4\n", mtime=0), "2 numbers after its word, not 300"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_an_error(tmp_path, content, message):
    path = tmp_path / "vectors.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        KeyedVectors.load(path)
    assert str(path) in str(error.value)


PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("ending", PACK)
def test_packed_files_are_read_and_written(kv, tmp_path, ending, binary):
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    kv.save_word2vec_format(plain, binary=binary)
    packed.write_bytes(PACK[ending](plain.read_bytes()))
    assert_same_table(KeyedVectors.load(packed), kv)
    kv.save_word2vec_format(tmp_path / f"v{ending}", binary=binary)
    assert (tmp_path / f"v{ending}").read_bytes()[:3] == packed.read_bytes()[:3]
    assert_same_table(KeyedVectors.load_word2vec_format(tmp_path / f"v{ending}", binary=binary), kv)


def test_zstd_is_read_or_refused_with_the_cure(small, tmp_path, monkeypatch):
    zstandard = pytest.importorskip("zstandard")
    small.save(tmp_path / "v.txt.zst")
    assert zstandard.decompress((tmp_path / "v.txt.zst").read_bytes(), 1000).startswith(b"3 2\na 1 2\n")
    assert_same_table(KeyedVectors.load(tmp_path / "v.txt.zst"), small)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ImportError, match="pip install zstandard"):
        KeyedVectors.load(tmp_path / "v.txt.zst")


@pytest.mark.parametrize("binary", [True, False])
def test_file_objects(kv, tmp_path, binary):
    path = tmp_path / "v"
    kv.save_word2vec_format(path, binary=binary)

    class OnlyRead:
        def __init__(self):
            self.read = io.BytesIO(path.read_bytes()).read

    with open(path, "rb") as opened:
        for file in (opened, io.BytesIO(path.read_bytes()), OnlyRead()):
            assert_same_table(KeyedVectors.load_word2vec_format(file, binary=binary), kv)
        assert not opened.closed
    with pytest.raises(TypeError, match="'rb'"):
        KeyedVectors.load_word2vec_format(io.StringIO("1 1\na 1\n"))
    with pytest.raises(TypeError, match="fname is a int"):
        KeyedVectors.load_word2vec_format(7)


def load(tmp_path, content, **options):
    (tmp_path / "v").write_bytes(content)
    return KeyedVectors.load_word2vec_format(tmp_path / "v", **options)


def content_of(kv):
    return dict(zip(kv.index_to_key, kv.vectors.tolist()))


DOTS = b"." * 98


def binary_rows(words, values):
    return [b"%b " % word + np.float32(value).tobytes() + b"\n" for word, value in zip(words, values)]


@pytest.mark.parametrize(
    ("content", "binary"),
    [
        (b"4 1\na 1\n%b 2\n%b 3\nb 4\n" % (DOTS, DOTS), False),
        (b"4 1\n" + b"".join(binary_rows([b"a", DOTS, DOTS, b"b"], [1, 2, 3, 4])), True),
    ],
)
def test_of_doubled_words_the_first_is_kept_and_the_others_are_counted(tmp_path, caplog, content, binary):
    kv = load(tmp_path, content, binary=binary)
    assert content_of(kv) == {"a": [1], DOTS.decode(): [2], "b": [4]}
    assert "left out 1 rows whose word came before" in caplog.text


@pytest.mark.parametrize("word", ["R$ 0,00", ". . .", "", "a\tb", "New York 1"])
def test_the_last_fields_are_the_numbers(tmp_path, word):
    kv = load(tmp_path, b"3 2\nfirst 1 2\n" + word.encode() + b" 3 4\nlast\t5\t6 \r\n")
    assert content_of(kv) == {"first": [1, 2], word: [3, 4], "last": [5, 6]}


@pytest.mark.parametrize("options", [{}, {"no_header": True}, {"limit": 2}])
def test_glove_has_no_first_line(tmp_path, options):
    kv = load(tmp_path, b"the 0.5 1 2\n. . 3 4 5\nof 6 7 8\n", **options)
    everything = {"the": [0.5, 1, 2], ". .": [3, 4, 5], "of": [6, 7, 8]}
    assert content_of(kv) == dict(list(everything.items())[: options.get("limit")])


def test_a_first_line_of_two_integers_can_be_a_row(tmp_path):
    assert content_of(load(tmp_path, b"7 3\n8 4\n", no_header=True)) == {"7": [3], "8": [4]}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("header", [b"", b"2 2\r\n"])
def test_byte_order_marks_and_line_ends_of_windows(tmp_path, mark, header):
    assert content_of(load(tmp_path, mark + header + b"a 1 0\r\nb 0 1\r\n")) == {"a": [1, 0], "b": [0, 1]}


ROWS = [b"a 1\n", b"b 2\n", b"c 3\n"]
BINARY_ROWS = binary_rows([b"a", b"b", b"c"], [1, 2, 3])


@pytest.mark.parametrize("rows", [ROWS, BINARY_ROWS], ids=["text", "binary"])
@pytest.mark.parametrize("n_counted", [2, 5])
def test_a_first_line_that_counts_wrong_is_said(tmp_path, rows, n_counted):
    content, binary = b"%d 1\n" % n_counted + b"".join(rows), rows is BINARY_ROWS
    with pytest.warns(RuntimeWarning, match=f"says {n_counted} vectors, and 3 were found and read"):
        kv = load(tmp_path, content, binary=binary)
    assert content_of(kv) == {"a": [1], "b": [2], "c": [3]}
    assert len(load(tmp_path, content, binary=binary, limit=2)) == 2


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_vectors_that_are_not_finite_are_kept_with_a_warning(tmp_path, number):
    with pytest.warns(RuntimeWarning, match=r"1 vectors have NaN or infinite numbers \('b'\)"):
        kv = load(tmp_path, f"2 2\na 1 2\nb {number} 3\n".encode())
    assert not np.isfinite(kv["b"]).all()
    assert kv.most_similar("a") == kv.most_similar_batch(["a"])[0] == []


@pytest.mark.parametrize(("errors", "word"), [("strict", "caf\U0010fee9"), ("ignore", "caf"), ("replace", "caf\ufffd")])
def test_bytes_that_are_no_characters(tmp_path, errors, word):
    kv = load(tmp_path, b"1 1\ncaf\xe9 1\n", unicode_errors=errors)
    assert kv.index_to_key == [word]
    assert load(tmp_path, b"1 1\ncaf\xe9 1\n", encoding="latin-1").index_to_key == ["café"]
    if errors == "strict":
        assert kv["caf\udce9"] == 1
        kv.save_word2vec_format(tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == b"1 1\ncaf\xe9 1\n"


@pytest.mark.parametrize("datatype", [np.float16, np.float32, np.float64])
def test_the_type_of_the_vectors(tmp_path, datatype):
    kv = load(tmp_path, b"2 2\na 0.1 7\nb 1 2\n", datatype=datatype)
    assert (kv.vectors.dtype, kv["a"][0]) == (datatype, datatype(0.1))
    with pytest.raises(ValueError, match="datatype is"):
        load(tmp_path, b"1 1\na 1\n", datatype=np.int32)


WEB = b"<!DOCTYPE html>\n<html><head></head></html>\n"


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        (WEB, "web page"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\xba\x16\x4f\x2f" + bytes(99), "load_facebook_vectors reads it"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"PAR1" + bytes(9), "Parquet"),
    ],
)
def test_what_holds_no_vectors_says_what_it_is(tmp_path, content, cure):
    with pytest.raises(ValueError, match=f"'count dim'.*{cure}"):
        load(tmp_path, content)


def test_binary_that_looks_like_text(tmp_path):
    assert load(tmp_path, b"1 1\nw0 \x0boR?\n", binary=True).index_to_key == ["w0"]
    (tmp_path / "v").write_bytes(b"1 1\nw0 \x0boR?\n")
    assert KeyedVectors.load(tmp_path / "v").vectors.tobytes() == b"\x0boR?"


class Counts:
    keys, vectors, counts = ["a", "b", "c"], np.arange(6.0).reshape(3, 2), [1, 5, 3]


@pytest.mark.parametrize("binary", [True, False])
def test_arguments_of_saving_are_gensims(tmp_path, binary):
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    ours, theirs = KeyedVectors(Counts.keys, Counts.vectors, Counts.counts), models.KeyedVectors(2)
    theirs.add_vectors(Counts.keys, Counts.vectors)
    for key, count, rank in zip(Counts.keys, Counts.counts, [3, 1, 2]):
        for kv in (ours, theirs):
            kv.set_vecattr(key, "count", count)
            kv.set_vecattr(key, "rank", rank)
    for number, options in enumerate(
        [
            {},
            {"fvocab": "vocab", "prefix": "*"},
            {"total_vec": 9},
            {"write_header": False},
            {"sort_attr": "rank"},
            {"sort_attr": "nothing"},
        ]
    ):
        contents = []
        for kv in (ours, theirs):
            paths = {"fvocab": str(tmp_path / "vocab")} if "fvocab" in options else {}
            kv.save_word2vec_format(str(tmp_path / "v"), binary=binary, **(options | paths))
            kv.save_word2vec_format(str(tmp_path / "v"), binary=binary, append=True, write_header=False)
            written = [(tmp_path / name).read_bytes() for name in ("v", *map(os.path.basename, paths.values()))]
            contents.append([normal(content, binary) for content in written])
        assert contents[0] == contents[1], (number, options)


def normal(content, binary):
    """Text with numbers in one spelling; binary without the newlines that gensim leaves out."""
    if binary:
        return content.replace(b"\n", b"")
    return [[f"{float(f):g}" if f[-1:].isdigit() else f for f in line.split()] for line in content.splitlines()]


def test_counts_of_a_file_beside(tmp_path, caplog):
    KeyedVectors(Counts.keys, Counts.vectors, Counts.counts).save_word2vec_format(tmp_path / "v", tmp_path / "vocab")
    kv = KeyedVectors.load_word2vec_format(tmp_path / "v", fvocab=tmp_path / "vocab")
    assert {key: kv.get_vecattr(key, "count") for key in "abc"} == {"a": 1, "b": 5, "c": 3}
    (tmp_path / "vocab").write_bytes(b"b 5\n")
    assert KeyedVectors.load_word2vec_format(tmp_path / "v", fvocab=tmp_path / "vocab").get_vecattr("a", "count") == 0
    assert "no count for 2 of the 3 keys" in caplog.text
    with pytest.raises(ValueError, match="no counts; set them"):
        KeyedVectors(Counts.keys, Counts.vectors).save_word2vec_format(tmp_path / "v", tmp_path / "vocab")


@pytest.mark.parametrize("binary", [True, False])
def test_a_start_from_a_large_file_keeps_the_common_rows_alone(tmp_path, binary):
    n_words = 60_000
    large = KeyedVectors([f"w{row}" for row in range(n_words)], np.ones((n_words, 50), np.float32))
    large.save_word2vec_format(tmp_path / "v", binary=binary)
    kv = KeyedVectors(["w7", "mine", f"w{n_words - 1}"], np.zeros((3, 50)))
    tracemalloc.start()
    try:
        kv.intersect_word2vec_format(tmp_path / "v", binary=binary)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert kv.vectors[:, 0].tolist() == [1, 0, 1]
    assert peak < (large.vectors.nbytes if binary else 100 * 2**20)
