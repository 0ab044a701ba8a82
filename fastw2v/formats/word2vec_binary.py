"""Rows of word2vec binary: a word, a space, float32[dim] little-endian, and in most files a newline."""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np

from fastw2v.formats.vector_rows import MOST_WORD_BYTES, VectorRows, damaged

_CHUNK_BYTES = 1 << 20  # little, since rows of a few bytes take ten times as much memory as objects
_USUAL_WORD_BYTES = 1 << 6
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def read_binary(stream: BinaryIO, name: str, rows: VectorRows, *, dim: int, n_rows: int) -> bytes:
    """Read up to `n_rows` rows, in memory for one piece of the file.

    Returns
    -------
    bytes
        What was read after the last row.

    Raises
    ------
    ValueError
        The file ends inside a row, or has no word where one belongs.
    """
    rest = b""
    while len(rows) < n_rows:
        n_usual = (n_rows - len(rows)) * (4 * dim + _USUAL_WORD_BYTES)
        data = stream.read(min(_CHUNK_BYTES, max(n_usual, len(rest))))
        piece = rest + data
        words, starts, end = _scan(piece, n_rows - len(rows), dim=dim)
        windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(piece, np.uint8), 4 * dim) if words else None
        if windows is not None:
            if 2 * sum(b"\n" in word for word in words) > len(words):
                raise damaged(name, f"after vector {len(rows)} of dimension {dim}, words are torn by line ends")
            rows.add(words, windows[starts].view("<f4"))
        rest = piece[end:]
        if not data:
            if rest.strip(b"\n"):
                raise damaged(name, f"it ends in vector {len(rows) + 1} of {n_rows} of dimension {dim}")
            break
        if len(rows) < n_rows and len(rest) > MOST_WORD_BYTES + 4 * dim:
            raise damaged(name, f"there is no word of vector {len(rows) + 1} of {n_rows} of dimension {dim}")
    return rest


def read_more_binary(stream: BinaryIO, name: str, rows: VectorRows, *, rest: bytes, dim: int) -> None:
    """Read rows that the first line did not count; ValueError if what follows is no rows."""
    n_counted, piece = len(rows), rest + stream.read(_CHUNK_BYTES)
    while piece.strip(b"\n"):
        words, starts, end = _scan(piece, len(piece), dim=dim)
        if not words or any(_CONTROL.search(word) for word in words):
            raise damaged(name, f"{len(piece)} bytes or more are left after {n_counted} vectors of dimension {dim}")
        windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(piece, np.uint8), 4 * dim)
        rows.add(words, windows[starts].view("<f4"))
        piece = piece[end:] + stream.read(_CHUNK_BYTES)


def _scan(data: bytes, n_most: int, *, dim: int) -> tuple[list[bytes], list[int], int]:
    """Return the words of the whole rows in `data`, where their vectors start, and where the last row ends."""
    words: list[bytes] = []
    starts: list[int] = []
    at, row_bytes, size, find = 0, 4 * dim, len(data), data.find
    while len(words) < n_most:
        start = find(b" ", at) + 1
        if not start or start + row_bytes > size:
            break
        words.append(data[at : start - 1].lstrip(b"\n"))
        starts.append(start)
        at = start + row_bytes
    return words, starts, at
