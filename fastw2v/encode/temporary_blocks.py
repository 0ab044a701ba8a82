"""A temporary file that holds blocks of word ids until the vocabulary is known."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from fastw2v.runtime.temporary_files import temporary_file, write_all


class TemporaryBlocks:
    """Blocks of word ids and line ends: appended to a temporary file, then each read once.

    The file is deleted when all blocks have been read, at `close`, or with the object.
    """

    def __init__(self) -> None:
        self._file = temporary_file()
        self._n_bytes = self._n_unread = 0
        self._lock = threading.Lock()

    def write(self, ids: np.ndarray, line_ends: np.ndarray) -> StoredBlock:
        """Append one block: ids int32[n_ids], line_ends int64[n_line_ends]."""
        block = StoredBlock(self, self._n_bytes, len(ids), len(line_ends))
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
class StoredBlock:
    """The position of one block in its file."""

    blocks: TemporaryBlocks
    offset: int
    n_ids: int
    n_line_ends: int

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ids int32[n_ids] and line_ends int64[n_line_ends]."""
        return self.blocks.read(self.offset, self.n_ids, self.n_line_ends)
