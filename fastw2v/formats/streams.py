"""Streams of bytes from paths and file objects, unpacked as they are read; and files packed as they are written."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeAlias, cast

from fastw2v.runtime.files import existing_file

Source: TypeAlias = str | os.PathLike[str] | BinaryIO
BOM = b"\xef\xbb\xbf"


def _zstandard(mode: str) -> Callable[[Any], IO[bytes]]:
    """Return the function that packs or unpacks zstd; ImportError, with the cure, without a package for it."""
    try:
        import zstandard
    except ImportError as error:
        raise ImportError("files of zstd need a package: pip install zstandard, or unpack them with unzstd") from error
    return lambda file: cast(IO[bytes], zstandard.open(file, mode))


_UNPACK: dict[bytes, Callable[[Any], Any]] = {  # by the first bytes of a file
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": lambda file: _zstandard("rb")(file),
}
_PACK: dict[str, Callable[[Any], Any]] = {  # by the ending of a file's name
    ".gz": lambda file: gzip.GzipFile("", "wb", 6, file, 0),
    ".bz2": lambda file: bz2.BZ2File(file, "wb"),
    ".xz": lambda file: lzma.LZMAFile(file, "wb"),
    ".zst": lambda file: _zstandard("wb")(file),
}
PACKED_ENDINGS = tuple(_PACK)


def name_of(source: Source) -> str:
    """Return the name of a source for messages."""
    return str(source) if isinstance(source, str | os.PathLike) else str(getattr(source, "name", "the file object"))


@contextmanager
def reading(source: Source) -> Iterator[BinaryIO]:
    """Open a source; gzip, bzip2, xz and zstd are unpacked as the block reads, whatever the name says.

    Parameters
    ----------
    source : path or binary file object
        A file object is read from where it is, and stays open.

    Yields
    ------
    binary file object
        Buffered; it can be read once.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        There is no such file.
    TypeError
        The source is neither a path nor a binary file object.
    ValueError
        The file is empty, or is packed and damaged.
    """
    name = name_of(source)
    if not isinstance(source, str | os.PathLike) and not hasattr(source, "read"):
        raise TypeError(f"fname is a {type(source).__name__}; expected a path, or a file opened with 'rb'")
    is_path = isinstance(source, str | os.PathLike)
    file = open(existing_file(cast(Any, source)), "rb") if is_path else cast(BinaryIO, source)
    try:
        buffered = file if hasattr(file, "peek") else io.BufferedReader(_Raw(file))
        first = buffered.peek(8)[:8]
        unpack = next((unpack for magic, unpack in _UNPACK.items() if first.startswith(magic)), None)
        yield buffered if unpack is None else io.BufferedReader(unpack(buffered), 1 << 20)
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise ValueError(
            f"{name} is a damaged or truncated packed file ({error}); copy or download it again"
        ) from error
    finally:
        if is_path:
            file.close()


class _Raw(io.RawIOBase):
    """A file object that has only `read`, as the raw stream of a buffered one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        data = self._file.read(len(buffer))
        if isinstance(data, str):
            raise TypeError("the file object gives str; open the file with 'rb'")
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def writing(draft: Path, name: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a new file, packed as the ending of `name` says: .gz, .bz2, .xz or .zst; any other is not packed."""
    pack = _PACK.get(Path(name).suffix)
    with open(draft, "wb") as file:
        if pack is None:
            yield file
            return
        with pack(file) as packed:
            yield packed
