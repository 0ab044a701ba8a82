import copy
import os
import signal
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest

from fastw2v import Word2Vec, formats
from fastw2v.formats import row_text
from fastw2v.formats.safetensors import is_safetensors
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vocab import Vocab
from tests.formats.cases import ENDINGS, FORMATS_OF_ANY_WORD, assert_same_table, random_vectors


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


@pytest.mark.parametrize("format", FORMATS_OF_ANY_WORD)
def test_loading_goes_by_content_not_by_name(kv, tmp_path, format):
    path = tmp_path / "vectors.dat"
    kv.save(str(path), format=format)
    assert_same_table(KeyedVectors.load(str(path)), kv)


@pytest.mark.parametrize("ending", ENDINGS)
def test_keys_of_a_vocab_are_saved_with_the_changes_made_to_them(tmp_path, ending):
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
    assert KeyedVectors.load(path).index_to_key == ["the", "other", "caf\U0010fee9", "x"]


@pytest.mark.parametrize("name", ["v", "v.model", "v.kv", "word2vec.wordvectors"])
def test_any_other_name_is_a_safetensors_file(small, tmp_path, name):
    small.save(tmp_path / name)
    assert is_safetensors(tmp_path / name)
    assert KeyedVectors.load(tmp_path / name).index_to_key == small.index_to_key


@pytest.mark.parametrize("name", ["v.h5", "v.pkl", "v.zip", "v.gz", "v.csv.xz"])
def test_the_ending_of_another_format_names_the_choices(small, tmp_path, name):
    with pytest.raises(ValueError, match=r"\.bin, \.txt, \.vec, \.safetensors"):
        small.save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_an_unknown_format_names_the_choices(small, tmp_path):
    with pytest.raises(ValueError, match="'glove', expected one of word2vec-binary, word2vec-text, safetensors"):
        small.save(tmp_path / "v.txt", format="glove")


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


def test_a_missing_file_and_a_folder_are_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere"):
        KeyedVectors.load(tmp_path / "nowhere")
    with pytest.raises(IsADirectoryError, match="give the name of a file"):
        KeyedVectors.load(tmp_path)


@pytest.mark.parametrize("format", FORMATS_OF_ANY_WORD)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.85])
def test_a_truncated_file_is_an_error(kv, tmp_path, format, share):
    path = tmp_path / "v"
    kv.save(path, format=format)
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises((ValueError, RuntimeWarning), match=r"truncated|damaged|does not start|first line says 11"):
        KeyedVectors.load(path)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["bin", "txt", "npy", "npz"])
def test_writing_takes_no_memory_in_proportion_to_the_vectors(tmp_path, ending, monkeypatch):
    for name in ("_MIN_COMPILED_NUMBERS", "_MIN_NUMBERS_AFTER_OTHERS"):
        monkeypatch.setattr(row_text, name, 1 << 60)  # loading the kernel takes memory once
    kv = KeyedVectors(np.arange(200_000), np.zeros((200_000, 16), np.float32))
    tracemalloc.start()
    try:
        kv.save(tmp_path / f"vectors.{ending}")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < kv.vectors.nbytes / 2


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


def test_keys_replaced_by_an_array(small, tmp_path):
    small.index_to_key = np.array(["x", "y", "z"])
    assert len(small) == 3
    small.save(tmp_path / "v.safetensors")
    assert KeyedVectors.load(tmp_path / "v.safetensors").index_to_key == ["x", "y", "z"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_where_a_file_is_meant_does_not_hang(small, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    small.save(tmp_path / "v.txt")
    for load in (
        KeyedVectors.load,
        Word2Vec.load,
        KeyedVectors.load_word2vec_format,
        copy.copy(small).intersect_word2vec_format,
        lambda path: KeyedVectors.load_word2vec_format(tmp_path / "v.txt", fvocab=path),
    ):
        with pytest.raises(OSError, match=r"pipe is a pipe or a device"):
            load(pipe)


@pytest.mark.parametrize("save", ["save", "save_word2vec_format"])
def test_integer_keys_that_become_words_are_logged_once(tmp_path, caplog, save):
    kv, message = KeyedVectors(np.arange(50_000), np.ones((50_000, 16))), "integer keys become words in this format"
    getattr(kv, save)(tmp_path / "v.txt")
    assert caplog.text.count(message) == 1
    kv.save(tmp_path / "v.safetensors")
    KeyedVectors(["a"], [[1.0]]).save(tmp_path / "w.txt")
    assert caplog.text.count(message) == 1
