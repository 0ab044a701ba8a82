"""One stream of text as blocks of whole words, unpacked while it is read."""

from __future__ import annotations

import re
from collections.abc import Generator
from itertools import islice
from typing import BinaryIO

import numpy as np

from fastw2v.runtime.compressed import unpacked
from fastw2v_kernels.encode import padded_size

BLOCK_BYTES = 2 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TABLE = "; its rows are read by fastw2v.corpus.table_corpus, or with --column on the command line"
_NO_TEXT = {  # first bytes of files that are not UTF-8 text, and the cure
    rb"PAR1": f"is a Parquet file{_TABLE}",
    rb"[\s\S]{8}\{\"": "is a file of safetensors, such as a model or a checkpoint; leave it out",
    rb"ARROW1": f"is an Arrow (Feather) file{_TABLE}",
    rb"\x7fELF": "is a program",
    rb"\x89PNG|\xff\xd8\xff|GIF8": "is a picture",
    rb"%PDF-": "is a PDF; save its text: pdftotext",
    rb"SQLite format": "is a database; read its rows, and pass lists of words",
    rb"\x80[\x02-\x05]": "is a pickle; load it, and pass lists of words",
    rb"\x93NUMPY": "is an array of NumPy; pass numpy.load(path)",
    rb"\xd0\xcf\x11\xe0": "is an old Office file; save it as text",
    rb"PK\x03\x04": "is a zip archive; unpack it",
    rb"7z\xbc\xaf\x27\x1c": "is a 7z archive; unpack it",
    rb"\xff\xfe[^\0]\0|\xfe\xff\0[^\0]": "is UTF-16 text; convert it: iconv -f UTF-16 -t UTF-8",
}
_MOST_WORD_BYTES = 1 << 24  # so that a small packed file cannot fill the memory
_MOST_READ = 1 << 20  # bytes at a time, since unpacking takes two buffers as long
_MOST_SEARCHED = 1 << 16  # bytes at a time, since NumPy takes eight times as many
_IS_SEPARATOR = np.isin(np.arange(256), list(b" \t\n\r\v\f"))

_LOOKED_AT = 1 << 12  # bytes
_MOST_NULS, _FEWEST_BYTES = 0.2, 16  # a few stray ones are in much text from the web

Block = tuple[np.ndarray, int]


def refuse_no_text(first: bytes, name: str) -> None:
    """Raise ValueError, with the cure, if a file with these first bytes is no UTF-8 text."""
    for pattern, cure in _NO_TEXT.items():
        if re.match(pattern, first):
            raise ValueError(f"{name} {cure}; expected UTF-8 text, or such text compressed by gzip, bzip2, xz or zstd")
    if len(first) >= _FEWEST_BYTES and first.count(0) > _MOST_NULS * len(first):
        raise ValueError(f"{name} has many NUL bytes, so it is UTF-16 or no text; convert it: iconv -f UTF-16 -t UTF-8")


def blocks_of(
    stream: BinaryIO, name: str, block_bytes: int, *, is_later_part: bool = False
) -> Generator[Block, None, None]:
    r"""Yield a stream of text in blocks that end after whitespace; a byte order mark at its beginning is left out.

    Parameters
    ----------
    stream : binary file with seek
        Plain or compressed; see `unpacked`.
    name : str
        Names the stream in error messages.
    block_bytes : int
        Size of a block, about.
    is_later_part : bool
        It is a part of a plain text, and others are before it: its first bytes tell nothing of the kind of file.

    Yields
    ------
    text : uint8[padded_size(n_bytes)]
        Padded with spaces. The last block ends with ``\n``, which is added if it is missing.
    n_bytes : int
        The length without the padding.

    Raises
    ------
    OSError, ImportError
        As `unpacked`.
    ValueError
        It is no UTF-8 text, or 16 MB of it hold no whitespace.
    """
    if is_later_part:
        yield from _cut(stream, name, block_bytes)
        return
    with unpacked(stream, name) as unpacked_stream:
        blocks = _cut(unpacked_stream, name, block_bytes)
        for text, n_bytes in islice(blocks, 1):
            refuse_no_text(text[:_LOOKED_AT].tobytes(), name)
            if text[: len(BYTE_ORDER_MARK)].tobytes() == BYTE_ORDER_MARK:
                text[: len(BYTE_ORDER_MARK)] = ord(" ")
            yield text, n_bytes
        yield from blocks


def _cut(stream: BinaryIO, name: str, block_bytes: int) -> Generator[Block, None, None]:
    """Read a stream in blocks that end after whitespace; bytes after the last whitespace begin the next block."""
    rest, n_wanted = np.empty(0, np.uint8), block_bytes
    while True:
        block = np.empty(padded_size(n_wanted + 1), np.uint8)
        block[: rest.size] = rest
        n_read = rest.size + _read_into(stream, memoryview(block.data)[rest.size : n_wanted])
        at_end = n_read < n_wanted
        block[n_read] = ord("\n")
        n_bytes = n_read + 1 if at_end else _after_last_separator(block[:n_read])
        if n_bytes == 0 and n_read >= _MOST_WORD_BYTES:
            cure = "it is no text, or whitespace is missing between its words"
            raise ValueError(f"{name} has a word of more than {_MOST_WORD_BYTES:,} bytes: {cure}")
        rest = block[n_bytes:n_read].copy()
        n_wanted = max(block_bytes, min(2 * rest.size, _MOST_WORD_BYTES))
        if n_bytes:
            text = block[: padded_size(n_bytes)]
            text[n_bytes:] = ord(" ")
            yield text, n_bytes
        if at_end:
            return


def _read_into(stream: BinaryIO, buffer: memoryview) -> int:
    """Fill `buffer` from the stream; return the number of bytes, which is smaller only at the end of the stream."""
    n_read = 0
    while n_read < len(buffer) and (n_new := stream.readinto(buffer[n_read : n_read + _MOST_READ])):  # type: ignore[attr-defined]
        n_read += n_new
    return n_read


def _after_last_separator(data: np.ndarray) -> int:
    """Return the position after the last whitespace byte, 0 if there is none; searches from the end, part by part."""
    end, window = data.size, 256
    while end > 0:
        start = max(0, end - window)
        found = np.flatnonzero(_IS_SEPARATOR[data[start:end]])
        if found.size:
            return int(start + found[-1] + 1)
        end, window = start, min(16 * window, _MOST_SEARCHED)
    return 0
