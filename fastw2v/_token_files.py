"""The two files of a token store, written block after block while the next block is made ready."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

from fastw2v._spool import write_all

T = TypeVar("T")
Rows = Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]


class _AtOnce(Executor):
    """Does a call when it is submitted, in this thread."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **options: Any) -> Future[T]:  # noqa: ANN401
        future: Future[T] = Future()
        future.set_result(fn(*args, **options))
        return future


def second_thread(workers: int) -> Executor:
    """One thread beside this one, if there are several workers; else this one."""
    return ThreadPoolExecutor(1, thread_name_prefix="fastw2v-encode") if workers > 1 else _AtOnce()


def write_tokens(blocks: Rows, writer: Executor) -> tuple[np.ndarray, np.ndarray, Path]:
    """Write a store: its ids, its starts, and the temporary folder of their files, which is the caller's to delete."""
    folder = Path(tempfile.mkdtemp(prefix="fastw2v-"))
    try:
        with (
            open(folder / "ids", "wb", buffering=0) as ids_file,
            open(folder / "starts", "wb", buffering=0) as starts_file,
        ):
            write_all(starts_file, np.zeros(1, np.int64))
            _write_blocks(blocks, ids_file, starts_file, writer)
        return _mapped(folder / "ids", np.int32), _mapped(folder / "starts", np.int64), folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write_blocks(blocks: Rows, ids_file: BinaryIO, starts_file: BinaryIO, writer: Executor) -> None:
    """Give each block its rows, while the one before it is written."""
    from fastw2v_kernels.encode.cpu import ids_to_rows

    def write(rows: np.ndarray, ends: np.ndarray) -> None:
        write_all(ids_file, rows)
        write_all(starts_file, ends)

    n_tokens = sentence_start = 0
    written: list[Future[None]] = []
    try:
        for ids, line_ends, row_of in blocks:
            rows, ends = np.empty(ids.size, np.int32), np.empty(line_ends.size, np.int64)
            n_rows, n_ends, sentence_start = ids_to_rows(ids, line_ends, row_of, rows, ends, n_tokens, sentence_start)
            while written:
                written.pop().result()
            written.append(writer.submit(write, rows[:n_rows], ends[:n_ends]))
            n_tokens += n_rows
    finally:
        wait(written)  # the files are closed next
    for future in written:
        future.result()


def _mapped(file: Path, dtype: type[np.generic]) -> np.ndarray:
    """Map a file as a plain array, writable like every other that a kernel is compiled for."""
    if file.stat().st_size == 0:
        return np.empty(0, dtype)
    return np.asarray(np.memmap(file, dtype, mode="r+"))
