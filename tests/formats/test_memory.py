"""Memory of readers: in proportion to what is kept, whatever a file claims or unpacks to."""

import gzip
import io
import json
import subprocess
import sys

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.vocab import Vocab

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of the memory in /proc")
MEGABYTE = 1 << 20
_PEAK = """
import sys, warnings
warnings.simplefilter("ignore")
from fastw2v import KeyedVectors
KeyedVectors(["a"], [[1.0]])
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
before = peak()
try:
    eval(sys.argv[1])(sys.argv[2])
except ValueError as error:
    print(error, file=sys.stderr)
print(peak() - before)
"""


def megabytes_of(load, path):
    """What loading adds to the peak of a new process's memory."""
    command = [sys.executable, "-c", _PEAK, load, str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


LOAD = "KeyedVectors.load"
FIRST = "lambda path: KeyedVectors.load_word2vec_format(path, binary={}, limit=1)"
BOMBS = {
    "a line without end": (b"3 2\na 1 2\n", b" " * MEGABYTE, LOAD),
    "a line without end, limit": (b"3 2\na 1 2\n", b" " * MEGABYTE, FIRST.format(False)),
    "no line": (b"", b"a 1 " * (MEGABYTE // 4), LOAD),
    "blank lines": (b"3 2\na 1 2\n", b"\n" * MEGABYTE, FIRST.format(False)),
    "a word without end": (b"3 2\na ", b"\0" * MEGABYTE, LOAD),
    "a huge dimension": (b"3 999999999\na ", b"\0" * MEGABYTE, LOAD),
    "the largest dimension": (b"3 1048576\na ", b"\0" * MEGABYTE, FIRST.format(True)),
    "many rows of one word": (b"99999999 100\n", (b"a " + bytes(400)) * 2000, LOAD),
    "many rows": (b"99999999 100\n", (b"a " + bytes(400)) * 2000, FIRST.format(True)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_gzip_bomb_is_read_in_little_memory(tmp_path, name):
    head, block, load = BOMBS[name]
    path = tmp_path / "v.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(head)
        for _ in range(200):
            file.write(block)
    assert megabytes_of(load, path) < 3 * path.stat().st_size / MEGABYTE + 50


@pytest.mark.slow
@pytest.mark.parametrize("rows", [b"a\n", b"a 1\n", b"\n"])
def test_lines_of_a_few_bytes_take_no_more_memory_than_the_file(tmp_path, rows):
    path = tmp_path / "v"
    path.write_bytes(b"3 1\n" + rows * (16 * MEGABYTE // len(rows)))
    assert megabytes_of(FIRST.format(False), path) < 50


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["arrays", "nested"])
def test_a_header_of_safetensors_takes_no_more_than_three_times_the_file(tmp_path, kind):
    entry = '"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    header = "{" + ",".join(entry % i for i in range(400_000)) + "}"
    if kind == "nested":
        header = json.dumps({"__metadata__": {"attributes": "[" * (20 * MEGABYTE)}})
    path = tmp_path / "v"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode())
    assert megabytes_of(LOAD, path) < 3 * path.stat().st_size / MEGABYTE + 50


@pytest.mark.slow
@pytest.mark.parametrize("value", ["{}", '"a"', "[]", "1"])
def test_attributes_take_no_more_than_three_times_the_file(tmp_path, value):
    header = json.dumps(
        {"__metadata__": {"attributes": f'{{"x":{{"dtype":"object","values":[{f"{value}," * 2_000_000}1]}}}}'}}
    )
    path = tmp_path / "v"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode())
    assert megabytes_of(LOAD, path) < 3 * path.stat().st_size / MEGABYTE + 50


SHORT_ROWS = {
    "text": (lambda i: b"%x 1\n" % i, "KeyedVectors.load_word2vec_format"),
    "text, 2 numbers": (lambda i: b"%x 1 2\n" % i, LOAD),
    "binary": (lambda i: b"%x \0\0\0\0\n" % i, "lambda path: KeyedVectors.load_word2vec_format(path, binary=True)"),
    "gzip": (lambda i: b"%x 1\n" % i, "KeyedVectors.load_word2vec_format"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHORT_ROWS)
def test_many_short_rows_take_no_more_than_three_times_their_bytes(tmp_path, kind):
    row, load = SHORT_ROWS[kind]
    content = b"1500000 %d\n" % (2 if "2" in kind else 1) + b"".join(map(row, range(1_500_000)))
    path = tmp_path / "v"
    path.write_bytes(gzip.compress(content, 1) if kind == "gzip" else content)
    assert megabytes_of(load, path) < 3 * len(content) / MEGABYTE + 50


@pytest.mark.slow
def test_many_short_words_of_safetensors_take_no_more_than_three_times_the_file(tmp_path):
    n = 1_500_000
    vocab = Vocab.from_words([b"%x" % i for i in range(n)], np.zeros(n))
    KeyedVectors(vocab, np.ones((n, 1), np.float32)).save(tmp_path / "v")
    assert megabytes_of(LOAD, tmp_path / "v") < 3 * (tmp_path / "v").stat().st_size / MEGABYTE + 20


@pytest.fixture(scope="module")
def three_hundred_megabytes(tmp_path_factory):
    """word2vec binary of 300,000 rows of 250 numbers, in a sparse file: 1000 rows are written, then nothing."""
    path = tmp_path_factory.mktemp("large") / "v.bin"
    with open(path, "wb") as file:
        file.write(b"300000 250\n")
        for i in range(1000):
            file.write(b"word%d " % i + np.full(250, i, "<f4").tobytes() + b"\n")
        file.truncate(300 * MEGABYTE)
    return path


@pytest.mark.slow
def test_a_limit_takes_little_memory_of_a_large_file(three_hundred_megabytes):
    load = "lambda path: KeyedVectors.load_word2vec_format(path, binary=True, limit=1000)"
    assert megabytes_of(load, three_hundred_megabytes) < 20


def test_a_limit_reads_little_of_a_large_file(three_hundred_megabytes):
    with open(three_hundred_megabytes, "rb", buffering=0) as file:
        kv = KeyedVectors.load_word2vec_format(file, binary=True, limit=1000)
        n_read = file.tell()
    assert kv.index_to_key[-1] == "word999"
    assert set(kv["word999"].tolist()) == {999}
    assert n_read < 1000 * 1010 + 3 * MEGABYTE


@pytest.mark.parametrize("binary", [True, False])
def test_a_limit_reads_little_of_any_file(tmp_path, binary):
    kv = KeyedVectors([f"w{i}" for i in range(20_000)], np.ones((20_000, 50)))
    kv.save_word2vec_format(tmp_path / "v", binary=binary)
    file = io.BytesIO((tmp_path / "v").read_bytes())
    first = KeyedVectors.load_word2vec_format(file, binary=binary, limit=10)
    assert first.index_to_key == kv.index_to_key[:10]
    assert file.tell() <= MEGABYTE // 2
