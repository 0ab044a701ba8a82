"""What the pages of Parquet files say about their sizes is checked before pyarrow takes memory for it."""

import struct

import numpy as np
import pytest

from fastw2v.corpus import table_corpus
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.arrow_files import ArrowFile, ParquetFile, checked_batches
from fastw2v.runtime.parquet_pages import _page, checked_row_size

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
    size, _ = _page(memoryview(content)[at:])
    old = b"\x15" + varint(size["uncompressed_page_size"])
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


def test_columns_of_many_groups_are_checked_and_measured(tmp_path):
    path = tmp_path / "a.parquet"
    words, ids = ["tea" * 100, "pot" * 100] * 500, [[1, 2, 3]] * 1000
    parquet.write_table(pa.table({"words": words, "ids": ids}), path, row_group_size=100)
    content = memoryview(path.read_bytes())
    assert checked_row_size(content, ["ids"]) == (3, 3 * 8)
    assert checked_row_size(content, ["words"]) == (1, 4 + 300)  # the length of text is in front of it
    assert checked_row_size(content, ["ids.list"]) == (0, 0)
    assert checked_row_size(content, None) == (3, 4 + 300)


@pytest.mark.parametrize("is_parquet", [True, False])
def test_a_dictionary_that_rows_repeat_takes_little_memory_at_a_time(tmp_path, is_parquet):
    rows, path = pa.table({"words": ["tea" * 100_000] * 1000}), tmp_path / "a"
    if is_parquet:
        parquet.write_table(rows, path)
        batches = ParquetFile(path).batches(None, 1 << 16)
    else:
        categories = pa.table({"words": rows["words"].dictionary_encode(), "n": [[1]] * 1000})
        with pa.ipc.new_file(path, categories.schema) as file:
            file.write_table(categories)
        batches = ArrowFile(path).batches()
    n_rows = [len(batch) for batch in batches]
    assert sum(n_rows) == 1000
    assert max(n_rows) == 111  # 32 MB of text, not 300


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.int64()], ids=str)
def test_dictionaries_in_lists_are_cut_too(tmp_path, kind):
    words = pa.array([7] if kind == pa.int64() else ["tea" * 1_000_000]).cast(kind)
    items = pa.DictionaryArray.from_arrays(pa.array([0] * 60, pa.int32()), words)
    rows = pa.record_batch([pa.LargeListArray.from_arrays(pa.array(range(0, 61, 2)), items)], names=["words"])
    n_rows = [len(batch) for batch in checked_batches(tmp_path, [rows])]
    assert n_rows == ([30] if kind == pa.int64() else [5] * 6)


@pytest.mark.parametrize(
    "footer",
    [
        b"\x46\x02\x00",  # groups of rows: a number
        b"\x49\x15\x02\x00",  # a group: a number
        b"\x49\x1c\x18\x01a\x00\x00",  # columns: bytes
        b"\x49\x1c\x19\x1c\x3c\x00\x00\x00\x00",  # a column without a name
        b"\x49\x1c\x19\x1c\x3c\x39\x15\x02\x00\x00\x00\x00",  # a number in its name
        b"\x49\x1c",  # no end
    ],
)
def test_footers_that_cannot_be_are_refused(footer):
    content = footer + struct.pack("<I", len(footer)) + b"PAR1"
    with pytest.raises(ValueError, match=r"of the type \d+; expected|the type \d+; expected|without a name|not end"):
        checked_row_size(memoryview(content), None)
