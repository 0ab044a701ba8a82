"""A look at CSV and JSON lines before pyarrow reads them: how long their records are, and how deep their brackets.

pyarrow refuses a record that is longer than its blocks, takes minutes for brackets a few thousand deep, and ends the
process for more. The look takes 64 bytes at a time, as the bits of one integer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.corpus.columns import pyarrow_module

LEAST_BLOCK = 1 << 20  # pyarrow's own
MOST_BLOCK = 1 << 30
_MOST_QUOTED = 1 << 28  # of a record with newlines in quotes; more is a quote that has no partner
MOST_DEEP = 500
MOST_COLUMNS = 5000
_CHUNK = 1 << 20
_NEWLINE, _RETURN, _QUOTE, _BACKSLASH, _SPACE = b'\n\r"\\ '
_OPEN, _CLOSE = b"{}"  # with _SPACE's bit, square brackets are curly ones
_Bytes = npt.NDArray[np.uint8]
_Bits = npt.NDArray[np.uint64]  # a bit for each byte


def block_size(path: Path, delimiter: str | None) -> int:
    """Return the size of blocks in which pyarrow can read a file.

    Parameters
    ----------
    path : path
        gzip, bzip2 and zstd are unpacked, by the ending as pyarrow does. What was found is remembered.
    delimiter : str, optional
        Of CSV. None: JSON lines.

    Returns
    -------
    int
        Bytes: pyarrow's own size, or that of the longest record.

    Raises
    ------
    ValueError
        A record is longer than `MOST_BLOCK`, or CSV has more than `MOST_COLUMNS` columns; or, of JSON, brackets nest
        deeper than `MOST_DEEP`, one is closed that was not opened, or a line ends inside a string.
    """
    found = path.stat()
    return _block_size(path, delimiter, (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


@lru_cache(maxsize=1024)
def _block_size(path: Path, delimiter: str | None, _version: tuple[int, ...]) -> int:
    look = _JsonLook() if delimiter is None else _CsvLook(delimiter)
    with pyarrow_module().input_stream(path) as stream:
        for window in _windows(stream):
            look.add(window)
    longest = look.longest
    if longest > MOST_BLOCK:
        raise ValueError(f"a record has {longest:,} bytes; expected {MOST_BLOCK:,} at most: split it, or use Parquet")
    return max(LEAST_BLOCK, longest)


def _windows(stream: Any) -> Iterator[_Bytes]:  # noqa: ANN401
    """Yield a multiple of 64 bytes at a time, with the byte before and the byte behind them; the last has a newline."""
    held = b"\n"
    while data := stream.read(_CHUNK):
        held += data
        n_bytes = max(0, len(held) - 2) // 64 * 64
        if n_bytes:
            yield np.frombuffer(held[: n_bytes + 2], np.uint8)
            held = held[n_bytes:]
    yield np.frombuffer(held + b"\n" + bytes(-len(held) % 64 + 1), np.uint8)


class _Gaps:
    """The longest distance between two line ends, to 64 bytes."""

    def __init__(self) -> None:
        self.longest, self._last, self._n_words = 0, 0, 0

    def add(self, ends: _Bits) -> None:
        at = np.flatnonzero(ends) + self._n_words
        self._n_words += len(ends)
        if len(at):
            between = int(np.diff(at).max(initial=0))
            self.longest = max(self.longest, 64 * max(between, int(at[0]) - self._last) + 64)
            self._last = int(at[-1])


class _CsvLook:
    """The records of CSV: a newline in quotes is none of their ends."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter, self._inside = ord(delimiter), False
        self._records, self._lines = _Gaps(), _Gaps()
        self._n_columns, self._is_first_line = 1, True

    @property
    def longest(self) -> int:
        found = self._records.longest
        return found if found <= _MOST_QUOTED else self._lines.longest

    def add(self, window: _Bytes) -> None:
        chunk = window[1:-1]
        is_end = (chunk == _NEWLINE) | (chunk == _RETURN)
        if self._is_first_line:
            self._count_columns(chunk, is_end)
        ends = _bits(is_end)
        self._lines.add(ends)
        is_quote = window == _QUOTE
        if is_quote.any():  # inches and the like, with letters at both sides, are no quotes
            is_edge = is_quote | (window == self._delimiter) | (window == _NEWLINE) | (window == _RETURN)
            inside, self._inside = _inside(_bits(is_quote[1:-1] & (is_edge[:-2] | is_edge[2:])), self._inside)
            ends &= ~inside
        elif self._inside:
            ends = np.zeros_like(ends)
        self._records.add(ends)

    def _count_columns(self, chunk: _Bytes, is_end: npt.NDArray[np.bool_]) -> None:
        """Raise ValueError if the first line has too many columns: pyarrow takes 8 KB for each."""
        self._is_first_line = not is_end.any()
        line = chunk if self._is_first_line else chunk[: int(is_end.argmax())]
        self._n_columns += int((line == self._delimiter).sum())
        if self._n_columns > MOST_COLUMNS:
            raise ValueError(f"its first line has more than {MOST_COLUMNS:,} columns; leave some out, or use Parquet")


class _JsonLook:
    """The lines of JSON, and how deep brackets outside strings nest."""

    def __init__(self) -> None:
        self._lines, self._n_lines = _Gaps(), 0
        self._inside, self._escaped, self._depth = False, False, 0

    @property
    def longest(self) -> int:
        return self._lines.longest

    def add(self, window: _Bytes) -> None:
        chunk = window[1:-1]
        is_newline = chunk == _NEWLINE
        ends = _bits(is_newline)
        self._lines.add(ends | _bits(chunk == _RETURN))
        plain, self._escaped = _without_escapes(chunk, self._escaped)
        inside, self._inside = _inside(_bits(plain == _QUOTE), self._inside)
        self._refuse(ends & inside != 0, chunk, "ends inside a string; mend the line")
        folded = chunk | np.uint8(_SPACE)
        opened, closed = (_count(_bits(folded == bracket) & ~inside) for bracket in (_OPEN, _CLOSE))
        depth = self._depth + np.cumsum(opened - closed)
        self._refuse(depth < 0, chunk, "closes a bracket that was not opened; mend the line")
        cure = f"nests brackets more than {MOST_DEEP} deep; leave out the field"
        self._refuse(depth > MOST_DEEP, chunk, cure)
        self._depth = int(depth[-1])
        self._n_lines += int(np.count_nonzero(is_newline))

    def _refuse(self, is_wrong: npt.NDArray[np.bool_], chunk: _Bytes, why: str) -> None:
        if is_wrong.any():
            before = chunk[: 64 * int(np.argmax(is_wrong))]
            raise ValueError(f"line {self._n_lines + np.count_nonzero(before == _NEWLINE) + 1} {why}")


def _bits(flags: npt.NDArray[np.bool_]) -> _Bits:
    return np.packbits(flags, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def _inside(quotes: _Bits, was_inside: bool) -> tuple[_Bits, bool]:
    """Return whether each byte is behind an odd number of quotes, and so for what follows."""
    odd = quotes.copy()
    for distance in (1, 2, 4, 8, 16, 32):
        odd ^= odd << np.uint64(distance)
    behind = np.bitwise_xor.accumulate(odd >> np.uint64(63)) ^ np.uint64(was_inside)
    before = np.concatenate([[np.uint64(was_inside)], behind[:-1]])
    return odd ^ (before * np.uint64(2**64 - 1)), bool(behind[-1])


def _without_escapes(chunk: _Bytes, escaped: bool) -> tuple[_Bytes, bool]:
    """Return JSON with a space for each byte behind a backslash that escapes it, and whether the next byte is one."""
    if not (escaped or (chunk == _BACKSLASH).any()):
        return chunk, False
    plain = chunk.copy()
    if escaped:
        plain[0] = _SPACE
    at = np.flatnonzero(plain == _BACKSLASH)
    numbers = np.arange(len(at))
    first_of_run = np.maximum.accumulate(np.where(np.diff(at, prepend=-2) != 1, numbers, 0))
    behind = at[(numbers - first_of_run) % 2 == 0] + 1
    plain[behind[behind < len(plain)]] = _SPACE
    return plain, bool(len(behind)) and int(behind[-1]) == len(plain)


def _count(bits: _Bits) -> npt.NDArray[np.int64]:
    """Return the number of ones in each integer."""
    pairs, fours, eights = (np.uint64(sign * 0x0101010101010101) for sign in (0x55, 0x33, 0x0F))
    bits = bits - ((bits >> np.uint64(1)) & pairs)
    bits = (bits & fours) + ((bits >> np.uint64(2)) & fours)
    bits = (bits + (bits >> np.uint64(4))) & eights
    return ((bits * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.int64)
