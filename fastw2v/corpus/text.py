r"""Text files, read as blocks of bytes.

Words in files are separated by ASCII whitespace and a line is a sentence, as in word2vec.c; bytes are not decoded.
"""

from __future__ import annotations

import glob
import gzip
import io
import os
import re
import zlib
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from fastw2v.runtime.progress import PhaseProgress
from fastw2v_kernels.encode import padded_size

BLOCK_BYTES = 2 << 20
_GZIP_MAGIC = b"\x1f\x8b\x08"
_NO_TEXT = {  # first bytes of files that are not UTF-8 text, and the cure
    rb"BZh[1-9]1AY&": "is compressed by bzip2; unpack it with bunzip2",
    rb"\xfd7zXZ\0": "is compressed by xz; unpack it with unxz",
    rb"PK\x03\x04": "is a zip archive; unpack it",
    rb"\x28\xb5\x2f\xfd": "is compressed by zstd; unpack it with unzstd",
    rb"\xff\xfe[^\0]\0|\xfe\xff\0[^\0]": "is UTF-16 text; convert it: iconv -f UTF-16 -t UTF-8",
}
_IS_SEPARATOR = np.isin(np.arange(256), list(b" \t\n\r\v\f"))

Block = tuple[np.ndarray, int]
StrPath = str | os.PathLike[str]


class NoCorpusFileError(FileNotFoundError, TypeError):
    """A corpus file does not exist. A TypeError too, because gensim raises that."""


@dataclass(frozen=True)
class TextCorpus:
    """Text in files or in memory, made by `text_corpus`; read in order, in blocks of whole words."""

    sources: tuple[Path | bytes, ...]

    @property
    def n_bytes(self) -> int:
        """Size of all sources in bytes; of compressed files, their compressed size."""
        return sum(len(s) if isinstance(s, bytes) else s.stat().st_size for s in self.sources)

    def blocks(
        self, block_bytes: int = BLOCK_BYTES, progress: PhaseProgress | None = None
    ) -> Generator[Block, None, None]:
        r"""Yield the text in blocks.

        A block ends after whitespace. Each source ends with ``\n``, which is added if it is missing. A word longer than
        `block_bytes` makes its block longer.

        Parameters
        ----------
        block_bytes : int
            Size of a block, about.
        progress : callable, optional
            Called as ``progress(bytes_done, bytes_total)`` after each block.

        Yields
        ------
        text : uint8[padded_size(n_bytes)]
            Padded with spaces.
        n_bytes : int
            The length without the padding.

        Raises
        ------
        OSError
            A file cannot be read, or is a damaged gzip file.
        ValueError
            A file is compressed by another tool, or is no UTF-8 text.
        """
        done, total = 0, self.n_bytes
        for source in self.sources:
            with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as stream:
                for block in _blocks_of(stream, source, block_bytes):
                    yield block
                    if progress is not None:
                        progress(done + stream.tell(), total)
                done += stream.tell()


def text_corpus(paths: StrPath | Iterable[StrPath]) -> TextCorpus:
    """Make a corpus of text files, plain or gzipped; the content tells which.

    Parameters
    ----------
    paths : path or list of paths
        Paths, or patterns with ``*``, ``?``, ``[...]`` or ``**``.

    Returns
    -------
    TextCorpus

    Raises
    ------
    NoCorpusFileError
        A file does not exist, or a pattern matches none.
    IsADirectoryError, PermissionError
        A path is a folder, or may not be read.
    TypeError
        `paths` is neither a path nor a list of paths.
    ValueError
        The list is empty.
    """
    if not isinstance(paths, str | os.PathLike | list | tuple):
        raise TypeError(f"corpus_file is {paths!r}; expected a path or a list of paths (tokens go to sentences)")
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise ValueError("no corpus file: got an empty list of paths, expected at least one")
    files = list(chain.from_iterable(_expand(os.fspath(path)) for path in given))
    for file in files:
        _check_readable(file)
    return TextCorpus(tuple(files))


def _expand(path: str) -> list[Path]:
    """Return the file with this name; if there is none, the sorted files that match the pattern."""
    expanded = os.path.expanduser(path)
    if not glob.has_magic(expanded) or os.path.lexists(expanded):
        return [Path(expanded)]
    matches = [Path(match) for match in sorted(glob.glob(expanded, recursive=True)) if not os.path.isdir(match)]
    if not matches:
        raise NoCorpusFileError(f"no file matches {path!r} (from {os.getcwd()}); check the folder and the pattern")
    return matches


def _check_readable(file: Path) -> None:
    """Raise OSError, with the cure, unless this is a file that may be read."""
    if not file.exists():
        raise NoCorpusFileError(f"no such corpus file: {str(file)!r} (from {os.getcwd()}); check the path")
    if file.is_dir():
        raise IsADirectoryError(f"{str(file)!r} is a folder, expected text files: pass {str(file / '*.txt')!r}")
    if not file.is_file():
        raise OSError(f"{str(file)!r} is a pipe or a device, not a file; save its content to a file")
    if not os.access(file, os.R_OK):
        raise PermissionError(f"corpus file {str(file)!r} may not be read; check its permissions (chmod u+r)")


def _blocks_of(stream: BinaryIO, source: Path | bytes, block_bytes: int) -> Generator[Block, None, None]:
    """Yield the blocks of one source, unpacked if it is gzipped."""
    name = "text in memory" if isinstance(source, bytes) else repr(str(source))
    first = stream.read(8)
    stream.seek(0)
    for pattern, cure in _NO_TEXT.items():
        if re.match(pattern, first):
            raise ValueError(f"{name} {cure}; expected UTF-8 text, or such text compressed by gzip")
    if not first.startswith(_GZIP_MAGIC):
        yield from _cut(stream, block_bytes)
        return
    try:
        with gzip.open(stream) as unpacked:
            yield from _cut(cast(BinaryIO, unpacked), block_bytes)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise OSError(f"{name} is a damaged or truncated gzip file ({error}); fetch it again") from error


def _cut(stream: BinaryIO, block_bytes: int) -> Generator[Block, None, None]:
    """Read a stream in blocks that end after whitespace; bytes after the last whitespace begin the next block."""
    rest, n_wanted = np.empty(0, np.uint8), block_bytes
    while True:
        block = np.empty(padded_size(n_wanted + 1), np.uint8)
        block[: rest.size] = rest
        n_read = rest.size + _read_into(stream, memoryview(block.data)[rest.size : n_wanted])
        at_end = n_read < n_wanted
        block[n_read] = ord("\n")
        n_bytes = n_read + 1 if at_end else _after_last_separator(block[:n_read])
        rest = block[n_bytes:n_read].copy()
        n_wanted = max(block_bytes, 2 * rest.size)
        if n_bytes:
            text = block[: padded_size(n_bytes)]
            text[n_bytes:] = ord(" ")
            yield text, n_bytes
        if at_end:
            return


def _read_into(stream: BinaryIO, buffer: memoryview) -> int:
    """Fill `buffer` from the stream; return the number of bytes, which is smaller only at the end of the stream."""
    n_read = 0
    while n_read < len(buffer) and (n_new := stream.readinto(buffer[n_read:])):  # type: ignore[attr-defined]
        n_read += n_new
    return n_read


def _after_last_separator(data: np.ndarray) -> int:
    """Return the position after the last whitespace byte, 0 if there is none; searches from the end."""
    window = 256
    while True:
        tail = data[max(0, data.size - window) :]
        found = np.flatnonzero(_IS_SEPARATOR[tail])
        if found.size:
            return int(data.size - tail.size + found[-1] + 1)
        if window >= data.size:
            return 0
        window *= 16
