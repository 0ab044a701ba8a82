"""Compressed files, unpacked while they are read: gzip, bzip2, xz and zstd. The content tells which, not the name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER_BYTES = 1 << 17
_ZSTD_INPUT_BYTES = 1 << 10  # so few at once, because a frame may unpack to 32,000 times its size


class DamagedFileError(OSError):
    """A compressed file is damaged or cut off."""


class _Kind(NamedTuple):
    """A kind of compression: its name, the first bytes of its files, and what opens a stream.

    `open` returns the unpacked stream, and the errors of a damaged file.
    """

    name: str
    first_bytes: bytes
    open: Callable[[BinaryIO, str], tuple[BinaryIO, tuple[type[Exception], ...]]]


@contextmanager
def unpacked(stream: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Open what a stream holds: the unpacked content of a compressed file, or the stream itself.

    Memory does not grow with the content.

    Parameters
    ----------
    stream : binary file
        It need not have seek, nor be at its beginning.
    name : str
        Names the file in error messages.

    Raises
    ------
    DamagedFileError
        A compressed file is damaged or cut off.
    ImportError
        The file is compressed by zstd, and no package is installed that unpacks it.

    Examples
    --------
    >>> import bz2, io
    >>> with unpacked(io.BytesIO(bz2.compress(b"some text")), "'a file'") as text:
    ...     text.read()
    b'some text'
    """
    first = stream.read(16)
    if isinstance(first, str):
        raise TypeError(f"{name} gives str; open the file with 'rb'")
    if hasattr(stream, "seekable") and stream.seekable():
        stream.seek(-len(first), io.SEEK_CUR)
    else:
        stream = cast(BinaryIO, io.BufferedReader(Prefixed(first, stream), _BUFFER_BYTES))
    kind = next((kind for kind in _KINDS if re.match(kind.first_bytes, first)), None)
    if kind is None:
        yield stream
        return
    file, errors = kind.open(stream, name)
    try:
        with file:
            yield file
    except errors as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the disk, not of the content
            raise
        message = f"{name} is a damaged or truncated {kind.name} file ({error}); fetch it again"
        raise DamagedFileError(message) from error


def is_compressed(first: bytes) -> bool:
    """Whether a file with these first bytes, 16 or more, is one that `unpacked` unpacks."""
    return any(re.match(kind.first_bytes, first) for kind in _KINDS)


class Prefixed(io.RawIOBase):
    """A stream whose first bytes were read already.

    Parameters
    ----------
    prefix : bytes
    stream : binary file
        With what follows; `read` is enough.
    """

    def __init__(self, prefix: bytes, stream: BinaryIO) -> None:
        super().__init__()
        self._prefix, self._stream = prefix, stream

    def readable(self) -> bool:
        """Whether `readinto` works: always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Write the next bytes into `buffer`; return how many, 0 at the end."""
        target = memoryview(buffer).cast("B")
        data = self._prefix[: len(target)] or self._stream.read(len(target))
        self._prefix = self._prefix[len(target) :]
        target[: len(data)] = data
        return len(data)


def _open_gzip(stream: BinaryIO, _: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    return cast(BinaryIO, gzip.open(stream)), (EOFError, gzip.BadGzipFile, zlib.error)


def _open_bzip2(stream: BinaryIO, _: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    return cast(BinaryIO, bz2.open(stream)), (EOFError, OSError)


def _open_xz(stream: BinaryIO, _: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    return cast(BinaryIO, lzma.open(stream)), (EOFError, lzma.LZMAError)


def _open_zstd(stream: BinaryIO, name: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    """Use Python 3.14's module if there is one, otherwise the package zstandard."""
    try:
        module = import_module("compression.zstd")
        return module.open(stream), (EOFError, module.ZstdError)
    except ImportError:
        pass
    try:
        module = import_module("zstandard")
    except ImportError as error:
        cure = "pip install zstandard, or unpack it with unzstd (Python 3.14 needs neither)"
        raise ImportError(f"{name} is compressed by zstd, which this Python does not unpack: {cure}") from error
    frames = _ZstdFrames(stream, module.ZstdDecompressor().decompressobj)
    return cast(BinaryIO, io.BufferedReader(frames)), (EOFError, module.ZstdError)


class _ZstdFrames(io.RawIOBase):
    """The unpacked frames of a zstd file; unlike the package's own reader, it finds that the last one is cut off.

    Parameters
    ----------
    stream : binary file
    new_frame : callable
        Returns a decompressor of one frame.
    """

    def __init__(self, stream: BinaryIO, new_frame: Callable[[], Any]) -> None:
        super().__init__()
        self._stream = stream
        self._new_frame = new_frame
        self._frame: Any = None
        self._packed = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Whether `readinto` works: always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Write the next bytes into `buffer`; return how many, 0 at the end."""
        while not self._ready:
            self._packed = self._packed or self._stream.read(_ZSTD_INPUT_BYTES)
            if not self._packed and self._frame is not None:
                raise EOFError("it ends inside a frame")
            if not self._packed:
                return 0
            self._unpack()
        target = memoryview(buffer).cast("B")
        n_bytes = min(len(target), len(self._ready))
        target[:n_bytes], self._ready = self._ready[:n_bytes], self._ready[n_bytes:]
        return n_bytes

    def _unpack(self) -> None:
        frame = self._new_frame() if self._frame is None else self._frame
        self._ready = memoryview(frame.decompress(self._packed))
        self._packed, self._frame = (frame.unused_data, None) if frame.eof else (b"", frame)


_KINDS = (
    _Kind("gzip", rb"\x1f\x8b\x08", _open_gzip),
    _Kind("bzip2", rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", _open_bzip2),
    _Kind("xz", rb"\xfd7zXZ\0", _open_xz),
    _Kind("zstd", rb"\x28\xb5\x2f\xfd", _open_zstd),
)
