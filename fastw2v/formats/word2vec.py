"""The word2vec formats, text and binary: a line "count dim", then each word with its vector.

Files may be gzipped; binary vectors may be followed by a newline each, as word2vec.c writes them. Words are UTF-8;
bytes that are no UTF-8 survive as surrogates (PEP 383).
"""

from __future__ import annotations

import codecs
import gzip
import mmap
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias, cast

import numpy as np

from fastw2v.runtime.arrays import FloatArray
from fastw2v.vocab import Vocab

_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DEFLATE_RATIO = 1032  # the most that zlib can compress: bounds the size of a gzipped file before it is unpacked
_HEADER = re.compile(rb"\s*(\d+)[ \t]+(\d+)\s*\n")
_MAX_HEADER_BYTES = 100
_SAMPLE_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 24
_WRITE_BYTES = 1 << 20  # rows written at a time
_WORD_BYTES = 64  # size of a word as a Python object, about
_MAX_FLOAT = float(np.finfo(np.float32).max)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


class _Header(NamedTuple):
    """Rows to read, their dimension, the length of the header, and whether all rows of the file are read."""

    n_rows: int
    dim: int
    n_bytes: int
    is_whole: bool


def encode_key(key: str | int) -> bytes:
    """Bytes of a key: a word as UTF-8, with surrogates back to bytes; an integer in decimal."""
    return str(key).encode("utf-8", "surrogateescape")


def decode_word(word: bytes) -> str:
    """Word from any bytes; the inverse of `encode_key`."""
    return word.decode("utf-8", "surrogateescape")


def read_word2vec(path: Path, binary: bool | None = None, limit: int | None = None) -> tuple[list[str], FloatArray]:
    """Read a word2vec file.

    Parameters
    ----------
    path : Path
    binary : bool, optional
        What the caller expects the file to be. Default: the content tells.
    limit : int, optional
        Read only the first so many vectors.

    Returns
    -------
    words : list of str
    vectors : float32[n_words, dim]

    Raises
    ------
    ValueError
        The file is damaged, or is not what its header or the caller says.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}, expected at least 1, or None for all vectors")
    try:
        with _open(path) as file:
            header = _read_header(path, file, limit)
            is_binary = _looks_binary(file.read(_SAMPLE_BYTES))
            if binary not in (None, is_binary):
                kind = "binary" if is_binary else "text"
                raise ValueError(f"{path} is word2vec {kind}: pass binary={is_binary}, or use KeyedVectors.load")
            file.seek(header.n_bytes)
            reader = _read_binary if is_binary else _read_text
            return reader(path, file, header)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is a damaged gzip file ({error}); copy or download it again") from error


def _open(path: Path) -> IO[bytes]:
    with open(path, "rb") as file:
        is_gzip = file.read(2) == _GZIP_MAGIC
    return cast(IO[bytes], gzip.open(path)) if is_gzip else open(path, "rb")


def _read_header(path: Path, file: IO[bytes], limit: int | None) -> _Header:
    """Read the line "count dim"; ValueError if the file is too small for it, before memory is allocated."""
    match = _HEADER.match(file.read(_MAX_HEADER_BYTES))
    if match is None:
        raise ValueError(
            f"{path} does not start with a line 'count dim', as word2vec text and binary do; GloVe text becomes "
            "word2vec text by putting that line first, and KeyedVectors.load knows safetensors by their content"
        )
    n_rows, dim = int(match[1]), int(match[2])
    if n_rows < 1 or dim < 1:
        raise ValueError(f"{path} has {n_rows} vectors of dimension {dim} by its first line: there is nothing to load")
    is_whole = limit is None or limit >= n_rows
    n_rows = n_rows if limit is None else min(n_rows, limit)
    size = path.stat().st_size * (_MAX_DEFLATE_RATIO if isinstance(file, gzip.GzipFile) else 1)
    if n_rows * (2 * dim + 1) > size:  # a row has at least a digit and a space for each number
        raise _damaged(path, f"{n_rows} vectors of dimension {dim} do not fit into {size} bytes")
    file.seek(match.end())
    return _Header(n_rows, dim, match.end(), is_whole)


def _damaged(path: Path, finding: str) -> ValueError:
    return ValueError(f"{path} is truncated, or its first line is wrong: {finding}; copy or export it again")


def _looks_binary(sample: bytes) -> bool:
    """Whether this is no text: numbers follow the first word, or at least all is UTF-8 without control characters."""
    fields = sample.partition(b"\n")[0].split()[1:]
    if fields and all(map(_is_number, fields)):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # incremental: the sample may end inside a character
    except UnicodeDecodeError:
        return True
    return _CONTROL.search(sample) is not None


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _read_binary(path: Path, file: IO[bytes], header: _Header) -> tuple[list[str], FloatArray]:
    is_gzip = isinstance(file, gzip.GzipFile)
    data = file.read() if is_gzip else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    words, starts, end = _scan_binary(path, data, header, at=0 if is_gzip else header.n_bytes)
    n_left = len(data) - end - (data[end : end + 1] == b"\n")
    if n_left and header.is_whole:
        raise _damaged(path, f"{n_left} bytes are left after {header.n_rows} vectors of dimension {header.dim}")
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, np.uint8), 4 * header.dim)
    vectors = windows[starts].view("<f4").astype(np.float32, copy=False)
    if not np.isfinite(vectors).all():
        bad_row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise _damaged(path, f"the vector of {words[bad_row]!r} (row {bad_row}) is not finite")
    return words, vectors


def _scan_binary(path: Path, data: bytes | mmap.mmap, header: _Header, *, at: int) -> tuple[list[str], list[int], int]:
    """Return the words, where their vectors start, and where the last one ends."""
    words, starts, row_bytes, size = [], [], 4 * header.dim, len(data)
    for row in range(header.n_rows):
        start = data.find(b" ", at) + 1
        if not start or start + row_bytes > size:
            raise _damaged(path, f"it ends in vector {row + 1} of {header.n_rows} of dimension {header.dim}")
        words.append(decode_word(data[at : start - 1].lstrip(b"\n")))
        starts.append(start)
        at = start + row_bytes
    return words, starts, at


def _read_text(path: Path, file: IO[bytes], header: _Header) -> tuple[list[str], FloatArray]:
    words: list[str] = []
    vectors = np.empty((header.n_rows, header.dim), np.float32)
    for lines in iter(lambda: file.readlines(_CHUNK_BYTES), []):
        row = len(words)
        n_wanted = header.n_rows - row
        if header.is_whole and any(line.strip() for line in lines[n_wanted:]):
            raise _damaged(path, f"more lines follow after {header.n_rows} vectors")
        if n_wanted == 0 and not header.is_whole:
            break
        words_read, vectors[row : row + n_wanted][: len(lines)] = _parse_lines(
            path, lines[:n_wanted], row=row, dim=header.dim
        )
        words += words_read
    if len(words) < header.n_rows:
        raise _damaged(path, f"it ends after {len(words)} of {header.n_rows} vectors")
    return words, vectors


def _parse_lines(path: Path, lines: list[bytes], *, row: int, dim: int) -> tuple[list[str], FloatArray]:
    """Return the words and vectors of lines, the first of which is row `row`; ValueError for a wrong line."""
    words, _, numbers = zip(*[line.partition(b" ") for line in lines])
    try:
        vectors = np.loadtxt(numbers, np.float32, comments=None, ndmin=2) if numbers[0].strip() else np.empty(0)
    except ValueError:
        vectors = np.empty(0)
    if vectors.shape != (len(lines), dim) or not np.isfinite(vectors).all():
        raise _first_flaw(path, numbers, row=row, dim=dim)
    return [decode_word(word) for word in words], vectors


def _first_flaw(path: Path, numbers: Sequence[bytes], *, row: int, dim: int) -> ValueError:
    """Return the error for the first wrong line."""
    for line_no, fields in enumerate(map(bytes.split, numbers), start=row + 2):
        if len(fields) != dim:
            return _damaged(path, f"line {line_no} has {len(fields)} numbers, not {dim}")
        wrong = [field for field in fields if not (_is_number(field) and abs(float(field)) <= _MAX_FLOAT)]
        if wrong:
            return _damaged(
                path, f"line {line_no} has {wrong[0].decode(errors='replace')!r} where a finite number belongs"
            )
    return _damaged(path, f"a line after line {row + 1} cannot be read")


Keys: TypeAlias = Sequence[str] | Sequence[int] | Vocab


def write_binary(path: Path, keys: Keys, vectors: FloatArray) -> None:
    """Write word2vec binary: word, space, float32[dim] little-endian, newline.

    Here as in `write_text`, ValueError for a key (empty, or with whitespace) or a vector (not finite) that the format
    cannot hold; the caller then removes the incomplete file.
    """
    row_bytes = 4 * vectors.shape[1]
    with open(path, "wb") as file:
        file.write(b"%d %d\n" % vectors.shape)
        for words, chunk in _chunks(keys, vectors):
            data = chunk.astype("<f4").tobytes()
            rows = zip(words, range(0, len(data), row_bytes))
            file.write(b"".join([b"%b %b\n" % (word, data[at : at + row_bytes]) for word, at in rows]))


def write_text(path: Path, keys: Keys, vectors: FloatArray) -> None:
    """Write word2vec text, with nine significant digits, which is exact for float32."""
    template = b"%b" + b" %.9g" * vectors.shape[1] + b"\n"
    with open(path, "wb") as file:
        file.write(b"%d %d\n" % vectors.shape)
        for words, chunk in _chunks(keys, vectors):
            file.write(b"".join([template % (word, *numbers) for word, numbers in zip(words, chunk.tolist())]))


def _chunks(keys: Keys, vectors: FloatArray) -> Iterator[tuple[list[bytes], FloatArray]]:
    """Yield checked words and vectors of a few rows at a time, so that memory does not grow with the vocabulary."""
    n_rows = max(1, _WRITE_BYTES // (_WORD_BYTES + 4 * vectors.shape[1]))
    for start in range(0, len(vectors), n_rows):
        chunk = slice(start, start + n_rows)
        words = keys.words(chunk) if isinstance(keys, Vocab) else [encode_key(key) for key in keys[chunk]]
        _check_rows(words, vectors[chunk], start)
        yield words, vectors[chunk]


def _check_rows(words: list[bytes], vectors: FloatArray, first_row: int) -> None:
    bad = next((row for row, word in enumerate(words) if word.split() != [word]), None)
    if bad is not None:
        flaw = f"key {decode_word(words[bad])!r} (row {first_row + bad}) is empty or holds whitespace"
        raise ValueError(f"{flaw}, which word2vec formats cannot hold; save as .safetensors instead")
    if not np.isfinite(vectors).all():
        bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ValueError(
            f"the vector of {decode_word(words[bad])!r} (row {first_row + bad}) is not finite; word2vec formats hold "
            "finite numbers only: train with a lower alpha, or save as .safetensors"
        )
