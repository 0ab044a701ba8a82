import platform
import sys
import tracemalloc

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.runtime import memory
from fastw2v.runtime.memory import return_freed_memory
from fastw2v.state import ModelState
from fastw2v.vectors.weights import initial_weights
from fastw2v.vocab import Vocab


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return 4096 * int(statm.read().split()[1])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no way to ask for it")
def test_freed_memory_goes_back_to_the_system():
    arrays = [np.ones(100_000, np.uint8) for _ in range(400)]  # each smaller than a page mapping of malloc
    pin = arrays.pop()  # the last block keeps glibc from returning the others by itself
    arrays.clear()
    before = resident_bytes()
    return_freed_memory()
    assert resident_bytes() < before - 20_000_000
    assert pin.all()


def test_no_c_library_that_can_is_no_error(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    return_freed_memory()


def test_memory_is_told_by_whatever_the_system_has(monkeypatch):
    by_kernel = memory.peak_rss_bytes()
    assert by_kernel > 10 << 20
    monkeypatch.setattr(memory.Path, "read_text", lambda self: "no such line")
    assert memory.peak_rss_bytes() > 10 << 20
    monkeypatch.setitem(sys.modules, "resource", None)
    assert memory.peak_rss_bytes() is None


N_VOCAB, DIM = 100_000, 90  # a row is padded to 96 floats
MATRIX = 4 * N_VOCAB * 96


def sizable_model(n_vocab=N_VOCAB):
    model = Word2Vec(vector_size=DIM, min_count=1)
    vocab = Vocab.from_words([b"word%d" % n for n in range(n_vocab)], np.ones(n_vocab))
    model._state = ModelState(vocab, initial_weights(vocab, DIM, seed=1), corpus_count=1)
    return model


def peak_of(action):
    """Bytes that `action` has allocated at most at a time, beyond what there was before."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_no_object_for_each_word_until_keys_are_asked_for(tmp_path):
    model = sizable_model(10_000)
    vocab, weights = model.vocab, model._state.weights
    assert peak_of(lambda: ModelState(vocab, weights, corpus_count=1)) < 10_000
    assert len(model.wv) == 10_000
    for ending in (".bin", ".safetensors", ".txt"):
        model.wv.save(tmp_path / f"v{ending}")
    model.save(tmp_path / "model")
    assert not {"index_to_key", "keys"} & (model.wv.__dict__ | model.vocab.__dict__).keys()
    assert model.wv.index_to_key[7] == "word7"
    assert model.wv.key_to_index["word7"] == 7


@pytest.mark.parametrize(
    ("ending", "n_vocab", "limit"),
    [(".bin", N_VOCAB, 5_000_000), (".txt", 10_000, 16_000_000), (".safetensors", N_VOCAB, 3_000_000)],
)
def test_saving_vectors_takes_memory_for_a_chunk(tmp_path, ending, n_vocab, limit):
    model = sizable_model(n_vocab)
    assert peak_of(lambda: model.wv.save(tmp_path / f"v{ending}")) < limit


def test_saving_a_model_takes_memory_for_a_chunk(tmp_path):
    model = sizable_model()
    assert peak_of(lambda: model.save(tmp_path / "model")) < 3_000_000


def test_loading_holds_one_matrix_twice_at_a_time(tmp_path):
    sizable_model().save(tmp_path / "model")
    assert peak_of(lambda: Word2Vec.load(tmp_path / "model")) < 3.5 * MATRIX


def test_loading_vectors_reads_no_output_rows(tmp_path):
    sizable_model().save(tmp_path / "model")
    assert peak_of(lambda: KeyedVectors.load(tmp_path / "model")) < 2.1 * MATRIX


def test_a_vocabulary_of_strings_has_objects_for_a_chunk_of_them_alone():
    words = [f"word{n}" for n in range(200_000)]
    counts = np.ones(len(words))
    assert peak_of(lambda: Vocab.from_keys(words, counts)) < 70 * len(words)


def test_measuring_memory_brings_no_command_line_in(run_python):
    shown = run_python(
        "-c", "import sys, fastw2v.runtime.memory; print({'typer', 'tqdm', 'numpy'} & sys.modules.keys())"
    )
    assert (shown.stdout, shown.stderr) == ("set()\n", "")
