r"""Text files, read as blocks of bytes.

Words in files are separated by ASCII whitespace and a line is a sentence, as in word2vec.c; bytes are not decoded.
"""

from __future__ import annotations

import glob
import io
import logging
import os
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol

from fastw2v.corpus.blocks import BLOCK_BYTES, Block, blocks_of
from fastw2v.corpus.cuts import cut_lines, first_lines, one_line
from fastw2v.corpus.stored import StoredText, store
from fastw2v.corpus.tokenized import Tokens, checked_tokens
from fastw2v.corpus.utf8 import first_bad_line, not_utf8, with_ascii_spaces
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.runtime.warn import warn_user

logger = logging.getLogger("fastw2v")
StrPath = str | os.PathLike[str]
_JSON_CURE = (
    'name the field that holds the words: fastw2v.corpus.table_corpus(path, column="text"), '
    "or --column text on the command line"
)
_TABLE_CURE = (
    'of a table, read a column: fastw2v.corpus.table_corpus(path, column="text"), or --column text; of a table '
    "with an item in each row, group= and items="
)


class NoCorpusFileError(FileNotFoundError, TypeError):
    """A corpus file does not exist. A TypeError too, because gensim raises that."""


class OpenableText(Protocol):
    """A text that is somewhere else than in a file of its own, of `len()` bytes, whose name is `str()` of it."""

    def __len__(self) -> int: ...

    def opened(self) -> BinaryIO:
        """Return the text from its beginning; it is closed before the next call."""


Source = Path | bytes | StoredText | OpenableText


@dataclass(frozen=True)
class TextCorpus:
    """Text in files or in memory, made by `text_corpus`; read in order, in blocks of whole words.

    Parameters
    ----------
    sources : tuple of Path, bytes, or OpenableText such as StoredText
    limit : int, optional
        Read only so many lines of each source.
    max_sentence_length : int, optional
        Cut sentences after so many words. Default: a sentence has any length.
    is_one_line : bool
        Line ends of a source are whitespace like any other.
    python_spaces : bool
        Separate words at the whitespace of str.split, such as U+00A0, and not at that of ASCII alone.
    tokens : Tokens, optional
        How a text becomes tokens, where whitespace is not all that separates them.
    is_later_part : bool
        The sources are parts of plain texts, and others are before them: no byte order mark is looked for, nor what
        kinds of files they are.
    """

    sources: tuple[Source, ...]
    limit: int | None = None
    max_sentence_length: int | None = None
    is_one_line: bool = False
    python_spaces: bool = False
    tokens: Tokens | None = None
    is_later_part: bool = False

    @property
    def n_bytes(self) -> int:
        """Size of all sources in bytes; of compressed files, their compressed size."""
        return sum(map(_size, self.sources))

    def blocks(
        self, block_bytes: int = BLOCK_BYTES, progress: PhaseProgress | None = None
    ) -> Generator[Block, None, None]:
        r"""Yield the text in blocks.

        A block ends after whitespace. Each source ends with ``\n``, which is added if it is missing. A word longer than
        `block_bytes` makes its block longer. A byte order mark at the beginning of a source is left out.

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
            A file cannot be read, or is a damaged compressed file.
        ValueError
            A file is no UTF-8 text.
        ImportError
            A file is compressed by zstd, and no package is installed that unpacks it.
        """
        done, total = 0, self.n_bytes
        for source in self.sources:
            with _opened(source) as stream:
                for block in self._sentences(self._lines(stream, source, block_bytes)):
                    yield block
                    if progress is not None:
                        progress(done + stream.tell(), total)
            done += _size(source)
            if progress is not None and self.limit is not None:
                progress(done, total)

    def warn_not_utf8(self) -> None:
        """Warn of the first line that is not UTF-8, if there is one; reads the text up to it."""
        for source in self.sources:
            with _opened(source) as stream:
                line_no = first_bad_line(self._lines(stream, source, BLOCK_BYTES))
            if line_no is not None:
                warn_user(not_utf8(_name(source), line_no))
                return

    def _lines(self, stream: BinaryIO, source: Source, block_bytes: int) -> Iterable[Block]:
        """Yield the lines to read of one source, in blocks, as they are in the file."""
        blocks = blocks_of(stream, _name(source), block_bytes, is_later_part=self.is_later_part)
        return blocks if self.limit is None else first_lines(blocks, self.limit)

    def _sentences(self, blocks: Iterable[Block]) -> Iterable[Block]:
        """Yield the blocks of one source with a line for each sentence and ASCII whitespace between words."""
        if self.is_one_line:
            blocks = one_line(blocks)
        if self.python_spaces:
            blocks = with_ascii_spaces(blocks)
        if self.tokens is not None:
            blocks = self.tokens.of(blocks)
        if self.max_sentence_length is not None:
            blocks = cut_lines(blocks, self.max_sentence_length)
        return blocks


def _size(source: Source) -> int:
    return source.stat().st_size if isinstance(source, Path) else len(source)


def _name(source: Source) -> str:
    return "text in memory" if isinstance(source, bytes) else repr(str(source))


def _opened(source: Source) -> BinaryIO:
    if isinstance(source, Path):
        return open(source, "rb")
    return io.BytesIO(source) if isinstance(source, bytes) else source.opened()


def text_corpus(paths: StrPath | Iterable[StrPath], *, lower: bool = False, tokens: str | None = None) -> TextCorpus:
    """Make a corpus of text files, plain or compressed by gzip, bzip2, xz or zstd; the content tells which.

    Parameters
    ----------
    paths : path or list of paths
        Paths, or patterns with ``*``, ``?``, ``[...]`` or ``**``. Of a folder, all files directly in it are read, in
        the order of their names, other than hidden ones. What comes through a pipe is first copied to a temporary file.
    lower : bool
        Turn the text to lower case.
    tokens : str, optional
        A regular expression, such as ``[a-z]+``, each match of which within a line is a token, with "_" for whitespace
        inside; or "simple": the tokens of `simple_preprocess`. Default: words are what whitespace separates.

    Returns
    -------
    TextCorpus

    Raises
    ------
    NoCorpusFileError
        A file does not exist, or a pattern matches none.
    PermissionError
        A file may not be read.
    TypeError
        `paths` is neither a path nor a list of paths.
    ValueError
        The list or a folder is empty; a file holds JSON lines; or `tokens` is no regular expression.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastw2v.corpus import text_corpus
    >>> from fastw2v.encode import encode_corpus
    >>> _ = Path("raw.txt").write_text("Good film, good plot!")
    >>> encode_corpus(text_corpus("raw.txt", tokens="simple"), min_count=1)[0].keys
    ['good', 'film', 'plot']
    """
    how = checked_tokens(lower, tokens)
    files = list(chain.from_iterable(map(expanded_paths, given_paths(paths))))
    corpus = corpus_of_files(files, how)
    for source in corpus.sources:
        if isinstance(source, Path):
            warn_of_table(str(source))
    return corpus


def given_paths(paths: StrPath | Iterable[StrPath]) -> list[str]:
    """Return a path, or paths, as a list; raises as `text_corpus` where there is none, or something else."""
    if not isinstance(paths, str | os.PathLike | list | tuple):
        raise TypeError(f"corpus_file is {paths!r}; expected a path or a list of paths (tokens go to sentences)")
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise ValueError("no corpus file: got an empty list of paths, expected at least one")
    for path in given:
        if not isinstance(path, str | os.PathLike):
            kind = type(path).__name__
            raise TypeError(f"corpus_file holds a {kind}, {path!r:.60}; expected paths (lists of words are sentences)")
    return [os.fspath(path) for path in given]


def corpus_of_files(files: Iterable[Path], tokens: Tokens | None) -> TextCorpus:
    """Make a corpus of files that are there, without a word on those whose names are those of tables."""
    return TextCorpus(tuple(map(_source, files)), tokens=tokens)


def _source(file: Path) -> Source:
    """Return a file to read; what comes through a pipe is stored first, since it may be read twice."""
    if file.is_fifo():
        with open(file, "rb") as pipe:
            return store(pipe, str(file))
    check_readable(file)
    refuse_json_lines(str(file))
    return file


def warn_of_table(file: str, cure: str = _TABLE_CURE) -> None:
    """Warn of a file to be read as plain text whose name is that of a table."""
    if file.lower().removesuffix(".gz").endswith((".csv", ".tsv")):
        logger.warning("%s is read as plain text, a sentence a line; %s", file, cure)


def expanded_paths(path: str) -> list[Path]:
    """Return the file with this name, or the files of that folder; if there is none, those that match the pattern."""
    expanded = os.path.expanduser(path)
    if os.path.isdir(expanded):
        return _files_in(Path(expanded))
    if not glob.has_magic(expanded) or os.path.lexists(expanded):
        return [Path(expanded)]
    matches = [Path(match) for match in sorted(glob.glob(expanded, recursive=True)) if not os.path.isdir(match)]
    if not matches:
        raise NoCorpusFileError(f"no file matches {path!r} (from {os.getcwd()}); check the folder and the pattern")
    return matches


def _files_in(folder: Path) -> list[Path]:
    seen = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    files, n_folders = [file for file in seen if not file.is_dir()], sum(file.is_dir() for file in seen)
    cure = f"pass {str(folder / '**' / '*')!r} to read them" if n_folders else "check the path"
    if not files:
        raise ValueError(f"the folder {str(folder)!r} holds no file (subfolders are not looked into); {cure}")
    if n_folders:
        logger.warning("%d subfolders of %r are not looked into; %s", n_folders, str(folder), cure)
    return files


def check_readable(file: Path) -> None:
    """Raise OSError, with the cure, unless this is a file that may be read."""
    if not file.exists():
        raise NoCorpusFileError(f"no such corpus file: {str(file)!r} (from {os.getcwd()}); check the path")
    if file.is_dir():
        raise IsADirectoryError(f"{str(file)!r} is a folder, expected text files: pass {str(file / '*.txt')!r}")
    if not file.is_file():
        raise OSError(f"{str(file)!r} is a pipe or a device, not a file; save its content to a file")
    if not os.access(file, os.R_OK):
        raise PermissionError(f"corpus file {str(file)!r} may not be read; check its permissions (chmod u+r)")


def refuse_json_lines(file: str, cure: str = _JSON_CURE) -> None:
    """Raise ValueError for JSON lines, whose brackets and names would be words. Other tables have bytes that tell."""
    if file.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        raise ValueError(f"{file!r} holds JSON lines, not plain text; {cure}")
