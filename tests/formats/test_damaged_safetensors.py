"""Safetensors files whose arrays, attributes or counters are not what fastw2v writes: clear errors or right values."""

import json

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.formats import safetensors
from tests.formats.hostile import error_of, write_raw_safetensors

BF16 = np.array([1.0, -2.5, 0.15625, 2.0**100], np.float32).view(np.uint16)[1::2].tobytes()


def whole(n_rows=3, dim=2):
    """The arrays of a file with the words a, b and c, by (type, shape, bytes)."""
    words = "abcdefgh"[:n_rows].encode()
    return {
        "vectors": ("F32", [n_rows, dim], np.arange(n_rows * dim, dtype=np.float32).tobytes()),
        "key_offsets": ("I64", [n_rows + 1], np.arange(n_rows + 1).tobytes()),
        "keys": ("U8", [n_rows], words),
    }


def array_of(values, kind):
    values = np.array(values)
    return kind, list(values.shape), values.tobytes()


def loaders():
    return [KeyedVectors.load, lambda path: KeyedVectors.load(path, mmap="r"), Word2Vec.load]


def test_the_whole_file_is_read(tmp_path):
    path = write_raw_safetensors(tmp_path / "v", whole())
    assert KeyedVectors.load(path).index_to_key == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("kind", "content", "dtype"),
    [("BF16", BF16, np.float32), ("F16", np.float16([1.0, -2.5, 0.15625, 3]).tobytes(), np.float16)],
)
def test_numbers_of_16_bits_are_read(tmp_path, kind, content, dtype):
    path = write_raw_safetensors(tmp_path / "v", whole(2) | {"vectors": (kind, [2, 2], content)})
    kv = KeyedVectors.load(path)
    assert kv.vectors.dtype == dtype
    last = 2.0**100 if kind == "BF16" else 3
    np.testing.assert_array_equal(kv.vectors, np.array([[1.0, -2.5], [0.15625, last]], dtype))
    assert kv.most_similar("a")[0][0] == "b"


FALLING = {"key_offsets": array_of(np.uint64([0, 2, 1, 3]), "U64")}
FLAWS = [
    ({"vectors": ("F8_E4M3", [3, 2], bytes(6))}, "vectors has type F8_E4M3"),
    ({"vectors": ("F8_E5M2", [3, 2], bytes(6))}, "vectors has type F8_E5M2"),
    ({"vectors": ("C64", [3, 2], bytes(48))}, "vectors has type C64"),
    ({"vectors": ("I64", [3, 2], bytes(48))}, "vectors has"),
    ({"vectors": ("F32", [3, 0], b"")}, "vectors has"),
    ({"vectors": ("F32", [6], bytes(24))}, "vectors has"),
    ({"vectors": ("F32", [], bytes(4))}, "vectors has"),
    ({"vectors": ("F32", [3, 2, 1], bytes(24))}, "vectors has"),
    ({"vectors": ("F32", [2, 3], bytes(24))}, "vectors has"),
    (FALLING, "key_offsets do not divide the 3 bytes of keys"),
    ({"key_offsets": array_of(np.uint64([0, 2**64 - 1, 2, 3]), "U64")}, "key_offsets do not divide"),
    ({"key_offsets": array_of([0.0, 1, 2, 3], "F64")}, "key_offsets do not divide"),
    ({"key_offsets": array_of([[0, 1], [2, 3]], "I64")}, "key_offsets do not divide"),
    ({"key_offsets": array_of(3, "I64")}, "key_offsets do not divide"),
    ({"key_offsets": array_of([0, 1, 2, 3], "I64"), "keys": ("U8", [3, 1], b"abc")}, "keys has shape"),
    ({"keys": array_of([0.0, 1, 2], "F64")}, "keys has shape (3,) and type float64, expected whole numbers"),
    ({"keys": array_of(np.uint64([0, 1, 2**63]), "U64")}, "keys has numbers from 0 to 9223372036854775808"),
    ({"keys": ("BOOL", [3], b"\0\1\0")}, "keys has"),
    ({"counts": array_of([3, -2, 1], "I64")}, "counts has numbers from -2 to 3; expected int64 >= 0"),
    ({"counts": array_of(np.uint64([3, 2, 2**63]), "U64")}, "counts has numbers"),
    ({"counts": array_of([2**62, 2**62, 2**62], "I64")}, "fewer than 2 ** 62 together"),
    ({"counts": array_of([3.0, 2, 1], "F64")}, "counts has"),
    ({"counts": array_of([3, 2], "I64")}, "counts has shape (2,)"),
    ({"counts": array_of([[3, 2, 1]], "I64")}, "counts has shape (1, 3)"),
    ({"counts": array_of(3, "I64")}, "counts has shape ()"),
    ({"vectors_lockf": array_of([1.0, -1, 1], "F64")}, "negative or infinite factors"),
    ({"vectors_lockf": array_of([1.0, np.nan, 1], "F64")}, "negative or infinite factors"),
    ({"vectors_lockf": array_of([1.0, 1e300, 1], "F64")}, "negative or infinite factors"),
    ({"vectors_lockf": array_of([1, 1, 1], "I64")}, "vectors_lockf has"),
    ({"vectors_lockf": array_of([1.0, 1], "F64")}, "vectors_lockf has shape (2,)"),
    ({"vectors_lockf": array_of(1.0, "F64")}, "vectors_lockf has shape ()"),
]


@pytest.mark.parametrize(("change", "flaw"), FLAWS)
def test_arrays_of_another_kind_are_a_clear_error(tmp_path, change, flaw):
    path = write_raw_safetensors(tmp_path / "v", whole() | change)
    assert flaw in error_of(KeyedVectors.load, path)
    assert all(error_of(load, path) for load in loaders())


def test_unsigned_offsets_are_read(tmp_path):
    offsets = {"key_offsets": array_of(np.uint32([0, 1, 1, 3]), "U32")}
    assert KeyedVectors.load(write_raw_safetensors(tmp_path / "v", whole() | offsets)).index_to_key == ["a", "", "bc"]


ATTRIBUTES = [
    "[",
    "[1]",
    "null",
    "[" * 100_000,
    '{"a": 1}',
    '{"a": {"dtype": "float64", "values": [1, 2]}}',
    '{"a": {"dtype": "float64", "values": [[1], [2], [3]]}}',
    '{"a": {"dtype": "float64", "values": [[1], 2, 3]}}',
    '{"a": {"dtype": "float64", "values": 3}}',
    '{"a": {"dtype": "int8", "values": [1, 2, 1000]}}',
    '{"a": {"dtype": "int64", "values": [1, 2, NaN]}}',
    '{"a": {"dtype": "float64", "values": ["x", "y", "z"]}}',
    '{"a": {"dtype": "U100000000", "values": ["x", "y", "z"]}}',
    '{"a": {"dtype": "V100000000", "values": [1, 2, 3]}}',
    '{"a": {"dtype": "(1", "values": [1, 2, 3]}}',
    '{"a": {"dtype": null, "values": [1, 2, 3]}}',
    '{"count": {"dtype": "object", "values": ["x", "y", "z"]}}',
]


@pytest.mark.parametrize("attributes", ATTRIBUTES, ids=[text[:60] for text in ATTRIBUTES])
def test_attributes_that_are_none_are_a_clear_error(tmp_path, attributes):
    path = write_raw_safetensors(tmp_path / "v", whole(), {"attributes": attributes})
    for load in loaders()[:2]:
        assert "attribute" in error_of(load, path)


def test_attributes_of_each_type_come_back(tmp_path):
    kv = KeyedVectors(["a", "b"], np.eye(2))
    kv.expandos |= {
        "name": np.array(["x", "longer"]),
        "list": np.fromiter([[1], [2]], object, 2),
        "is": np.array([True, False]),
        "rank": np.array([1, 2], np.int16),
        "score": np.array([0.1, np.nan]),
    }
    kv.save(tmp_path / "v")
    loaded = KeyedVectors.load(tmp_path / "v")
    assert loaded.expandos.keys() == kv.expandos.keys()
    for name, values in kv.expandos.items():
        assert repr(loaded.expandos[name].tolist()) == repr(values.tolist())


def test_a_header_too_long_to_be_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(safetensors, "_MOST_HEADER_BYTES", 1000)
    kv = KeyedVectors(["a", "b"], np.eye(2))
    kv.save(tmp_path / "v")
    kv.set_vecattr("a", "name", "x" * 1000)
    with pytest.raises(ValueError, match="delete large attributes"):
        kv.save(tmp_path / "v")
    assert len(KeyedVectors.load(tmp_path / "v")) == 2


def test_more_attributes_than_memory_allows_are_neither_read_nor_written(tmp_path, monkeypatch):
    kv = KeyedVectors(["a", "b"], np.eye(2))
    kv.expandos |= {f"x{i}": np.arange(2) for i in range(20)}
    kv.save(tmp_path / "v")
    monkeypatch.setattr(safetensors, "_ALLOWED_BYTES", 1000)
    assert "100 values as text take" in error_of(KeyedVectors.load, tmp_path / "v")
    with pytest.raises(ValueError, match=r"values as text take .* delete them from wv.expandos"):
        kv.save(tmp_path / "w")
    kv.expandos.clear()
    kv.save(tmp_path / "v")
    assert len(KeyedVectors.load(tmp_path / "v")) == 2


def test_a_header_of_very_many_arrays(tmp_path):
    names = {f"a{i}": ("U8", [0], b"") for i in range(30_000)}
    assert "names 30,003 arrays" in error_of(KeyedVectors.load, write_raw_safetensors(tmp_path / "v", whole() | names))


OPTIONS = {"vector_size": 2, "alpha": 0.025, "epochs": 1, "device": "cpu", "workers": None}
COUNTERS = {"corpus_count": 3, "epochs_trained": 1}
RAW = {
    "raw_keys": ("U8", [2], b"ab"),
    "raw_key_offsets": array_of([0, 1, 2], "I64"),
    "raw_counts": array_of([2, 1], "I64"),
    "raw_sizes": array_of([1, 3], "I64"),
}
MODEL_FLAWS = [
    ({"epochs": None}, {}, {}, "epochs is None"),
    ({"epochs": 0}, {}, {}, "epochs is 0"),
    ({"alpha": "x"}, {}, {}, "alpha is 'x'"),
    ({"window": 10**400}, {}, {}, "window is 1000"),
    ({"device": None}, {}, {}, "device is None"),
    ({}, {"epochs_trained": -1}, {}, "'epochs_trained': -1"),
    ({}, {"epochs_trained": 2**31}, {}, "'epochs_trained': 2147483648"),
    ({}, {"epochs_trained": 1.0}, {}, "its state is"),
    ({}, {"epochs_trained": True}, {}, "its state is"),
    ({}, {"corpus_count": -1}, {}, "its state is"),
    ({}, {"corpus_count": None}, {}, "its state is"),
    ({}, {}, {"n_raw_tokens": array_of([-1], "I64")}, "n_raw_tokens is -1"),
    ({}, {}, {"n_raw_tokens": array_of([1.0], "F64")}, "n_raw_tokens has"),
    ({}, {}, {"n_raw_tokens": array_of(np.uint64([2**64 - 1]), "U64")}, "n_raw_tokens has"),
    ({}, {}, {"w_out": array_of([[1, 2]] * 3, "I64")}, "output rows are of type int64"),
    ({}, {}, {"w_out": ("C64", [3, 2], bytes(48))}, "w_out has type C64"),
    ({}, {}, {"raw_counts": array_of([3], "I64")}, "raw_sizes"),
    ({}, {}, {"raw_counts": array_of([3], "I64"), "raw_sizes": array_of([1, 1], "I64")}, "raw_keys"),
    ({}, {}, RAW | {"raw_sizes": array_of([1, -1], "I64")}, "raw_sizes has numbers from -1"),
    ({}, {}, RAW | {"raw_keys": ("U8", [2], b"aa")}, "of the raw counts: key 'a' occurs twice"),
    ({}, {}, RAW | {"raw_counts": array_of([3, -3], "I64")}, "raw_counts has numbers from -3"),
]


def model_arrays():
    return whole() | {
        "counts": array_of([3, 2, 1], "I64"),
        "n_raw_tokens": array_of([6], "I64"),
        "w_out": ("F32", [3, 2], bytes(24)),
    }


def write_model(path, *, options, counters, arrays):
    metadata = {"config": json.dumps(OPTIONS | options), "state": json.dumps(COUNTERS | counters)}
    return write_raw_safetensors(path, model_arrays() | arrays, metadata)


def test_the_whole_model_is_read(tmp_path):
    model = Word2Vec.load(write_model(tmp_path / "m", options={}, counters={}, arrays=RAW))
    assert (len(model.wv), model.raw_vocab) == (3, {"a": 2, "b": 1})


@pytest.mark.parametrize(("options", "counters", "arrays", "flaw"), MODEL_FLAWS)
def test_options_and_counters_out_of_range_are_a_clear_error(tmp_path, options, counters, arrays, flaw):
    assert flaw in error_of(
        Word2Vec.load, write_model(tmp_path / "m", options=options, counters=counters, arrays=arrays)
    )


@pytest.mark.parametrize("kind", ["BF16", "F16"])
def test_models_of_16_bits_are_read(tmp_path, kind):
    half = {"vectors": (kind, [3, 2], bytes(12)), "w_out": (kind, [3, 2], bytes(12))}
    model = Word2Vec.load(write_model(tmp_path / "m", options={}, counters={}, arrays=half))
    assert model.wv.vectors.dtype == np.float32
    assert not model.wv.vectors.any()
