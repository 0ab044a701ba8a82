"""What the pages of Parquet files say about their sizes is checked before pyarrow takes memory for it."""

import struct

import numpy as np
import pytest

from fastw2v.corpus import table_corpus
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.arrow_files import ParquetFile
from fastw2v.runtime.parquet_pages import _Values, check_pages

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
ROWS = {"words": [["tea", "日本"], ["pot"]] * 20_000, "n": list(range(40_000)), "kind": ["a", None] * 20_000}


def varint(number):
    """A whole number as headers have it."""
    zigzag, found = number << 1, b""
    while zigzag > 127:
        found, zigzag = found + bytes([zigzag & 127 | 128]), zigzag >> 7
    return found + bytes([zigzag])


def with_a_large_page(path):
    """Make the first page of a file say that it unpacks to 2 GB."""
    content = path.read_bytes()
    chunk = parquet.ParquetFile(path).metadata.row_group(0).column(0)
    at = min(each for each in (chunk.dictionary_page_offset, chunk.data_page_offset) if each)
    header = _Values(memoryview(content)[at:]).fields()
    old = b"\x15" + varint(header[2])
    place = content.index(old, at)
    assert place - at == 2  # behind the type of the page
    path.write_bytes(content[:place] + b"\x15" + varint(2**31 - 1) + content[place + len(old) :])


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_whole_files_are_read(tmp_path, compression, version):
    path = tmp_path / "a.parquet"
    options = {"data_page_size": 1 << 12, "row_group_size": 9_000, "write_page_checksum": True}
    parquet.write_table(pa.table(ROWS), path, compression=compression, data_page_version=version, **options)
    file = ParquetFile(path)
    assert pa.Table.from_batches(file.batches(None, 5_000)).to_pydict() == ROWS
    assert pa.Table.from_batches(file.batches(["n"], 5_000)).to_pydict() == {"n": ROWS["n"]}
    assert file.n_rows == 40_000


def test_a_page_that_is_said_to_be_large_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table(ROWS), path, data_page_size=1 << 12)
    with_a_large_page(path)
    problem = (
        r"a\.parquet is damaged \(a page of column words.*said to unpack to 2,147,483,647\); copy or save it again"
    )
    with pytest.raises(ValueError, match=problem):
        list(ParquetFile(path).batches(["words"], 100))
    with pytest.raises(ValueError, match=problem):
        table_corpus(path, column="words")


def test_vectors_with_a_page_that_is_said_to_be_large_are_refused(tmp_path):
    path = tmp_path / "v.parquet"
    words = [f"w{i}" for i in range(2000)]
    KeyedVectors(words, np.zeros((2000, 4))).save(path)
    with_a_large_page(path)
    with pytest.raises(ValueError, match=r"v\.parquet is damaged \(a page of column key"):
        KeyedVectors.load(path)


def test_headers_with_any_type_of_value_are_read():
    binary, double = b"\x18\x03abc", b"\x17" + struct.pack("<d", 1.5)  # each behind the field before it
    lists = b"\x19\x25\x02\x04" + b"\x1a\x13\x07" + b"\x19\xf1\x10" + b"\x01" * 16
    maps, empty, struct_ = b"\x1b\x02\x58\x02\x01a\x04\x01b", b"\x1b\x00", b"\x1c\x15\x02\x00"
    data = (
        b"\x15\x06" + b"\x11\x12\x13\x7f" + binary + double + lists + maps + empty + struct_ + b"\x05\xc8\x01\x0e\x00"
    )
    values = _Values(memoryview(data + b"page"))
    fields = values.fields()
    assert values.n_read == len(data)
    flat = {1: 3, 2: True, 3: False, 4: 127, 5: b"abc", 6: struct.pack("<d", 1.5), 7: [1, 2], 8: [7], 9: [1] * 16}
    assert fields == flat | {10: None, 11: None, 12: {1: 1}, 100: 7}


DAMAGED = [
    b"",
    b"\x15",
    b"\x15" + b"\xff" * 20,
    b"\x1c" * 40,
    b"\x19\xf1" + b"\xff" * 9 + b"\x01",
    b"\x1d\x00",
    b"\x18\x70ab",
]


@pytest.mark.parametrize("data", DAMAGED)
def test_damaged_headers_are_refused(data):
    with pytest.raises(ValueError, match=r"does not end|values in \d+ bytes|unknown type|nested too deeply"):
        _Values(memoryview(data)).fields()


@pytest.mark.parametrize(
    "footer",
    [
        b"\x46\x02\x00",  # groups of rows: a number
        b"\x49\x15\x02\x00",  # a group: a number
        b"\x49\x1c\x18\x01a\x00\x00",  # columns: bytes
        b"\x49\x1c\x19\x1c\x3c\x00\x00\x00\x00",  # a column without a path
        b"\x49\x1c\x19\x1c\x3c\x39\x15\x02\x00\x00\x00\x00",  # a number in its path
    ],
)
def test_footers_with_values_of_another_kind_are_refused(footer):
    content = footer + struct.pack("<I", len(footer)) + b"PAR1"
    with pytest.raises(ValueError, match=r"(struct|column) is .*; expected"):
        check_pages(memoryview(content), None)
