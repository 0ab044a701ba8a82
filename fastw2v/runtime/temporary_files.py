"""Temporary files without a name: when the process ends, however it ends, they are gone."""

from __future__ import annotations

import errno
import tempfile
from typing import BinaryIO, cast

import numpy as np


def temporary_file() -> BinaryIO:
    """Open an unbuffered temporary file for reading and writing; it is deleted when it is closed.

    The file has no name, so that even a killed process leaves nothing. (Windows deletes it with the last handle.)

    Raises
    ------
    OSError
        The file cannot be made; where too many files are open, a note says what to do.
    """
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(prefix="fastw2v-", buffering=0))
    except OSError as error:
        if error.errno == errno.EMFILE:
            error.add_note("each worker that reads text has a file open: pass fewer workers, or raise `ulimit -n`")
        raise


def write_all(file: BinaryIO, array: np.ndarray) -> None:
    """Write all bytes of an array to an unbuffered file; see `write_bytes`."""
    write_bytes(file, memoryview(np.ascontiguousarray(array).data).cast("B") if array.size else b"")


def write_bytes(file: BinaryIO, data: bytes | memoryview) -> None:
    """Write all bytes to an unbuffered file.

    Raises
    ------
    OSError
        Most often the disk is full; a note names the folder and says what to do.
    """
    left = memoryview(data)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        error.add_note(f"the temporary folder {tempfile.gettempdir()!r} is full? Set TMPDIR to a folder with more room")
        raise
