"""What the messages of Arrow's files say about sizes, read without pyarrow, which takes memory for what they say.

The layout is that of the Arrow columnar format: https://arrow.apache.org/docs/format/Columnar.html (messages, in
flatbuffers) and https://flatbuffers.dev/internals (tables).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from fastw2v.runtime.arrays import Array

_CONTINUED = 0xFFFFFFFF  # before the length of a message, since Arrow 0.15
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2  # types of messages
_MOST_UNPACKED = (255, 1 << 15)  # bytes that LZ4 and zstd make of one
_MAGIC = b"ARROW1"


class Sizes(NamedTuple):
    """What a message of rows says.

    Attributes
    ----------
    n_rows : int
        0 for a dictionary.
    packed_bytes, unpacked_bytes : int
        Of all its buffers, in the file and in memory.
    most_unpacked_bytes : int
        What the compression can make of them at most.
    """

    n_rows: int
    packed_bytes: int
    unpacked_bytes: int
    most_unpacked_bytes: int


def sizes_of_file(content: memoryview) -> list[Sizes]:
    """Return what each message of rows in a file says; ValueError if the file is damaged."""
    end = len(content) - len(_MAGIC) - 4
    footer = content[max(0, end - _number("<i", content, end)) : end]
    root = _root(footer)
    found = []
    for field in (2, 3):  # dictionaries, record batches
        for at, header_bytes, _ in _numbers(footer, _field(footer, root, field), 3):
            start, length = int(at), int(header_bytes) & 0x7FFFFFFF  # padding follows it
            prefix = 8 if _number("<I", content, start) == _CONTINUED else 4
            found.append(_sizes(content[start + prefix : start + length], content[start + length :]))
    return [sizes for sizes in found if sizes is not None]


def sizes_of_stream(ipc: Any, content: Any) -> list[Sizes]:  # noqa: ANN401 - pyarrow's module and buffer
    """Return what each message of rows in a stream says; as `sizes_of_file`, or pyarrow's errors."""
    messages: Iterable[Any] = ipc.MessageReader.open_stream(content)
    found = [_sizes(memoryview(each.metadata), memoryview(each.body or b"")) for each in messages]
    return [sizes for sizes in found if sizes is not None]


def _sizes(header: memoryview, body: memoryview) -> Sizes | None:
    """Return what a message says, given its header and what follows; None if it holds no rows."""
    message = _root(header)
    kind_at = _field(header, message, 1)
    kind = _number("<B", header, kind_at) if kind_at else 0
    if kind not in (_RECORD_BATCH, _DICTIONARY_BATCH):
        return None
    batch = _child(header, _field(header, message, 2))
    if kind == _DICTIONARY_BATCH:
        batch = _child(header, _field(header, batch, 1))
    rows_at, packing = _field(header, batch, 0), _field(header, batch, 3)
    n_rows = _number("<q", header, rows_at) if rows_at and kind == _RECORD_BATCH else 0
    buffers = _numbers(header, _field(header, batch, 2), 2).tolist()
    if any(length < 0 for _, length in buffers):
        raise ValueError("a buffer of less than 0 bytes")
    packed_bytes = sum(length for _, length in buffers)
    if not packing:
        return Sizes(n_rows, packed_bytes, packed_bytes, packed_bytes)
    codec_at = _field(header, _child(header, packing), 0)
    codec = _number("<B", header, codec_at) if codec_at else 0
    factor = _MOST_UNPACKED[min(codec, 1)]
    unpacked_bytes = sum(_unpacked_bytes(body, start, length) for start, length in buffers if length)
    return Sizes(n_rows, packed_bytes, unpacked_bytes, factor * packed_bytes)


def _unpacked_bytes(body: memoryview, start: int, length: int) -> int:
    """Return what a buffer says in front of its packed bytes; -1 says that they are not packed."""
    said = _number("<q", body, start)
    return length if said < 0 else said


def _number(layout: str, data: memoryview, at: int) -> int:
    """Return one number; ValueError if it lies outside."""
    if not 0 <= at <= len(data) - struct.calcsize(layout):
        raise ValueError(f"it points to byte {at:,} of a part of {len(data):,} bytes")
    return int(struct.unpack_from(layout, data, at)[0])


def _root(data: memoryview) -> int:
    """Return where the outermost table of a flatbuffer begins."""
    return _number("<I", data, 0)


def _field(data: memoryview, table: int, number: int) -> int:
    """Return where a field of a table lies; 0 if the table lacks it."""
    slots = table - _number("<i", data, table)
    if 4 + 2 * number >= _number("<H", data, slots):
        return 0
    distance = _number("<H", data, slots + 4 + 2 * number)
    return table + distance if distance else 0


def _child(data: memoryview, field: int) -> int:
    """Return where the table begins that a field holds."""
    return field + _number("<I", data, field) if field else 0


def _numbers(data: memoryview, field: int, n_columns: int) -> Array:
    """Return a vector of structs of int64, int64[n, n_columns]; ValueError if it lies outside."""
    if not field:
        return np.empty((0, n_columns), np.int64)
    start = _child(data, field)
    n = _number("<I", data, start)
    return np.frombuffer(data, "<i8", n * n_columns, start + 4).reshape(n, n_columns)
