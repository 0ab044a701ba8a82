import numpy as np
import pytest
from safetensors.numpy import save_file

from fastw2v.formats import safetensors
from fastw2v.formats.safetensors_table import table_of, table_tensors
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vocab import Vocab
from tests.formats.cases import assert_same_table, random_vectors


def test_safetensors_keep_integer_keys_and_word2vec_makes_words_of_them(tmp_path):
    kv = KeyedVectors([-5, 3, 2**40], random_vectors(3, 4))
    kv.save(tmp_path / "v.safetensors")
    assert_same_table(KeyedVectors.load(tmp_path / "v.safetensors"), kv)
    for ending in (".bin", ".txt"):
        kv.save(tmp_path / f"v{ending}")
        assert KeyedVectors.load(tmp_path / f"v{ending}").index_to_key == ["-5", "3", "1099511627776"]


def test_all_chunks_are_written(tmp_path, monkeypatch):
    kv = KeyedVectors([f"w{i}" for i in range(100)], random_vectors(100, 5))
    kv.save(tmp_path / "at_once")
    monkeypatch.setattr(safetensors, "_CHUNK_BYTES", 200)
    kv.save(tmp_path / "in_chunks")
    assert (tmp_path / "in_chunks").read_bytes() == (tmp_path / "at_once").read_bytes()


def test_safetensors_keep_words_that_word2vec_cannot(tmp_path):
    kv = KeyedVectors(["", "two words", "line\n", "\t"], np.array([[np.nan], [np.inf], [0], [1]]))
    kv.save(tmp_path / "v.safetensors")
    assert_same_table(KeyedVectors.load(tmp_path / "v.safetensors"), kv)


def test_safetensors_hold_a_whole_model_with_the_vectors(small, tmp_path):
    path = tmp_path / "model.safetensors"
    w_out = random_vectors(3, 2)
    safetensors.write_safetensors(path, table_tensors(small) | {"w_out": w_out}, {"config": '{"alpha": 0.025}'})
    tensors, metadata = safetensors.read_safetensors(path)
    np.testing.assert_array_equal(tensors["w_out"], w_out)
    assert metadata == {"config": '{"alpha": 0.025}'}
    assert_same_table(KeyedVectors.load(path), small)
    assert_same_table(KeyedVectors.from_file(table_of(tensors, path), path), small)


def test_safetensors_are_written_to_the_librarys_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(safetensors, "_CHUNK_BYTES", 100)
    padded = random_vectors(50, 16)
    tensors = {
        "vectors": padded[:, :11],
        'a "name" of\n日本': padded[::2, ::-1],
        "key_offsets": np.arange(101)[::2],
        "counts": np.arange(3),
        "none": np.empty((0, 3), np.int64),
        "keys": np.arange(250, dtype=np.uint8)[1::2],
    }
    for metadata in ({"config": '{"alpha": 0.025, "é": "\x1f"}'}, {}):
        safetensors.write_safetensors(tmp_path / "ours", tensors, metadata)
        contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
        save_file(contiguous, tmp_path / "theirs", metadata or None)
        assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    read = safetensors.read_safetensors(tmp_path / "ours", lambda name: name != "none")[0]
    assert read.keys() == tensors.keys() - {"none"}
    for name, tensor in read.items():
        np.testing.assert_array_equal(tensor, tensors[name], strict=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vectors": None}, "expected keys and vectors"),
        ({"keys": None}, "expected keys and vectors"),
        ({"key_offsets": None}, "key_offsets do not divide"),
        ({"key_offsets": np.array([0, 2, 1, 3])}, "key_offsets do not divide the 3 bytes"),
        ({"key_offsets": np.array([0, 1, 2, 9])}, "key_offsets do not divide"),
        ({"key_offsets": np.array([0, 1, 3])}, r"expected \(2, dim\)"),
        ({"keys": np.frombuffer(b"aab", np.uint8)}, "key 'a' occurs twice"),
        ({"vectors": np.ones(3, np.float32)}, r"vectors has shape \(3,\)"),
        ({"counts": np.ones(2, np.int64)}, r"counts has shape \(2,\)"),
    ],
)
def test_safetensors_of_another_shape_are_an_error(small, tmp_path, change, message):
    tensors = {name: tensor for name, tensor in (table_tensors(small) | change).items() if tensor is not None}
    safetensors.write_safetensors(tmp_path / "v", tensors, {})
    with pytest.raises(ValueError, match=message) as error:
        KeyedVectors.load(tmp_path / "v")
    assert str(tmp_path) in str(error.value)


def test_safetensors_with_a_wrong_header_are_an_error(small, tmp_path):
    path = tmp_path / "v.safetensors"
    small.save(path)
    data = path.read_bytes()
    for flawed in (data.replace(b"[3,2]", b"[9,2]"), data + b"more", data[:8] + b"{" * 20 + data[28:]):
        path.write_bytes(flawed)
        with pytest.raises(ValueError, match="damaged safetensors"):
            KeyedVectors.load(path)


def test_integer_keys_are_saved_without_a_list_of_them(tmp_path):
    kv = KeyedVectors(Vocab.from_ids(np.arange(5, 0, -1), np.ones(5)), np.eye(5))
    kv.save(tmp_path / "v.safetensors")
    assert "index_to_key" not in vars(kv)
    assert KeyedVectors.load(tmp_path / "v.safetensors").index_to_key == [5, 4, 3, 2, 1]


def test_counts_of_another_type_are_saved(small, tmp_path):
    small.counts = np.array([3, 2, 1], np.int32)
    small.save(tmp_path / "v.safetensors")
    np.testing.assert_array_equal(KeyedVectors.load(tmp_path / "v.safetensors").counts, [3, 2, 1])
