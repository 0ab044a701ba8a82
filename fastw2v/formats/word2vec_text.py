"""Rows of word2vec and GloVe text: a word, and then its numbers, with whitespace between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from fastw2v.formats.vector_rows import MOST_WORD_BYTES, VectorRows, damaged
from fastw2v.runtime.arrays import Array

_CHUNK_BYTES = 1 << 18  # little, since lines of a few bytes take ten times as much memory as objects
_MOST_NUMBER_BYTES = 64


def read_text(stream: BinaryIO, name: str, rows: VectorRows, *, dim: int, n_rows: int | None, first_line: int) -> bool:
    """Read `n_rows` rows, or all of them for None, a piece of the file at a time.

    Parameters
    ----------
    stream, name : binary file object, str
    rows : VectorRows
        Gets the rows.
    dim, n_rows : int, int or None
    first_line : int
        Number of the stream's next line, for messages.

    Returns
    -------
    bool
        Whether the last line that was read has its end.

    Raises
    ------
    ValueError
        A line has too few numbers, or something else where a number belongs.
    """
    is_whole = True
    for line_no, lines in pieces(stream, name, first_line, most_bytes=MOST_WORD_BYTES + _MOST_NUMBER_BYTES * dim):
        is_whole = lines[-1].endswith(b"\n")
        n_wanted = len(lines) if n_rows is None else n_rows - len(rows)
        lines = [line for line in lines if line.strip()][:n_wanted]
        if lines:
            found = _all_alike(lines, dim, rows.parsed_dtype)
            words, vectors = found or _one_by_one(lines, name, line_no, dim=dim, dtype=rows.parsed_dtype)
            rows.add(words, vectors)
        if len(rows) == n_rows:
            break
    return is_whole


def pieces(stream: BinaryIO, name: str, first_line: int, *, most_bytes: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield lines, some kilobytes of them at a time, with the number of the first.

    Parameters
    ----------
    stream, name : binary file object, str
    first_line : int
        Number of the stream's next line.
    most_bytes : int
        ValueError for a longer line, which is read no further.
    """
    rest: list[bytes] = []
    while data := stream.read(_CHUNK_BYTES):
        *lines, last = data.split(b"\n")
        if lines:
            lines = [line + b"\n" for line in lines]
            lines[0] = b"".join([*rest, lines[0]])
            yield first_line, lines
            first_line, rest = first_line + len(lines), []
        rest.append(last)
        if sum(map(len, rest)) > most_bytes:
            raise damaged(name, f"line {first_line} has more than {most_bytes:,} bytes")
    if any(rest):
        yield first_line, [b"".join(rest)]


def _all_alike(lines: list[bytes], dim: int, dtype: npt.DTypeLike) -> tuple[Sequence[bytes], Array] | None:
    """Parse lines of a word without a space and `dim` numbers, all at once; None if one of them is otherwise."""
    pairs = [line.split(None, 1) for line in lines]
    if any(line[:1].isspace() for line in lines) or min(map(len, pairs)) < 2:
        return None
    words, numbers = zip(*pairs)
    try:
        vectors = np.loadtxt(numbers, dtype, comments=None, ndmin=2)
    except ValueError:
        return None
    return (words, vectors) if vectors.shape == (len(lines), dim) and np.isfinite(vectors).all() else None


def _one_by_one(
    lines: list[bytes], name: str, line_no: int, *, dim: int, dtype: npt.DTypeLike
) -> tuple[list[bytes], Array]:
    """Parse lines whose words may be empty or hold spaces: the last `dim` fields are the numbers."""
    words: list[bytes] = []
    vectors, most = np.empty((len(lines), dim)), float(np.finfo(dtype).max)
    if all(len(line.split()) > dim + 1 and is_row(line, dim + 1) for line in lines):  # no words with spaces
        raise damaged(name, f"line {line_no} has {len(lines[0].split()) - 1} numbers after its word, not {dim}")
    for row, line in enumerate(lines):
        line = line.rstrip()
        fields = line.rsplit(None, dim)
        numbers = fields[-dim:]
        if len(numbers) < dim or (len(fields) == dim and not line[:1].isspace()):
            n_numbers = len(fields) - 1
            raise damaged(name, f"line {line_no + row} has {n_numbers} numbers after its word, not {dim}")
        vectors[row] = [_number(field, name, line_no + row, most=most) for field in numbers]
        words.append(fields[0] if len(fields) > dim else b"")
    return words, vectors


def _number(field: bytes, name: str, line_no: int, *, most: float) -> float:
    value = float(field) if _is_number(field) else None
    if value is None or (np.isfinite(value) and abs(value) > most):
        raise damaged(name, f"line {line_no} has {field.decode(errors='replace')!r} where a number belongs")
    return value


def dimension_of(lines: Sequence[bytes]) -> int | None:
    """Return how many numbers follow the words of some lines without a first line "count dim"; None if none do.

    Words may hold spaces, so that it is the least number of fields after the first.
    """
    counts: list[int] = []
    for line in lines:
        fields = line.split()
        n_numbers = 0
        while n_numbers < len(fields) and _is_number(fields[-1 - n_numbers]):
            n_numbers += 1
        counts.append(min(n_numbers, len(fields) - 1))
    dim = min(counts, default=0)
    return dim if dim > 0 else None


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field  # Python reads 1_000


def is_row(line: bytes, dim: int) -> bool:
    """Whether a line ends with `dim` numbers."""
    return all(map(_is_number, line.split()[-dim:]))
