"""What writers take from vectors: keys and rows, some at a time, of the type in which they are stored."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.vectors.key_table import KeyTable, keys_to_save
from fastw2v.vocab import Vocab

logger = logging.getLogger("fastw2v")
CHUNK_BYTES = 1 << 20  # of vectors that writers hold at a time
_LEVELS = 127  # of int8, on each side of 0


class StoredRows:
    """The rows of a matrix as float16 or int8, made when they are asked for.

    Parameters
    ----------
    matrix : float[n_rows, dim]
    dtype : float16 or int8
        int8 has `scales`: a number is off by at most half a step, which is the largest number of its row / 127.

    Raises
    ------
    ValueError
        When rows are asked for: a number is not finite, for int8, or greater than float16 holds.
    """

    def __init__(self, matrix: FloatArray, dtype: npt.DTypeLike) -> None:
        self._matrix, self.dtype, self.shape = matrix, np.dtype(dtype), matrix.shape
        self.nbytes = matrix.size * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._matrix)

    def __getitem__(self, rows: slice) -> Array:
        chunk = self._matrix[rows]
        if self.dtype == np.int8:
            scales = _scales(chunk)[:, None]
            steps = np.divide(chunk, scales, out=np.zeros_like(chunk), where=scales > 0)
            return np.clip(np.rint(steps), -_LEVELS, _LEVELS).astype(np.int8)
        with np.errstate(over="ignore"):
            narrow = chunk.astype(self.dtype)
        if np.isinf(narrow[np.isfinite(chunk)]).any():
            most = np.abs(chunk[np.isfinite(chunk)]).max()
            raise ValueError(
                f"vectors have numbers up to {most:g}, and float16 holds none above 65504; leave out dtype"
            )
        return narrow

    def scales(self) -> FloatArray:
        """Return what the int8 numbers of each row are to be multiplied by, float32[n_rows]."""
        return _scales(self._matrix)


def _scales(rows: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", invalid="ignore"):
        scales = np.asarray(np.maximum(rows.max(axis=1), -rows.min(axis=1)) / _LEVELS, np.float32)
    if not np.isfinite(scales).all():
        bad = int(np.flatnonzero(~np.isfinite(scales))[0])
        raise ValueError(f"row {bad} has NaN or infinite numbers, which int8 cannot hold; save without dtype")
    return scales


def stored(kv: KeyTable, dtype: str | None) -> FloatArray | StoredRows:
    """Return the rows in the type in which they are to be stored: None for their own, or a name of NumPy."""
    matrix = kv.matrix
    return matrix if dtype is None or matrix.dtype == np.dtype(dtype) else StoredRows(matrix, dtype)


def row_chunks(rows: FloatArray | StoredRows, n_bytes: int | None = None) -> Iterator[Array]:
    """Yield some rows at a time, of `n_bytes` or, by default, a megabyte, in C order."""
    for chunk in _chunks(rows, n_bytes):
        yield np.ascontiguousarray(rows[chunk])


def key_chunks(kv: KeyTable, rows: FloatArray | StoredRows, n_bytes: int | None = None) -> Iterator[list[Any]]:
    """Yield the keys of the rows that `row_chunks` yields; ValueError if a key occurs twice."""
    keys = keys_to_save(kv)
    for chunk in _chunks(rows, n_bytes):
        yield keys.take(np.arange(chunk.start, chunk.stop)).keys if isinstance(keys, Vocab) else keys[chunk]


def keys_of(kv: KeyTable) -> Iterator[Any]:
    """Yield each key, without a list of them all; ValueError if a key occurs twice."""
    return chain.from_iterable(key_chunks(kv, kv.matrix))


def _chunks(rows: FloatArray | StoredRows, n_bytes: int | None) -> Iterator[slice]:
    n_rows = max(1, (n_bytes or CHUNK_BYTES) // max(1, rows.nbytes // max(1, len(rows))))
    return (slice(start, min(start + n_rows, len(rows))) for start in range(0, len(rows), n_rows))


def say_keys_become_words(kv: KeyTable, path: str | PathLike[str]) -> None:
    """Log that the integer keys, if that is what they are, are words in a file of words."""
    if kv.is_integer:
        logger.warning("%s: integer keys become words in this format; save as .safetensors to keep them", path)
