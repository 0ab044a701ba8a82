"""Text from a pipe, stored in a temporary file, because it may be read more than once."""

from __future__ import annotations

import os
from typing import BinaryIO
from weakref import finalize

from fastw2v.runtime.temporary_files import temporary_file, write_bytes

_CHUNK_BYTES = 1 << 20


class StoredText:
    """A text in a temporary file, made by `store`; the file is deleted with this object.

    Parameters
    ----------
    file : binary file
    name : str
        Where the text came from, for messages.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        finalize(self, file.close)

    def __len__(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def __str__(self) -> str:
        return self._name

    def opened(self) -> BinaryIO:
        """Return the text from its beginning; close it before the next call."""
        self._file.seek(0)
        return os.fdopen(os.dup(self._file.fileno()), "rb")


def store(stream: BinaryIO, name: str) -> StoredText:
    """Read a stream to its end, and store it.

    Raises
    ------
    OSError
        The temporary folder is full.
    """
    file = temporary_file()
    while chunk := stream.read(_CHUNK_BYTES):
        write_bytes(file, chunk)
    return StoredText(file, name)
