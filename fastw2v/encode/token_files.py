"""The two files of a token store: blocks are given their rows in several threads, and written where they belong."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import BinaryIO

import numpy as np

from fastw2v.runtime.temporary_files import temporary_file, write_all
from fastw2v.runtime.worker_pool import run_tasks

# What reads a block's ids and line ends, in any thread; and the row of each id, -1 for none.
Unread = tuple[Callable[[], tuple[np.ndarray, np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class _Place:
    """How much of the store lies before a block, and where the sentence that is open there began."""

    n_rows: int = 0
    n_ends: int = 0
    open_at: int = 0


def write_tokens(
    blocks: Iterable[Unread], workers: int, beside: Iterable[Callable[[], None]] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Write a store in several threads, which also do what is to be done beside; return its ids and starts, mapped."""
    with temporary_file() as ids_file, temporary_file() as starts_file:
        write_all(starts_file, np.zeros(1, np.int64))
        run_tasks(chain(beside, _tasks(blocks, _Writer(ids_file), _Writer(starts_file))), workers)
        return _mapped(ids_file, np.int32), _mapped(starts_file, np.int64)


class _Writer:
    """Writes into a file at any place, one thread at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def write(self, position: int, array: np.ndarray) -> None:
        with self._lock:
            self._file.seek(position * array.itemsize)
            write_all(self._file, array)


def _tasks(blocks: Iterable[Unread], ids: _Writer, starts: _Writer) -> Iterator[Callable[[], None]]:
    """Yield a task for each block; it awaits its place from the one before, which has begun, and hands on the next."""
    before: Future[_Place] = Future()
    before.set_result(_Place())
    for block in blocks:
        after: Future[_Place] = Future()
        yield partial(_store, block, before, after, ids, starts)
        before = after


def _store(block: Unread, before: Future[_Place], after: Future[_Place], ids: _Writer, starts: _Writer) -> None:
    """Give one block its rows, and write it."""
    try:
        read, row_of = block
        rows, ends = _rows_of(*read(), row_of)
        place = before.result()
        ends += place.n_rows
        if ends.size and ends[0] == place.open_at:  # a line ends here, but no word since the last end has a row
            ends = ends[1:]
        open_at = int(ends[-1]) if ends.size else place.open_at
        after.set_result(_Place(place.n_rows + rows.size, place.n_ends + ends.size, open_at))
    finally:
        after.cancel()  # does nothing once there is a result; else the blocks after this one are cancelled in turn
    ids.write(place.n_rows, rows)
    starts.write(1 + place.n_ends, ends)


def _rows_of(ids: np.ndarray, line_ends: np.ndarray, row_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a block's rows, and where in them lines end; the first may end one that has no word in this block."""
    from fastw2v_kernels.ids_to_rows.cpu import ids_to_rows_cpu

    rows, ends = np.empty(ids.size, np.int32), np.empty(line_ends.size, np.int64)
    n_written = np.empty(2, np.int64)
    ids_to_rows_cpu(ids, line_ends, row_of, rows=rows, ends=ends, n_written=n_written)
    n_rows, n_ends = n_written.tolist()
    return rows[:n_rows], ends[:n_ends]


def _mapped(file: BinaryIO, dtype: type[np.generic]) -> np.ndarray:
    """Map a file as a plain array, writable like every other that a kernel is compiled for; it may be closed then."""
    if file.seek(0, os.SEEK_END) == 0:
        return np.empty(0, dtype)
    return np.asarray(np.memmap(file, dtype, mode="r+"))
