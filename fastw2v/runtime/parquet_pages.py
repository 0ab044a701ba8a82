"""What the pages of a Parquet file say about their sizes, read without pyarrow, which takes memory for what they say.

The layout: https://parquet.apache.org/docs/file-format. The footer lists groups of rows, each group its columns, and a
column is one page after the other. The names of fields are those of parquet.thrift.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

from fastw2v.runtime.thrift import BINARY, INTEGER, LIST, STRUCT, Readers, Thrift

_END_BYTES = 8  # behind the footer: its length, and "PAR1"
_ANY_PAGE_BYTES = 1 << 24  # allowed whatever the file says of its column


class RowSize(NamedTuple):
    """How large the rows of some columns are, on average in the group of rows where they are largest.

    Attributes
    ----------
    n_values : int
        Of lists: how many values a row has.
    n_bytes : int
        Of the values that a dictionary holds once, and rows repeat.
    """

    n_values: int
    n_bytes: int


class _Chunk:
    """A column in a group of rows: fields of `ColumnMetaData`."""

    def __init__(self) -> None:
        self.path: list[bytes] = []
        self.numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self.numbers.get(name, 0)


def checked_row_size(content: memoryview, columns: Collection[str] | None) -> RowSize:
    """Return how large rows are; ValueError if a page is said to unpack to more than all of its column.

    Parameters
    ----------
    content : memoryview of bytes
        The whole file, mapped into memory: no more than the footer and the headers of pages are read.
    columns : collection of str, optional
        Names of the outermost columns whose pages are read. Default: all.
    """
    end = max(0, len(content) - _END_BYTES)
    (n_bytes,) = struct.unpack_from("<I", content, end)
    wanted = None if columns is None else {name.encode() for name in columns}
    most = RowSize(0, 0)
    try:
        for n_rows, chunks in _row_groups(bytes(content[max(0, end - n_bytes) : end])):
            for chunk in chunks:
                if wanted is None or chunk.path[0] in wanted:
                    n_values = -(-chunk.number("num_values") // max(1, n_rows))
                    entry_bytes = _check_chunk(content, chunk)
                    most = RowSize(max(most.n_values, n_values), max(most.n_bytes, n_values * entry_bytes))
    except IndexError:
        raise ValueError("a value in the footer or in the header of a page does not end") from None
    return most


def _row_groups(footer: bytes) -> list[tuple[int, list[_Chunk]]]:
    """Return number of rows and columns of each group."""
    thrift = Thrift(footer)
    groups: list[tuple[int, list[_Chunk]]] = []

    def read_column(at: int, chunks: list[_Chunk]) -> int:
        chunk = _Chunk()
        chunks.append(chunk)

        def read_name(at: int) -> int:
            name, at = thrift.binary(at)
            chunk.path.append(name)
            return at

        number = partial(_number_reader, thrift, chunk.numbers)
        meta_data: Readers = {
            3: (LIST, lambda at: thrift.items(at, BINARY, read_name)),
            5: (INTEGER, number("num_values")),
            6: (INTEGER, number("total_uncompressed_size")),
            7: (INTEGER, number("total_compressed_size")),
            9: (INTEGER, number("data_page_offset")),
            11: (INTEGER, number("dictionary_page_offset")),
        }
        at = thrift.struct(at, {3: (STRUCT, lambda at: thrift.struct(at, meta_data))})
        if not chunk.path:
            raise ValueError("the footer has a column without a name")
        return at

    def read_group(at: int) -> int:
        chunks: list[_Chunk] = []
        numbers: dict[str, int] = {}
        read = partial(read_column, chunks=chunks)
        readers: Readers = {
            1: (LIST, lambda at: thrift.items(at, STRUCT, read)),
            3: (INTEGER, _number_reader(thrift, numbers, "num_rows")),
        }
        at = thrift.struct(at, readers)
        groups.append((numbers.get("num_rows", 0), chunks))
        return at

    thrift.struct(0, {4: (LIST, lambda at: thrift.items(at, STRUCT, read_group))})
    return groups


def _number_reader(thrift: Thrift, numbers: dict[str, int], name: str) -> Callable[[int], int]:
    def read(at: int) -> int:
        numbers[name], at = thrift.integer(at)
        return at

    return read


def _check_chunk(content: memoryview, chunk: _Chunk) -> int:
    """Check the pages of one column in one group of rows; return the mean bytes of an entry of its dictionary."""
    name = b".".join(chunk.path).decode(errors="replace")
    starts = [chunk.number(f"{page}_page_offset") for page in ("dictionary", "data")]
    at = min((start for start in starts if start), default=0)  # 0: there is no dictionary
    end = at + chunk.number("total_compressed_size")
    if not 0 <= at <= end <= len(content):
        raise ValueError(f"column {name} is said to lie at bytes {at:,} to {end:,} of {len(content):,}")
    most_bytes = max(chunk.number("total_uncompressed_size"), _ANY_PAGE_BYTES)
    entry_bytes = 0
    while at < end:
        page, n_header = _page(content[at:])
        at += n_header
        unpacked, packed = (page.get(f"{state}compressed_page_size", -1) for state in ("un", ""))
        if not 0 <= unpacked <= most_bytes or not 0 <= packed <= len(content) - at:
            raise ValueError(f"a page of column {name}: {packed:,} bytes said to unpack to {unpacked:,}")
        if "dictionary_values" in page:
            entry_bytes = max(entry_bytes, unpacked // max(1, page["dictionary_values"]))
        at += packed
    return entry_bytes


def _page(data: memoryview) -> tuple[dict[str, int], int]:
    """Return numbers in the header of a page, and the length of the header."""
    thrift, numbers = Thrift(data), dict[str, int]()
    number = partial(_number_reader, thrift, numbers)
    dictionary: Readers = {1: (INTEGER, number("dictionary_values"))}
    readers: Readers = {
        2: (INTEGER, number("uncompressed_page_size")),
        3: (INTEGER, number("compressed_page_size")),
        7: (STRUCT, lambda at: thrift.struct(at, dictionary)),
    }
    return numbers, thrift.struct(0, readers)
