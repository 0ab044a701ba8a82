"""The two files of a token store: threads turn blocks of word ids into vocabulary rows, and write them in order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import BinaryIO, NamedTuple

import numpy as np

from fastw2v.runtime.temporary_files import temporary_file, write_all
from fastw2v.runtime.worker_pool import run_tasks


class EncodedBlock(NamedTuple):
    """A block of sentences as word ids, before they become vocabulary rows.

    Attributes
    ----------
    read : callable
        Returns the word ids, int32[n_ids], and the positions in them where sentences end, int64[n_ends]; may be called
        in any thread.
    row_of : int32[n_words]
        The vocabulary row of each word id, -1 for a word without a row.
    """

    read: Callable[[], tuple[np.ndarray, np.ndarray]]
    row_of: np.ndarray


def write_tokens(
    blocks: Iterable[EncodedBlock], workers: int, other_tasks: Iterable[Callable[[], None]] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Write a token store with several threads, and run `other_tasks` in the same threads.

    Returns
    -------
    ids : int32[n_tokens], memory-mapped
    starts : int64[n_sentences + 1], memory-mapped
    """
    with temporary_file() as ids_file, temporary_file() as starts_file:
        write_all(starts_file, np.zeros(1, np.int64))
        store = _TokenFiles(_Writer(ids_file), _Writer(starts_file))
        run_tasks(chain(other_tasks, _write_tasks(blocks, store)), workers)
        return _mapped(ids_file, np.int32), _mapped(starts_file, np.int64)


@dataclass(frozen=True)
class _Position:
    """Where a block goes: the rows and sentence ends written before it, and where its first sentence starts."""

    n_rows: int = 0
    n_ends: int = 0
    sentence_start: int = 0


class _Writer:
    """Writes into a file at any position, one thread at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def write(self, position: int, array: np.ndarray) -> None:
        with self._lock:
            self._file.seek(position * array.itemsize)
            write_all(self._file, array)


class _TokenFiles(NamedTuple):
    """The files of `Tokens.ids` and `Tokens.starts`."""

    ids: _Writer
    starts: _Writer

    def write(self, position: _Position, rows: np.ndarray, ends: np.ndarray) -> None:
        self.ids.write(position.n_rows, rows)
        self.starts.write(1 + position.n_ends, ends)


def _write_tasks(blocks: Iterable[EncodedBlock], store: _TokenFiles) -> Iterator[Callable[[], None]]:
    """Yield one task per block; each waits for its position from the task before, and sets that of the next."""
    position: Future[_Position] = Future()
    position.set_result(_Position())
    for block in blocks:
        next_position: Future[_Position] = Future()
        yield partial(_write_block, block, store, position=position, next_position=next_position)
        position = next_position


def _write_block(
    block: EncodedBlock, store: _TokenFiles, *, position: Future[_Position], next_position: Future[_Position]
) -> None:
    """Turn the ids of a block into rows, wait for its position, and write it there."""
    try:
        rows, ends = _rows_of(*block.read(), block.row_of)
        start = position.result()
        ends += start.n_rows
        if ends.size and ends[0] == start.sentence_start:  # no word of this sentence has a row: it is left out
            ends = ends[1:]
        sentence_start = int(ends[-1]) if ends.size else start.sentence_start
        next_position.set_result(_Position(start.n_rows + rows.size, start.n_ends + ends.size, sentence_start))
    finally:
        next_position.cancel()  # without effect once the result is set; after an error it cancels the later blocks
    store.write(start, rows, ends)


def _rows_of(ids: np.ndarray, line_ends: np.ndarray, row_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a block's rows, and where in them lines end; the first may end one that has no word in this block."""
    from fastw2v_kernels.ids_to_rows.cpu import ids_to_rows_cpu

    rows, ends = np.empty(ids.size, np.int32), np.empty(line_ends.size, np.int64)
    n_written = np.empty(2, np.int64)
    ids_to_rows_cpu(ids, line_ends, row_of, rows=rows, ends=ends, n_written=n_written)
    n_rows, n_ends = n_written.tolist()
    return rows[:n_rows], ends[:n_ends]


def _mapped(file: BinaryIO, dtype: type[np.generic]) -> np.ndarray:
    """Map a file as a plain writable array, the type kernels are compiled for; the file may be closed then."""
    if file.seek(0, os.SEEK_END) == 0:
        return np.empty(0, dtype)
    return np.asarray(np.memmap(file, dtype, mode="r+"))
