"""Properties of all formats by hypothesis: what is saved comes back, and what is damaged is a clear error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.formats import word2vec_text
from tests.formats.hostile import QUICK, error_of, floats, plain_words, table, tables, words

pytestmark = pytest.mark.slow  # the other files show in small what these show for many inputs
PACKED = ["", ".gz", ".bz2", ".xz", ".zst"]


def skip_without_zstd(packed):
    if packed == ".zst":
        pytest.importorskip("zstandard")


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("binary", [True, False])
@QUICK
@given(content=tables(plain_words, st.sampled_from([np.float16, np.float32])))
def test_word2vec_files_come_back(content, tmp_path, packed, binary):
    skip_without_zstd(packed)
    keys, vectors = content
    kv, path = table(keys, vectors), tmp_path / f"v{'.bin' if binary else '.txt'}{packed}"
    kv.save(path)
    loaded = KeyedVectors.load_word2vec_format(path, binary=binary, datatype=vectors.dtype)
    assert loaded.index_to_key == keys
    assert loaded.vectors.tobytes() == vectors.tobytes() or (loaded.vectors == vectors).all()
    if vectors.shape[1] > 1:
        assert KeyedVectors.load(path).index_to_key == keys


@QUICK
@given(content=tables(plain_words, st.just(np.float64)))
def test_float64_comes_back_from_text(content, tmp_path):
    keys, vectors = content
    table(keys, vectors).save(tmp_path / "v.txt")
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v.txt", datatype=np.float64)
    assert loaded.index_to_key == keys
    np.testing.assert_array_equal(loaded.vectors, vectors)


@pytest.mark.parametrize("mmap", [None, "r", "c"])
@QUICK
@given(content=tables(words, floats) | tables(st.integers(-(2**63), 2**63 - 1), floats))
def test_safetensors_come_back(content, tmp_path, mmap):
    keys, vectors = content
    table(keys, vectors).save(tmp_path / "v")
    loaded = KeyedVectors.load(tmp_path / "v", mmap=mmap)
    assert loaded.index_to_key == keys
    assert loaded.vectors.dtype == vectors.dtype
    assert loaded.vectors.tobytes() == vectors.tobytes()
    assert loaded.get_index(keys[-1]) == len(keys) - 1


@QUICK
@given(content=tables(st.integers(-(2**63), 2**63 - 1), st.just(np.float32)), binary=st.booleans())
def test_integer_keys_become_words(content, tmp_path, binary):
    keys, vectors = content
    table(keys, vectors).save_word2vec_format(tmp_path / "v", binary=binary)
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
    assert loaded.index_to_key == list(map(str, keys))


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory):
    """The content of a small file of each kind, and what loads it."""
    folder = tmp_path_factory.mktemp("whole")
    kv = KeyedVectors(["the", "naïve", "caf\U0010fee9", "1.5"], np.arange(12.0).reshape(4, 3) / 7, [9, 5, 2, 1])
    kv.set_vecattr("the", "name", "x")
    kv.vectors_lockf = np.full(4, 0.5)
    model = Word2Vec([["a", "b", "c"]] * 3, vector_size=4, min_count=1, workers=1, epochs=1)
    files = {}
    for name in ("v.bin", "v.txt", "v.safetensors", "v.txt.gz", "v.bin.bz2", "v.bin.xz"):
        kv.save(folder / name)
        files[name] = (folder / name).read_bytes(), KeyedVectors.load
    files["glove"] = files["v.txt"][0].split(b"\n", 1)[1], KeyedVectors.load
    files["mapped"] = files["v.safetensors"][0], load_mapped
    model.save(folder / "model")
    files["model"] = (folder / "model").read_bytes(), Word2Vec.load
    kv.save_word2vec_format(folder / "v", fvocab=folder / "counts")
    files["fvocab"] = (folder / "counts").read_bytes(), lambda path: load_with_counts(folder / "v", path)
    files["intersect"] = files["v.txt"][0], load_into_others
    return files


KINDS = ["v.bin", "v.txt", "v.safetensors", "v.txt.gz", "v.bin.bz2", "v.bin.xz", "glove", "mapped", "model", "fvocab"]
KINDS += ["intersect"]
COUNTED_FROM_THE_END = {"v.safetensors": 0, "mapped": 0, "model": 0, "v.txt.gz": 0, "v.bin.bz2": 0, "v.bin.xz": 0}


def load_mapped(path):
    return KeyedVectors.load(path, mmap="r").key_to_index


def load_with_counts(path, counts):
    return KeyedVectors.load_word2vec_format(path, fvocab=counts)


def load_into_others(path):
    KeyedVectors(["the", "other"], np.ones((2, 3))).intersect_word2vec_format(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_at_any_byte_is_an_error_or_says_what_it_holds(kind, whole_files, tmp_path):
    content, load = whole_files[kind]
    path = tmp_path / "cut"
    assert error_of(load, write(path, content)) is None
    errors = [error_of(load, write(path, content[:n_bytes])) for n_bytes in range(len(content))]
    assert errors[0].endswith("is empty; save or download it again")
    if kind in COUNTED_FROM_THE_END:
        assert None not in errors


def write(path, content):
    path.write_bytes(content)
    return path


changes = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True), st.sampled_from(["set", "flip", "cut", "insert"]), st.binary(max_size=9)
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(changes=changes)
def test_damaged_bytes_are_a_clear_error_or_read(kind, changes, whole_files, tmp_path):
    content, load = whole_files[kind]
    data = bytearray(content)
    for share, change, new in changes:
        at = int(share * len(data))
        if change == "flip" and data:
            data[at] ^= 1 << (at % 8)
        else:
            data[at : at + {"set": len(new), "cut": 3, "insert": 0}.get(change, 0)] = b"" if change == "cut" else new
    error_of(load, write(tmp_path / "damaged", bytes(data)))


CLAIMS = [0, 1, 9, 2**31, 2**32, 10**18, 10**19, 10**30, 10**300]


@pytest.mark.parametrize(
    "rows", [b"a 1 2\nb 3 4\n", b"a \0\0\0\0\1\1\1\1\nb \0\0\0\0\1\1\1\1\n"], ids=["text", "binary"]
)
@pytest.mark.parametrize("n_rows", CLAIMS, ids="{:.0e}".format)
@pytest.mark.parametrize("dim", CLAIMS, ids="{:.0e}".format)
def test_a_first_line_may_claim_anything(rows, n_rows, dim, tmp_path):
    path = write(tmp_path / "v", b"%d %d\n" % (n_rows, dim) + rows)
    for load in (KeyedVectors.load, lambda path: KeyedVectors.load_word2vec_format(path, binary=b"\0" in rows)):
        assert error_of(load, path)


def test_a_first_line_of_thousands_of_digits(tmp_path):
    path = write(tmp_path / "v", b"9" * 5000 + b" 2\na 1 2\n")
    with pytest.warns(RuntimeWarning, match="says 99999999999999999999 vectors, and 1 were found"):
        assert len(KeyedVectors.load(path)) == 1
    write(path, b"1 " + b"9" * 5000 + b"\na 1 2\n")
    assert "99,999 numbers a vector, and 1,048,576 are the most" in error_of(KeyedVectors.load, path)


@pytest.mark.parametrize("encoding", ["ascii", "utf-16", "utf-32"])
def test_words_of_another_encoding_name_the_file(encoding, tmp_path):
    path = write(tmp_path / "v", b"1 1\n\xe9\xe9\xe9 1\n")
    message = error_of(lambda path: KeyedVectors.load_word2vec_format(path, encoding=encoding), path)
    assert message is None or "pass its encoding" in message


@pytest.mark.parametrize("count", [b"-1", b"1.5", b"9" * 19, b"9" * 5000, b"x", b""])
def test_counts_that_are_none(count, tmp_path):
    KeyedVectors(["a"], [[1.0]]).save_word2vec_format(tmp_path / "v")
    path = write(tmp_path / "counts", b"a " + count + b"\n")
    message = error_of(lambda path: load_with_counts(tmp_path / "v", path), path)
    assert "line 1 is" in message
    assert "expected a key and its count" in message


def test_blank_lines_after_the_last_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(word2vec_text, "_CHUNK_BYTES", 8)
    path = write(tmp_path / "v", b"2 2\na 1 2\nb 3 4\n" + b"\n" * 100)
    assert KeyedVectors.load(path).index_to_key == ["a", "b"]


@pytest.mark.parametrize("spelling", ["1_0", "0x10", "1e39", "--1"])
def test_numbers_that_are_none(spelling, tmp_path):
    message = error_of(KeyedVectors.load, write(tmp_path / "v", f"2 2\na 1 2\nb {spelling} 3\n".encode()))
    assert f"'{spelling}' where a number belongs" in message


@pytest.mark.parametrize("n_bytes", [1 << 16, (1 << 16) + 1, 1 << 20])
@pytest.mark.parametrize("binary", [True, False])
def test_long_words_come_back(n_bytes, binary, tmp_path):
    keys = ["short", "x" * n_bytes, "last"]
    KeyedVectors(keys, np.eye(3)).save_word2vec_format(tmp_path / "v", binary=binary)
    assert KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary).index_to_key == keys


def test_a_dimension_that_tears_the_words_of_binary(tmp_path):
    kv = KeyedVectors([f"word{i}" for i in range(50)], np.ones((50, 10)))
    kv.save_word2vec_format(tmp_path / "v", binary=True)
    path = write(tmp_path / "v", (tmp_path / "v").read_bytes().replace(b"50 10", b"50 9", 1))
    assert "torn by line ends" in error_of(lambda path: KeyedVectors.load_word2vec_format(path, binary=True), path)


DIGITS = [
    b"1 1\n0 9\n\x92\x1c\n",
    b"2 2\n0 9\n\x92\x1c\xe2\xbdE\xf9\n1 \xb5\xbeM\x97\xbe\xaf\xe9\xf1\n",
    b"1 1\n7 \nabc\n",
    b"1 3\nw abcdefghijkl\n",
]


@pytest.mark.parametrize("content", DIGITS)
def test_binary_whose_bytes_are_digits_and_line_ends(content, tmp_path):
    n_rows, dim = map(int, content.split(b"\n")[0].split())
    kv = KeyedVectors.load(write(tmp_path / "v", content))
    assert kv.vectors.shape == (n_rows, dim)
    assert kv.vectors[0].tobytes() == content[content.index(b" ", 4) + 1 :][: 4 * dim]


def test_the_rows_of_text_whose_word_is_a_number_are_no_binary(tmp_path):
    assert KeyedVectors.load(write(tmp_path / "v", b"2 3\n1 2 3 4\n5 6 7 8\n")).index_to_key == ["1", "5"]
