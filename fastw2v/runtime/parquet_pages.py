"""What the pages of a Parquet file say about their sizes, read without pyarrow, which takes memory for what they say.

The layout: https://parquet.apache.org/docs/file-format/data-pages/ (pages) and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md (their headers).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_UNPACKED_BYTES, _PACKED_BYTES = 2, 3  # fields of a page's header
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 11, 12
_VARINTS = (4, 5, 6)  # types of whole numbers
_MOST_BITS, _MOST_DEPTH, _MOST_ENTRIES = 70, 16, 1 << 16
_ANY_PAGE_BYTES = 1 << 24  # allowed whatever the file says of its column


def check_pages(content: memoryview, metadata: Any, columns: Collection[str] | None) -> None:  # noqa: ANN401
    """Raise ValueError if a page says that it unpacks to more than all pages of its part of a column do.

    Parameters
    ----------
    content : memoryview of bytes
        The whole file, mapped into memory: no more than the headers of pages are read.
    metadata : pyarrow.parquet.FileMetaData
    columns : collection of str, optional
        Names of the outermost columns whose pages are read. Default: all.
    """
    for i in range(metadata.num_row_groups):
        group = metadata.row_group(i)
        for j in range(group.num_columns):
            chunk = group.column(j)
            if columns is None or chunk.path_in_schema.partition(".")[0] in columns:
                _check_chunk(content, chunk)


def _check_chunk(content: memoryview, chunk: Any) -> None:  # noqa: ANN401
    """Check the pages of one column in one group of rows."""
    starts = [at for at in (chunk.dictionary_page_offset, chunk.data_page_offset) if at]
    at = min(starts, default=0)
    end = at + chunk.total_compressed_size
    if not 0 <= at <= end <= len(content):
        raise ValueError(f"column {chunk.path_in_schema} lies at bytes {at:,} to {end:,} of {len(content):,}")
    most_bytes = max(chunk.total_uncompressed_size, _ANY_PAGE_BYTES)
    while at < end:
        header = _Header(content[at:end])
        unpacked, packed = (header.numbers.get(field, -1) for field in (_UNPACKED_BYTES, _PACKED_BYTES))
        if not 0 <= unpacked <= most_bytes or not 0 <= packed <= len(content) - at - header.n_bytes:
            raise ValueError(
                f"a page of column {chunk.path_in_schema}: {packed:,} bytes said to unpack to {unpacked:,}"
            )
        at += header.n_bytes + packed


class _Header:
    """The header of a page.

    Attributes
    ----------
    numbers : dict of int to int
        The whole numbers among its fields.
    n_bytes : int
        Its length.
    """

    def __init__(self, data: memoryview) -> None:
        self._data, self.n_bytes, self.numbers = data, 0, dict[int, int]()
        self._struct(self.numbers, 0)

    def _next(self, n_bytes: int = 1) -> int:
        """Go on by so many bytes; return the first of them."""
        if self.n_bytes + n_bytes > len(self._data):
            raise ValueError("the header of a page does not end")
        self.n_bytes += n_bytes
        return self._data[self.n_bytes - n_bytes]

    def _varint(self) -> int:
        number = shift = 0
        while shift < _MOST_BITS:
            byte = self._next()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7
        raise ValueError("a number in the header of a page does not end")

    def _signed(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _entries(self) -> int:
        n = self._varint()
        if n > _MOST_ENTRIES:
            raise ValueError(f"the header of a page is said to hold {n:,} values in one place")
        return n

    def _struct(self, numbers: dict[int, int], depth: int) -> None:
        """Read the fields of a struct; keep whole numbers."""
        field = 0
        while (head := self._next()) != _STOP:
            field = field + (head >> 4) if head >> 4 else self._signed()
            if head & 15 in _VARINTS:
                numbers[field] = self._signed()
            elif head & 15 not in (_TRUE, _FALSE):  # which are the value itself
                self._skip(head & 15, depth + 1)

    def _skip(self, kind: int, depth: int) -> None:
        """Go behind a value."""
        if depth > _MOST_DEPTH:
            raise ValueError("the header of a page is nested too deeply")
        if kind in _VARINTS:
            self._varint()
        elif kind in (_TRUE, _FALSE, _BYTE):
            self._next()
        elif kind == _DOUBLE:
            self._next(8)
        elif kind == _BINARY and (n_bytes := self._varint()):
            self._next(n_bytes)
        elif kind in (_LIST, _SET):
            head = self._next()
            for _ in range(self._entries() if head >> 4 == 15 else head >> 4):
                self._skip(head & 15, depth + 1)
        elif kind == _MAP and (n_entries := self._entries()):
            head = self._next()
            for _ in range(n_entries):
                self._skip(head >> 4, depth + 1)
                self._skip(head & 15, depth + 1)
        elif kind == _STRUCT:
            self._struct({}, depth)
        elif kind not in (_BINARY, _MAP):
            raise ValueError(f"a value in the header of a page has the unknown type {kind}")
