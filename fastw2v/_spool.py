"""A temporary file that holds encoded blocks until the vocabulary is known."""

from __future__ import annotations

import errno
import tempfile
import threading
from dataclasses import dataclass
from typing import BinaryIO, cast

import numpy as np


class Spool:
    """Blocks of ids and line ends, appended to a temporary file, then read once each.

    The file vanishes when all have been read, at `close`, or with the object.
    """

    def __init__(self) -> None:
        self._file = temporary_file()
        self._n_bytes = self._n_unread = 0
        self._lock = threading.Lock()

    def write(self, ids: np.ndarray, line_ends: np.ndarray) -> SpooledBlock:
        """Append one block: ids int32[n_ids], line_ends int64[n_line_ends]."""
        block = SpooledBlock(self, self._n_bytes, len(ids), len(line_ends))
        write_all(self._file, ids)
        write_all(self._file, line_ends)
        self._n_bytes += ids.nbytes + line_ends.nbytes
        self._n_unread += 1
        return block

    def read(self, offset: int, n_ids: int, n_line_ends: int) -> tuple[np.ndarray, np.ndarray]:
        """Read one block back, in any thread."""
        with self._lock:
            self._file.seek(offset)
            ids = np.fromfile(self._file, np.int32, n_ids)
            line_ends = np.fromfile(self._file, np.int64, n_line_ends)
            self._n_unread -= 1
            if self._n_unread == 0:
                self.close()
            return ids, line_ends

    def close(self) -> None:
        """Delete the file."""
        self._file.close()


@dataclass(frozen=True)
class SpooledBlock:
    """Where one block lies."""

    spool: Spool
    offset: int
    n_ids: int
    n_line_ends: int

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ids int32[n_ids] and line_ends int64[n_line_ends]."""
        return self.spool.read(self.offset, self.n_ids, self.n_line_ends)


def temporary_file() -> BinaryIO:
    """Open a file that has no name, or on Windows one that goes with its handles: a killed process leaves nothing."""
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(prefix="fastw2v-", buffering=0))
    except OSError as error:
        if error.errno == errno.EMFILE:
            error.add_note("each worker that reads text has a file open: pass fewer workers, or raise `ulimit -n`")
        raise


def write_all(file: BinaryIO, array: np.ndarray) -> None:
    """Write an array's bytes to an unbuffered file; a full disk is an OSError that names the cure."""
    left = memoryview(np.ascontiguousarray(array).data).cast("B") if array.size else memoryview(b"")
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        error.add_note(f"the temporary folder {tempfile.gettempdir()!r} is full? Set TMPDIR to a folder with more room")
        raise
