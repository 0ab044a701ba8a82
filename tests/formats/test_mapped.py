"""Mapped safetensors files: no object for a word before one is asked for; doubled words are found then."""

import pickle
import tracemalloc

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.vocab import Vocab
from tests.formats.hostile import write_raw_safetensors

N_WORDS = 200_000


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "v"
    vocab = Vocab.from_words([b"word%d" % i for i in range(N_WORDS)], np.arange(N_WORDS, 0, -1))
    KeyedVectors(vocab, np.ones((N_WORDS, 4), np.float32) * np.arange(4), vocab.counts).save(path)
    return path


@pytest.mark.parametrize("mode", ["r", "c"])
def test_no_object_for_a_word_is_made_by_loading(large, mode):
    tracemalloc.start()
    try:
        kv = KeyedVectors.load(large, mmap=mode)
        blocks = sum(statistic.count for statistic in tracemalloc.take_snapshot().statistics("filename"))
    finally:
        tracemalloc.stop()
    assert blocks < 10_000
    assert len(kv) == N_WORDS
    assert not {"index_to_key", "key_to_index"} & vars(kv).keys()
    assert kv.get_vector("word7").tolist() == [0, 1, 2, 3]
    assert (kv.get_index("word199999"), kv.get_vecattr("word199999", "count")) == (N_WORDS - 1, 1)
    assert kv.index_to_key[3] == "word3"


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_vectors_of_other_types_are_not_converted(tmp_path, dtype):
    kv = KeyedVectors(3, dtype=dtype)
    kv.add_vectors(["a", "b"], [[1, 2, 3], [4, 5, 6]])
    kv.save(tmp_path / "v")
    loaded = KeyedVectors.load(tmp_path / "v", mmap="r")
    assert isinstance(loaded._vectors, np.memmap)
    assert loaded.vectors.dtype == dtype
    assert loaded["b"].tolist() == [4, 5, 6]


def doubled(tmp_path):
    arrays = {"vectors": ("F32", [3, 1], bytes(12)), "key_offsets": ("I64", [4], np.int64([0, 1, 2, 3]).tobytes())}
    return write_raw_safetensors(tmp_path / "v", arrays | {"keys": ("U8", [3], b"aba")})


DOUBLED = "v: key 'a' occurs twice; every row needs a different key"
USES = [
    lambda kv, _: kv["b"],
    lambda kv, _: "a" in kv,
    lambda kv, _: kv.most_similar("b"),
    lambda kv, _: kv.add_vector("c", [1]),
    lambda kv, folder: kv.save(folder / "again"),
    lambda kv, folder: kv.save(folder / "again.txt"),
]


@pytest.mark.parametrize("use", USES)
def test_doubled_words_of_a_mapped_file_are_found_when_it_is_used(tmp_path, use):
    kv = KeyedVectors.load(doubled(tmp_path), mmap="c")
    for _ in range(2):
        with pytest.raises(ValueError, match=DOUBLED):
            use(kv, tmp_path)
    with pytest.raises(ValueError, match=DOUBLED):
        use(pickle.loads(pickle.dumps(kv)), tmp_path)
    with pytest.raises(ValueError, match=DOUBLED):
        KeyedVectors.load(tmp_path / "v")


def test_integer_keys_are_mapped_and_saved_again(tmp_path):
    KeyedVectors([5, -3, 2**40], np.eye(3)).save(tmp_path / "v")
    kv = KeyedVectors.load(tmp_path / "v", mmap="r")
    assert kv.is_integer
    kv.save(tmp_path / "w")
    assert KeyedVectors.load(tmp_path / "w", mmap="r").index_to_key == [5, -3, 2**40]


@pytest.mark.parametrize(
    ("kind", "shape", "content"), [("BF16", [3, 1], bytes(6)), ("F32", [3, 1], bytes(12)), ("I64", [3, 1], bytes(24))]
)
def test_what_cannot_be_mapped_says_so(tmp_path, kind, shape, content):
    arrays = {"keys": ("U8", [3], b"abc"), "key_offsets": ("I64", [4], np.arange(4).tobytes())}
    path = write_raw_safetensors(tmp_path / "v", arrays | {"vectors": (kind, shape, content)})  # at an odd byte
    with pytest.raises(ValueError, match="cannot be mapped; load it without mmap"):
        KeyedVectors.load(path, mmap="r")
    if kind != "I64":
        assert len(KeyedVectors.load(path)) == 3


def test_without_mmap_a_file_may_be_cut_short_under_its_vectors(large, tmp_path):
    path = tmp_path / "v"
    path.write_bytes(large.read_bytes())
    kv = KeyedVectors.load(path)
    assert not isinstance(kv.vectors.base, np.memmap)
    with open(path, "r+b") as file:
        file.truncate(1000)
    assert kv["word199999"].tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="damaged safetensors file"):
        KeyedVectors.load(path, mmap="r")


def test_a_mapped_file_may_be_replaced(large, tmp_path):
    path = tmp_path / "v"
    path.write_bytes(large.read_bytes())
    kv = KeyedVectors.load(path, mmap="r")
    KeyedVectors(["other"], np.zeros((1, 4), np.float32)).save(path)
    assert kv["word199999"].tolist() == [0, 1, 2, 3]
    assert KeyedVectors.load(path).index_to_key == ["other"]
