"""Every format with every kind of key: what comes back, by fastw2v and by the format's own library."""

import json
import logging
from itertools import pairwise

import numpy as np
import pytest

from fastw2v import KeyedVectors, formats
from fastw2v.formats.names import DTYPES
from fastw2v.formats.numpy_files import keys_path

KEYS = {
    "words": ["the", "naïve", "日本", "a\tb", "17"],
    "integers": [7, 0, 2**40, 3, 12],
    "odd": ["two words", "🙂", "x\u00a0y", "line\nend", "quote\"'"],
}
KEEPING = ["safetensors", "parquet", "feather", "npy", "npz"]  # formats that keep keys of any kind
NEEDS = {"parquet": "pyarrow", "feather": "pyarrow", "usearch": "usearch", "hnswlib": "hnswlib", "faiss": "faiss"}


def need(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name} needs {NEEDS[name]}")


def vectors_of(keys, dim=5):
    rng = np.random.default_rng(4)
    padded = rng.normal(size=(len(keys), 16)).astype(np.float32)
    return KeyedVectors(keys, padded[:, :dim], np.arange(len(keys), 0, -1))


def by_safetensors(path):
    from safetensors.numpy import load_file

    found = load_file(path)
    keys, offsets = found["keys"], found.get("key_offsets")
    if offsets is not None:
        keys = [keys[a:b].tobytes().decode() for a, b in pairwise(offsets)]
    return list(keys), found["vectors"], found["counts"]


def by_pyarrow(path):
    import pyarrow.feather
    import pyarrow.parquet

    table = (pyarrow.parquet.read_table if path.suffix == ".parquet" else pyarrow.feather.read_table)(path)
    return table["key"].to_pylist(), np.array(table["vector"].to_pylist(), np.float32), table["count"].to_numpy()


def by_numpy(path):
    if path.suffix == ".npz":
        arrays = np.load(path, allow_pickle=False)
        return arrays["keys"].tolist(), arrays["vectors"], arrays["counts"]
    return json.loads(keys_path(path).read_text()), np.load(path, allow_pickle=False), None


OWN = {"safetensors": by_safetensors, "parquet": by_pyarrow, "feather": by_pyarrow, "npy": by_numpy, "npz": by_numpy}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("format", KEEPING)
def test_a_format_of_any_key_gives_back_equal_rows_keys_and_types(tmp_path, format, kind):
    need(format)
    wv, path = vectors_of(KEYS[kind]), tmp_path / f"v.{format}"
    wv.save(path)
    loaded = KeyedVectors.load(path)
    own_keys, own_vectors, own_counts = OWN[format](path)
    for keys, vectors in ((loaded.index_to_key, loaded.vectors), (own_keys, own_vectors)):
        assert list(keys) == KEYS[kind]
        assert {isinstance(key, str) for key in keys} == {kind != "integers"}
        assert vectors.dtype == np.float32
        np.testing.assert_array_equal(vectors, wv.vectors)
    assert type(loaded.index_to_key[0]) is type(KEYS[kind][0])
    assert loaded.vectors.flags.c_contiguous
    if format != "npy":
        np.testing.assert_array_equal(loaded.counts, wv.counts)
        np.testing.assert_array_equal(own_counts, wv.counts)


@pytest.mark.parametrize("format", ["word2vec-binary", "word2vec-text", "projector", "static-embedding"])
def test_a_format_of_words_says_that_integers_become_words(tmp_path, caplog, format):
    with caplog.at_level(logging.WARNING, "fastw2v"):
        vectors_of(["a", "b"]).save(tmp_path / "words", format=format)
        assert caplog.messages == []
        vectors_of([5, 3]).save(tmp_path / "v", format=format)
    assert [text for text in caplog.messages if "integer keys become words" in text] == caplog.messages != []


@pytest.mark.parametrize("format", ["word2vec-binary", "word2vec-text", "static-embedding"])
def test_a_format_of_words_refuses_a_key_with_a_space(tmp_path, format):
    with pytest.raises(ValueError, match=r"two words.*whitespace.*save as \.safetensors"):
        vectors_of(KEYS["odd"]).save(tmp_path / "v", format=format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", KEEPING)
def test_float16_halves_the_numbers_and_rounds_them_once(tmp_path, format):
    need(format)
    wv, path = vectors_of(KEYS["words"]), tmp_path / f"v.{format}"
    wv.save(path, dtype="float16")
    loaded = KeyedVectors.load(path)
    assert loaded.vectors.dtype == np.float16
    np.testing.assert_array_equal(loaded.vectors, wv.vectors.astype(np.float16))
    assert loaded.most_similar("the", topn=1)[0][0] == wv.most_similar("the", topn=1)[0][0]


@pytest.mark.parametrize("format", KEEPING)
def test_float16_refuses_numbers_that_it_does_not_hold(tmp_path, format):
    need(format)
    wv = KeyedVectors(["a"], [[1e5, np.nan]])
    with pytest.raises(ValueError, match="up to 100000, and float16 holds none above 65504"):
        wv.save(tmp_path / f"v.{format}", dtype="float16")
    assert not (tmp_path / f"v.{format}").exists()


def test_int8_is_loaded_as_float32_within_half_a_step(tmp_path):
    rng = np.random.default_rng(2)
    matrix = np.float32(rng.normal(size=(300, 40)) * 10.0 ** rng.integers(-30, 30, size=(300, 1)))
    matrix[7] = 0
    wv, path = KeyedVectors(list(range(300)), matrix), tmp_path / "v.safetensors"
    wv.save(path, dtype="int8")
    loaded = KeyedVectors.load(path)
    assert loaded.vectors.dtype == np.float32
    assert loaded.index_to_key == wv.index_to_key
    steps = np.abs(matrix).max(axis=1, keepdims=True) / 127
    assert (np.abs(loaded.vectors - matrix) <= steps * 0.5001).all()
    assert (loaded.vectors[7] == 0).all()
    assert path.stat().st_size < matrix.nbytes / 2
    with pytest.raises(ValueError, match=r"I8.*load it without mmap"):
        KeyedVectors.load(path, mmap="r")


def test_int8_refuses_what_is_not_finite_and_what_is_damaged(tmp_path):
    path = tmp_path / "v"
    with pytest.raises(ValueError, match="row 1 has NaN"):
        KeyedVectors(["a", "b"], [[1.0], [np.nan]]).save(path, dtype="int8")
    tensors = {"keys": np.arange(2), "vectors": np.ones((2, 3), np.int8), "vectors_scale": np.ones(3, np.float32)}
    from safetensors.numpy import save_file

    save_file(tensors, path)
    with pytest.raises(ValueError, match=r"vectors_scale has shape \(3,\)"):
        KeyedVectors.load(path)


@pytest.mark.parametrize(
    ("name", "dtype", "cure"),
    [
        ("v.bin", "float16", "stored by parquet, feather, npy, npz, static-embedding, safetensors, usearch"),
        ("v.txt", "int8", "stored by safetensors, usearch"),
        ("v.parquet", "int8", "stored by safetensors, usearch"),
        ("v", "int4", "expected 'float16' or 'float32' or 'float64' or 'int8'"),
        ("v.npz", "fp16", "expected 'float16' or 'float32' or 'float64'"),
        ("v.bin", "fp16", "leave it out"),
        ("v.faiss", "float16", "usearch"),
    ],
)
def test_a_type_that_the_format_does_not_store_is_refused_with_the_formats_that_do(tmp_path, name, dtype, cure):
    with pytest.raises(ValueError, match=f"dtype='{dtype}' is not for .*{cure}"):
        vectors_of(["a"]).save(tmp_path / name, dtype=dtype)
    assert list(tmp_path.iterdir()) == []


def test_each_format_is_known_to_the_table_of_endings_or_is_a_folder():
    assert {*formats.FORMAT_OF_ENDING.values(), *formats.names.FOLDERS} == set(formats.FORMATS)
    assert set(DTYPES) <= set(formats.FORMATS)


@pytest.mark.parametrize("format", ["parquet", "feather", "usearch", "hnswlib", "faiss"])
def test_a_package_that_is_not_installed_is_named_with_its_cure(tmp_path, monkeypatch, format):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr("fastw2v.runtime.packages.import_module", absent)
    path = tmp_path / f"v.{format}"
    for act in (lambda: vectors_of(["a"]).save(path), lambda: formats.check_target(path)):
        with pytest.raises(ImportError, match=r"needs the package.*: pip install (pyarrow|usearch|hnswlib|faiss-cpu)$"):
            act()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["v.parquet.gz", "v.npy.xz", "v.safetensors.bz2"])
def test_only_word2vec_is_packed(tmp_path, name):
    with pytest.raises(ValueError, match=r"files are not packed.*leave out"):
        vectors_of(["a"]).save(tmp_path / name)


@pytest.mark.parametrize("format", KEEPING)
def test_many_chunks_are_written_as_one(tmp_path, monkeypatch, format):
    need(format)
    wv, path = vectors_of([f"word{i}" for i in range(50)]), tmp_path / f"v.{format}"
    whole = tmp_path / f"whole.{format}"
    wv.save(whole)
    monkeypatch.setattr("fastw2v.formats.stored_rows.CHUNK_BYTES", 300)
    monkeypatch.setattr("fastw2v.formats.arrow_table._GROUP_BYTES", 300)
    wv.save(path)
    loaded, expected = KeyedVectors.load(path), KeyedVectors.load(whole)
    assert loaded.index_to_key == expected.index_to_key == wv.index_to_key
    np.testing.assert_array_equal(loaded.vectors, wv.vectors)
    if format != "npy":
        np.testing.assert_array_equal(loaded.counts, wv.counts)


@pytest.mark.parametrize("format", KEEPING[1:])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_a_value_error_that_names_it(tmp_path, format, share):
    need(format)
    wv, path = vectors_of([f"word{i}" for i in range(200)]), tmp_path / f"v.{format}"
    wv.save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=f"{path.name}.*(damaged|cut off|truncated|header|unknown|text nor binary)"):
        KeyedVectors.load(path)


def test_the_command_line_converts_by_ending_and_by_name(tmp_path):
    from typer.testing import CliRunner

    from fastw2v.cli.commands import app

    vectors_of([5, 3]).save(tmp_path / "v.safetensors")

    def convert(*words):
        return CliRunner().invoke(app, ["convert", *map(str, words)])

    assert convert(tmp_path / "v.safetensors", tmp_path / "v.npz", "--dtype", "float16").exit_code == 0
    assert KeyedVectors.load(tmp_path / "v.npz").vectors.dtype == np.float16
    assert convert(tmp_path / "v.npz", tmp_path / "folder", "--format", "projector").exit_code == 0
    assert (tmp_path / "folder" / "metadata.tsv").read_text() == "key\tcount\n5\t2\n3\t1\n"
    refused = convert(tmp_path / "v.npz", tmp_path / "w.bin", "--dtype", "int8")
    assert refused.exit_code == 1
    assert not (tmp_path / "w.bin").exists()


def test_an_index_is_not_read_as_vectors(tmp_path):
    (tmp_path / "v.usearch").write_bytes(b"usearch")
    with pytest.raises(ValueError, match=r"v\.usearch has the ending of an index.*KeyIndex\.load\(path\)"):
        KeyedVectors.load(tmp_path / "v.usearch")
