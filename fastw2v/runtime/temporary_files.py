"""Temporary files without a name: nothing is left when the process is killed."""

from __future__ import annotations

import errno
import tempfile
from typing import BinaryIO, cast

import numpy as np


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
