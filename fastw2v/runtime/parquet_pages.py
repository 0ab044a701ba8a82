"""What the pages of a Parquet file say about their sizes, read without pyarrow, which takes memory for what they say.

The layout: https://parquet.apache.org/docs/file-format (the footer lists groups of rows, each group its columns, and a
column is one page after the other), and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md (the footer and the headers of pages).
The names of fields are those of parquet.thrift.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection
from typing import Any, TypeVar

T = TypeVar("T")
_ROW_GROUPS, _COLUMNS, _META_DATA = 4, 1, 3  # fields of FileMetaData, RowGroup and ColumnChunk
_PATH_IN_SCHEMA, _UNPACKED, _PACKED, _DATA_PAGE, _DICTIONARY_PAGE = 3, 6, 7, 9, 11  # of ColumnMetaData
_PAGE_UNPACKED, _PAGE_PACKED = 2, 3  # of PageHeader
_STOP, _TRUE, _FALSE = 0, 1, 2  # types of values
_END_BYTES = 8  # behind the footer: its length, and "PAR1"
_MOST_BITS, _MOST_DEPTH = 70, 16
_ANY_PAGE_BYTES = 1 << 24  # allowed whatever the file says of its column


def check_pages(content: memoryview, columns: Collection[str] | None) -> None:
    """Raise ValueError if a page says that it unpacks to more than all pages of its part of a column do.

    Parameters
    ----------
    content : memoryview of bytes
        The whole file, mapped into memory: no more than the footer and the headers of pages are read.
    columns : collection of str, optional
        Names of the outermost columns whose pages are read. Default: all.
    """
    end = max(0, len(content) - _END_BYTES)
    (n_bytes,) = struct.unpack_from("<I", content, end)
    footer = _Values(content[max(0, end - n_bytes) : end]).fields()
    for group in _field(footer, _ROW_GROUPS, list):
        for column in _field(group, _COLUMNS, list):
            chunk = _field(column, _META_DATA, dict)
            path = _field(chunk, _PATH_IN_SCHEMA, list)
            if not path or not all(isinstance(name, bytes) for name in path):
                raise ValueError(f"the path of a column is {path!r:.80}; expected names")
            names = [name.decode(errors="replace") for name in path]
            if columns is None or names[0] in columns:
                _check_chunk(content, chunk, ".".join(names))


def _field(fields: object, number: int, kind: type[T]) -> T:
    """Return a field of a struct, or an empty value if the struct lacks it; ValueError if it is of another kind."""
    found = fields.get(number, kind()) if isinstance(fields, dict) else None
    if type(found) is not kind:
        raise ValueError(f"field {number} of a struct is {found!r:.40}; expected {kind.__name__}")
    return found


def _check_chunk(content: memoryview, chunk: dict[int, Any], name: str) -> None:
    """Check the pages of one column in one group of rows."""
    starts = [_field(chunk, page, int) for page in (_DICTIONARY_PAGE, _DATA_PAGE)]
    at = min((start for start in starts if start), default=0)  # 0: there is no dictionary
    end = at + _field(chunk, _PACKED, int)
    if not 0 <= at <= end <= len(content):
        raise ValueError(f"column {name} is said to lie at bytes {at:,} to {end:,} of {len(content):,}")
    most_bytes = max(_field(chunk, _UNPACKED, int), _ANY_PAGE_BYTES)
    while at < end:
        header = _Values(content[at:])
        page = header.fields()
        at += header.n_read
        unpacked, packed = (_field(page, number, int) for number in (_PAGE_UNPACKED, _PAGE_PACKED))
        if not 0 <= unpacked <= most_bytes or not 0 <= packed <= len(content) - at:
            raise ValueError(f"a page of column {name}: {packed:,} bytes said to unpack to {unpacked:,}")
        at += packed


class _Values:
    """Values in Thrift's compact encoding, read one after the other.

    Attributes
    ----------
    n_read : int
        Bytes that were read.
    """

    def __init__(self, data: memoryview) -> None:
        self._data, self.n_read = data, 0

    def fields(self, depth: int = 0) -> dict[int, Any]:
        """Read a struct; return its fields by number: int, bool, bytes, lists of these, or dict for a struct."""
        number, found = 0, {}
        while (head := self._byte()) != _STOP:
            number = number + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:  # noqa: ANN401
        if depth > _MOST_DEPTH:
            raise ValueError("it is nested too deeply")
        read = _READ_BY_TYPE.get(kind)
        if read is None:
            raise ValueError(f"it has a value of the unknown type {kind}")
        return read(self, depth + 1)

    def _byte(self) -> int:
        if self.n_read >= len(self._data):
            raise ValueError("a value does not end")
        self.n_read += 1
        return self._data[self.n_read - 1]

    def _bytes(self, n_bytes: int) -> bytes:
        self.n_read += n_bytes
        if self.n_read > len(self._data):
            raise ValueError("a value does not end")
        return bytes(self._data[self.n_read - n_bytes : self.n_read])

    def _varint(self) -> int:
        number = shift = 0
        while shift < _MOST_BITS:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7
        raise ValueError("a number does not end")

    def _signed(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _check_count(self, n_values: int) -> None:
        if n_values > len(self._data):  # each takes a byte at least
            raise ValueError(f"it has {n_values:,} values in {len(self._data):,} bytes")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        n_values = self._varint() if head >> 4 == 15 else head >> 4
        self._check_count(n_values)
        return [self._value(head & 15, depth) for _ in range(n_values)]

    def _map(self, depth: int) -> None:
        """Go behind a map: none of the fields above is one."""
        n_entries = self._varint()
        self._check_count(n_entries)
        kinds = self._byte() if n_entries else 0
        for _ in range(n_entries):
            self._value(kinds >> 4, depth)
            self._value(kinds & 15, depth)


_READ_BY_TYPE: dict[int, Callable[[_Values, int], Any]] = {
    1: lambda values, _: values._byte(),  # bool in a list
    2: lambda values, _: values._byte(),
    3: lambda values, _: values._byte(),
    4: lambda values, _: values._signed(),  # int16, int32, int64
    5: lambda values, _: values._signed(),
    6: lambda values, _: values._signed(),
    7: lambda values, _: values._bytes(8),  # double
    8: lambda values, _: values._bytes(values._varint()),
    9: _Values._list,
    10: _Values._list,  # set
    11: _Values._map,
    12: lambda values, depth: values.fields(depth),
}
