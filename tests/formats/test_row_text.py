"""Text written by the compiled kernel is, byte for byte, the one that Python's formatting writes."""

import io
import json
import tracemalloc

import numpy as np
import pytest

from fastw2v.formats import row_text, word2vec_write
from fastw2v.formats.word2vec_write import write_text
from fastw2v.keyedvectors import KeyedVectors
from tests.formats.cases import WORDS, assert_same_table, random_vectors
from tests.kernels.harness import run_python


def written(monkeypatch, vectors, *, is_compiled):
    for name in ("_MIN_COMPILED_NUMBERS", "_MIN_NUMBERS_AFTER_OTHERS"):
        monkeypatch.setattr(row_text, name, 0 if is_compiled else 1 << 60)
    file = io.BytesIO()
    write_text(file, [f"word{row}" for row in range(len(vectors))], vectors)
    return file.getvalue()


def usual_vectors(n_words, dim):
    """Numbers as training makes them, in a view of padded rows."""
    return np.random.default_rng(dim).normal(0, 0.1, (n_words, dim + 3)).astype(np.float32)[:, :dim]


@pytest.mark.parametrize("dim", [1, 3, 100])
@pytest.mark.parametrize("make", [usual_vectors, random_vectors])
def test_both_ways_write_the_same_bytes(monkeypatch, make, dim):
    monkeypatch.setattr(word2vec_write, "_WRITE_BYTES", 3000)  # several calls, the last one of fewer rows
    vectors = make(200, dim)
    by_python = written(monkeypatch, vectors, is_compiled=False)
    assert written(monkeypatch, vectors, is_compiled=True) == by_python
    assert by_python.count(b"\n") == 201


def test_rows_that_the_kernel_leaves_out_stand_in_their_place(monkeypatch):
    vectors = usual_vectors(50, 8)
    vectors[[0, 20, 49], [7, 0, 3]] = 1e-30, -3e38, 1e9
    lines = written(monkeypatch, vectors, is_compiled=True).splitlines()
    assert lines == written(monkeypatch, vectors, is_compiled=False).splitlines()
    assert lines[1].split()[8] == b"%.9g" % float(vectors[0, 7]) == b"1e-30"
    assert lines[21].split()[1] == b"%.9g" % float(vectors[20, 0])
    assert lines[50].split()[4] == b"1e+09"


def test_compiled_text_is_read_back_exactly(monkeypatch, tmp_path):
    monkeypatch.setattr(row_text, "_MIN_NUMBERS_AFTER_OTHERS", 0)
    monkeypatch.setattr(row_text, "_MIN_COMPILED_NUMBERS", 0)
    kv = KeyedVectors(WORDS, usual_vectors(len(WORDS), 20))
    kv.save(tmp_path / "v.txt")
    assert_same_table(KeyedVectors.load(tmp_path / "v.txt"), kv)


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_numbers_of_other_types_are_formatted_by_python(monkeypatch, dtype):
    vectors = usual_vectors(5, 4).astype(dtype)
    monkeypatch.setattr(row_text, "_CompiledTexts", None)
    digits = 17 if dtype == np.float64 else 9
    expected = "".join(f" {number:.{digits}g}" for number in vectors[4].tolist())
    assert written(monkeypatch, vectors, is_compiled=True).decode().splitlines()[5] == f"word4{expected}"


PROGRAM = """
import io, json, sys
import numpy as np
from fastw2v.formats.word2vec_write import write_text
def loads(n_rows, module):
    write_text(io.BytesIO(), range(n_rows), np.ones((n_rows, 100), np.float32))
    return module in sys.modules
kernel = "fastw2v_kernels.format_floats.cpu"
found = [loads(24_999, "numba"), loads(25_000, kernel)]
del sys.modules[kernel]
print(json.dumps([*found, loads(2_999, kernel), loads(3_000, kernel)]))
"""


def test_only_large_files_load_the_kernel():
    assert json.loads(run_python(PROGRAM)) == [False, True, False, True]


class Nowhere(io.RawIOBase):
    """A file that keeps nothing."""

    def write(self, data):
        return len(data)


@pytest.mark.slow
def test_compiled_writing_takes_no_memory_in_proportion_to_the_vectors(monkeypatch):
    written(monkeypatch, np.zeros((1, 16), np.float32), is_compiled=True)  # load the kernel, which takes memory once
    monkeypatch.setattr(word2vec_write, "_WRITE_BYTES", 1 << 17)
    vectors = np.full((100_000, 16), 1 / 3, np.float32)
    tracemalloc.start()
    try:
        write_text(Nowhere(), range(len(vectors)), vectors)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 100_000 < peak < vectors.nbytes / 4
