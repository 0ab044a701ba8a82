import bz2
import gzip
import io
import lzma
import sys
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v.corpus import text_corpus
from fastw2v.runtime import compressed
from fastw2v.runtime.compressed import unpacked

MAGIC = b"\x28\xb5\x2f\xfd"


class FakeFrame:
    """A zstd frame in small: the magic bytes, runs of a length and a letter, and a NUL at the end."""

    def __init__(self):
        self.eof, self.unused_data, self._data = False, b"", b""

    def decompress(self, data):
        self._data += data
        done, at = b"", 0 if self._data[:4] != MAGIC else 4
        while at < len(self._data) and not self.eof:
            if self._data[at] == 0:
                self.eof, self.unused_data = True, self._data[at + 1 :]
            elif at + 1 < len(self._data):
                done += self._data[at + 1 : at + 2] * self._data[at]
                at += 1
            else:
                break
            at += 1
        self._data = self._data[at:]
        return done


@pytest.fixture
def zstandard(monkeypatch):
    """A stand-in for the package, which may not be installed."""
    module = SimpleNamespace(
        ZstdDecompressor=lambda: SimpleNamespace(decompressobj=FakeFrame), ZstdError=type("ZstdError", (Exception,), {})
    )
    monkeypatch.setitem(sys.modules, "zstandard", module)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)


def frame(text):
    return MAGIC + b"".join(b"\x01" + text[at : at + 1] for at in range(len(text))) + b"\0"


PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": frame}


@pytest.mark.parametrize("kind", PACKERS)
def test_the_content_tells_the_compression(kind, zstandard, tmp_path):
    pack = PACKERS[kind]
    (tmp_path / "corpus.txt").write_bytes(pack(b"one two\nthr") + pack(b"ee four") + pack(b""))
    blocks = text_corpus(tmp_path / "corpus.txt").blocks(8)
    assert b"".join(text[:n_bytes].tobytes() for text, n_bytes in blocks) == b"one two\nthree four\n"


@pytest.mark.parametrize("kind", PACKERS)
def test_a_file_that_is_cut_off_is_an_error_with_the_cure(kind, zstandard):
    text = np.random.default_rng(0).integers(97, 120, 5000).astype(np.uint8).tobytes()
    packed = PACKERS[kind](text)[:-11]
    with pytest.raises(OSError, match=f"'a' is a damaged or truncated {kind} file.*fetch it again"):
        with unpacked(io.BytesIO(packed), "'a'") as stream:
            stream.read()


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz"])
def test_a_damaged_file_is_an_error_with_the_cure(kind):
    packed = bytearray(PACKERS[kind](b"some text " * 100))
    packed[len(packed) // 2 :] = b"\x55" * 20
    with pytest.raises(OSError, match=f"damaged or truncated {kind}"):
        with unpacked(io.BytesIO(bytes(packed)), "'a'") as stream:
            stream.read()


def test_an_error_of_the_disk_stays_what_it_is():
    with pytest.raises(OSError, match="No space"), unpacked(io.BytesIO(bz2.compress(b"text")), "'a'"):
        raise OSError(28, "No space left on device")


def test_zstd_without_a_package_is_refused_with_the_cure(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    (tmp_path / "a.txt").write_bytes(MAGIC + b"and more")
    with pytest.raises(ImportError, match=r"a\.txt' is compressed by zstd.*pip install zstandard, or unpack it"):
        list(text_corpus(tmp_path / "a.txt").blocks())


def test_python_314_unpacks_zstd_itself(monkeypatch):
    module = SimpleNamespace(open=lambda stream: io.BytesIO(b"from " + stream.read(4)), ZstdError=EOFError)
    monkeypatch.setattr(compressed, "import_module", {"compression.zstd": module}.__getitem__)
    with unpacked(io.BytesIO(MAGIC), "'a'") as stream:
        assert stream.read() == b"from " + MAGIC


def test_real_zstd_frames():
    zstandard = pytest.importorskip("zstandard")
    text = b"some words\n" * 10_000
    packed = zstandard.compress(text)
    with unpacked(io.BytesIO(packed * 2), "'a'") as stream:
        assert stream.read() == text * 2
    with pytest.raises(OSError, match="truncated zstd"), unpacked(io.BytesIO(packed[:-3]), "'a'") as stream:
        stream.read()
    with pytest.raises(OSError, match="damaged"), unpacked(io.BytesIO(packed[:4] + b"\xff" * 30), "'a'") as stream:
        stream.read()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "n_words", "most"), [("gzip", 4, 3e6), ("bzip2", 2, 5e6), ("xz", 4, 10e6)])
def test_memory_does_not_grow_with_the_content(kind, n_words, most, tmp_path):
    (tmp_path / "a").write_bytes(PACKERS[kind](b"word\n" * (n_words * 1_000_000)))
    tracemalloc.start()
    try:
        assert sum(n_bytes for _, n_bytes in text_corpus(tmp_path / "a").blocks(1 << 16)) == n_words * 5_000_000 + 1
        assert tracemalloc.get_traced_memory()[1] < most  # the window of xz alone is 8 MB
    finally:
        tracemalloc.stop()
