"""Streams of bytes from paths and file objects, unpacked as they are read; and files packed as they are written."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeAlias, cast

from fastw2v.runtime.compressed import DamagedFileError, unpacked
from fastw2v.runtime.files import existing_file

Source: TypeAlias = str | os.PathLike[str] | BinaryIO
BOM = b"\xef\xbb\xbf"


def _zstandard(mode: str) -> Callable[[Any], IO[bytes]]:
    """Return the function that packs zstd; ImportError, with the cure, without Python 3.14 or a package for it."""
    try:
        module = import_module("compression.zstd")
        return lambda file: cast(IO[bytes], module.open(file, mode))
    except ImportError:
        pass
    try:
        import zstandard
    except ImportError as error:
        raise ImportError("files of zstd need a package: pip install zstandard, or unpack them with unzstd") from error
    return lambda file: cast(IO[bytes], zstandard.open(file, mode))


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
    try:
        if isinstance(source, str | os.PathLike):
            with open(existing_file(source), "rb") as file, unpacked(file, name) as stream:
                yield stream
        elif hasattr(source, "read"):
            with unpacked(source, name) as stream:
                yield stream
        else:
            raise TypeError(f"fname is a {type(source).__name__}; expected a path, or a file opened with 'rb'")
    except DamagedFileError as error:
        raise ValueError(str(error)) from error
    except UnicodeDecodeError as error:
        flaw = f"words that are no {error.encoding} ({error.reason})"
        raise ValueError(f"{name} has {flaw}; pass its encoding") from error


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
