import copy
import gzip
import os
import signal
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import save_file

from fastw2v import formats
from fastw2v.formats import safetensors, word2vec
from fastw2v.formats.word2vec import decode_word
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vocab import Vocab

# Words that word2vec formats must carry: Unicode, bytes that are no UTF-8, numbers, marks, NUL, no-break space.
WORDS = ["the", "naïve", "日本", decode_word(b"\xff\xfe"), "1.5", "nan", "#x", "a\0b", "x\u00a0y", '"q', "🙂"]
ENDINGS = [".bin", ".txt", ".vec", ".safetensors"]
WORD2VEC_FORMATS = ["word2vec-binary", "word2vec-text"]


def random_vectors(n_words, dim):
    """float32 over the whole range of exponents, a view of padded rows."""
    rng = np.random.default_rng(n_words + dim)
    padded = rng.normal(size=(n_words, dim + 3)) * 10.0 ** rng.integers(-44, 38, size=(n_words, dim + 3))
    return np.float32(padded)[:, :dim]


@pytest.fixture(params=[1, 2, 3, 100])
def kv(request):
    return KeyedVectors(WORDS, random_vectors(len(WORDS), request.param), counts=np.arange(len(WORDS), 0, -1))


@pytest.fixture
def small():
    return KeyedVectors(["a", "b", "c"], np.arange(1, 7, dtype=np.float32).reshape(3, 2))


def assert_same_table(mine, other):
    assert mine.index_to_key == other.index_to_key
    assert mine.vectors.dtype == np.float32
    np.testing.assert_array_equal(mine.vectors, other.vectors)


# Round trips


@pytest.mark.parametrize("ending", ENDINGS)
def test_round_trip_is_exact(kv, tmp_path, ending):
    path = tmp_path / f"v{ending}"
    kv.save(path)
    loaded = KeyedVectors.load(path)
    assert_same_table(loaded, kv)
    assert os.listdir(tmp_path) == [path.name]
    if ending == ".safetensors":
        np.testing.assert_array_equal(loaded.counts, kv.counts)
    else:
        assert loaded.counts is None


@pytest.mark.parametrize("format", formats.FORMATS)
def test_loading_goes_by_content_not_by_name(kv, tmp_path, format):
    path = tmp_path / "vectors.dat"
    kv.save(str(path), format=format)
    assert_same_table(KeyedVectors.load(str(path)), kv)


@pytest.mark.parametrize("format", WORD2VEC_FORMATS)
def test_gzipped_files_are_read(kv, tmp_path, format):
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    kv.save(plain, format=format)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert_same_table(KeyedVectors.load(packed), kv)


def test_safetensors_keep_integer_keys_and_word2vec_makes_words_of_them(tmp_path):
    kv = KeyedVectors([-5, 3, 2**40], random_vectors(3, 4))
    kv.save(tmp_path / "v.safetensors")
    assert_same_table(KeyedVectors.load(tmp_path / "v.safetensors"), kv)
    for ending in (".bin", ".txt"):
        kv.save(tmp_path / f"v{ending}")
        assert KeyedVectors.load(tmp_path / f"v{ending}").index_to_key == ["-5", "3", "1099511627776"]


def test_safetensors_keep_words_that_word2vec_cannot(tmp_path):
    kv = KeyedVectors(["", "two words", "line\n", "\t"], np.array([[np.nan], [np.inf], [0], [1]]))
    kv.save(tmp_path / "v.safetensors")
    assert_same_table(KeyedVectors.load(tmp_path / "v.safetensors"), kv)


def test_safetensors_hold_a_whole_model_beside_the_vectors(small, tmp_path):
    path = tmp_path / "model.safetensors"
    w_out = random_vectors(3, 2)
    safetensors.write_safetensors(
        path, safetensors.table_tensors(small) | {"w_out": w_out}, {"config": '{"alpha": 0.025}'}
    )
    tensors, metadata = safetensors.read_safetensors(path)
    np.testing.assert_array_equal(tensors["w_out"], w_out)
    assert metadata == {"config": '{"alpha": 0.025}'}
    assert_same_table(KeyedVectors.load(path), small)
    assert_same_table(KeyedVectors(*safetensors.table_of(tensors, path)), small)


@pytest.mark.parametrize("binary", [True, False])
def test_word2vec_format_methods_read_a_part(kv, tmp_path, binary):
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


@pytest.mark.parametrize("ending", ENDINGS)
def test_keys_of_a_vocab_are_saved_as_they_are_then(tmp_path, ending):
    words = [b"the", "日本".encode(), b"caf\xe9", b"x"]
    letters = np.frombuffer(b"..." + b"".join(words) + b".", np.uint8)  # with something around them
    vocab = Vocab(np.ones(4), letters, np.array([3, 6, 12, 16, 17]))
    kv, path = KeyedVectors(vocab, random_vectors(4, 5), vocab.counts), tmp_path / f"v{ending}"
    kv.save(path)
    listed = KeyedVectors(vocab.keys, kv.vectors, kv.counts)
    assert_same_table(KeyedVectors.load(path), listed)
    before = path.read_bytes()
    listed.save(path)
    assert path.read_bytes() == before
    kv.index_to_key[1] = "other"
    kv.save(path)
    assert KeyedVectors.load(path).index_to_key == ["the", "other", "caf\udce9", "x"]


# gensim


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


# What cannot be written


@pytest.mark.parametrize("name", ["v", "v.model", "v.npy", "v.txt.gz"])
def test_an_unknown_ending_names_the_choices(small, tmp_path, name):
    with pytest.raises(ValueError, match=r"\.bin, \.txt, \.vec, \.safetensors"):
        small.save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_an_unknown_format_names_the_choices(small, tmp_path):
    with pytest.raises(ValueError, match="'glove', expected one of word2vec-binary, word2vec-text, safetensors"):
        small.save(tmp_path / "v.txt", format="glove")


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


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_missing_folder_is_an_error(small, tmp_path, ending):
    with pytest.raises(FileNotFoundError, match=r"nowhere does not exist; make it first"):
        small.save(tmp_path / "nowhere" / f"v{ending}")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_only_regular_files_are_replaced(small, tmp_path, ending):
    (tmp_path / f"v{ending}").mkdir()
    with pytest.raises(OSError, match="not a regular file"):
        small.save(tmp_path / f"v{ending}")
    with pytest.raises(OSError, match="not a regular file"):
        small.save(os.devnull, format="word2vec-text")
    assert not os.path.isfile(os.devnull)


# Atomic saving


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_in_the_middle_leaves_the_old_file_alone(small, tmp_path, monkeypatch, ending):
    path = tmp_path / f"v{ending}"
    path.write_text("old")

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        small.save(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [path.name]


def test_a_kill_in_the_middle_leaves_the_old_file(small, tmp_path):
    path = tmp_path / "v.txt"
    small.save(path)
    code = (
        "import sys, numpy as np; from fastw2v.keyedvectors import KeyedVectors;"
        "KeyedVectors([str(i) for i in range(100_000)], np.full((100_000, 50), 1 / 3, np.float32)).save(sys.argv[1])"
    )
    root = os.path.dirname(os.path.dirname(formats.__file__))
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=root)
    while process.poll() is None and not any(name.endswith(".tmp") for name in os.listdir(tmp_path)):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert_same_table(KeyedVectors.load(path), small)


def test_the_mode_of_the_old_file_and_the_target_of_a_link_are_kept(small, tmp_path):
    path, link = tmp_path / "v.bin", tmp_path / "link.bin"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    small.save(link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert_same_table(KeyedVectors.load(path), small)


# What cannot be read


def test_a_missing_file_and_a_folder_are_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere"):
        KeyedVectors.load(tmp_path / "nowhere")
    with pytest.raises(IsADirectoryError, match="give the name of a file"):
        KeyedVectors.load(tmp_path)


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


@pytest.mark.parametrize("format", formats.FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.85])
def test_a_truncated_file_is_an_error(kv, tmp_path, format, share):
    path = tmp_path / "v"
    kv.save(path, format=format)
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises(ValueError, match=r"truncated|damaged|does not start"):
        KeyedVectors.load(path)


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
    tensors = {
        name: tensor for name, tensor in (safetensors.table_tensors(small) | change).items() if tensor is not None
    }
    safetensors.write_safetensors(tmp_path / "v", tensors, {})
    with pytest.raises(ValueError, match=message) as error:
        KeyedVectors.load(tmp_path / "v")
    assert str(tmp_path) in str(error.value)


def test_safetensors_with_a_lying_header_are_an_error(small, tmp_path):
    path = tmp_path / "v.safetensors"
    small.save(path)
    data = path.read_bytes()
    for flawed in (data.replace(b"[3,2]", b"[9,2]"), data + b"more", data[:8] + b"{" * 20 + data[28:]):
        path.write_bytes(flawed)
        with pytest.raises(ValueError, match="damaged safetensors"):
            KeyedVectors.load(path)


@pytest.mark.parametrize("ending", ["bin", "txt"])
def test_writing_takes_no_memory_in_proportion_to_the_vectors(tmp_path, ending):
    kv = KeyedVectors(np.arange(200_000), np.zeros((200_000, 16), np.float32))
    tracemalloc.start()
    try:
        kv.save(tmp_path / f"vectors.{ending}")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < kv.vectors.nbytes / 2


# Keys and counts that were changed


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_key_that_was_changed_to_another_is_not_saved(small, tmp_path, ending):
    small.save(tmp_path / f"v{ending}")
    small.index_to_key[0] = "c"
    with pytest.raises(ValueError, match="key 'c' occurs twice; every row needs a different key"):
        small.save(tmp_path / f"v{ending}")
    assert KeyedVectors.load(tmp_path / f"v{ending}").index_to_key == ["a", "b", "c"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("keys", [["a", "b", "c"], [5, 0, 2**40]])
def test_a_key_of_a_vocab_is_saved_as_it_was_renamed(tmp_path, keys, ending):
    vocab, new = Vocab.from_keys(keys, np.ones(3)), "z" if keys[0] == "a" else 9
    KeyedVectors(vocab, np.eye(3)).index_to_key[0] = new
    twin = copy.deepcopy(KeyedVectors(vocab, np.eye(3)))
    twin.save(tmp_path / f"v{ending}")
    loaded = KeyedVectors.load(tmp_path / f"v{ending}")
    assert list(map(str, loaded.index_to_key)) == list(map(str, [new, *keys[1:]])) == list(map(str, twin.index_to_key))


def test_integer_keys_are_saved_without_a_list_of_them(tmp_path):
    kv = KeyedVectors(Vocab.from_ids(np.arange(5, 0, -1), np.ones(5)), np.eye(5))
    kv.save(tmp_path / "v.safetensors")
    assert "index_to_key" not in vars(kv)
    assert KeyedVectors.load(tmp_path / "v.safetensors").index_to_key == [5, 4, 3, 2, 1]


def test_counts_of_another_type_are_saved(small, tmp_path):
    small.counts = np.array([3, 2, 1], np.int32)
    small.save(tmp_path / "v.safetensors")
    np.testing.assert_array_equal(KeyedVectors.load(tmp_path / "v.safetensors").counts, [3, 2, 1])


def test_keys_replaced_by_an_array(small, tmp_path):
    small.index_to_key = np.array(["x", "y", "z"])
    assert len(small) == 3
    small.save(tmp_path / "v.safetensors")
    assert KeyedVectors.load(tmp_path / "v.safetensors").index_to_key == ["x", "y", "z"]
