"""Sentences of text files, under gensim's names: one on each line, of all files of a folder, of text8, of Brown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO

from fastw2v.config import number
from fastw2v.corpus.blocks import BYTE_ORDER_MARK, blocks_of, refuse_no_text
from fastw2v.corpus.text import TextCorpus, check_readable
from fastw2v.corpus.utf8 import not_utf8
from fastw2v.runtime.compressed import unpacked
from fastw2v.runtime.warn import warn_user
from fastw2v.runtime.word_bytes import escaped

MAX_SENTENCE_LENGTH = 10_000
_PART_BYTES = 1 << 16
StrPath = str | os.PathLike[str]


class LineSentence:
    r"""The sentences of a text file: a line is a sentence, and whitespace separates its words.

    As the input of `Word2Vec`, a file is not read by this class but by the compiled reader of ``corpus_file``, with the
    same sentences and at its speed. Words are separated as `str.split` does, as in gensim: also at U+00A0, U+0085,
    U+3000 and the other spaces of Unicode. ``corpus_file`` separates at ASCII whitespace alone. A text in which such
    spaces occur is read twice.

    Unlike gensim's, it drops a byte order mark at the beginning of the file; and a line that is not UTF-8 is no error
    but a warning, its bytes become private characters, as those of ``corpus_file`` do.

    Parameters
    ----------
    source : path or file object
        A file, plain or compressed by gzip, bzip2, xz or zstd (the content tells which); or an open file of bytes or
        str, that has `seek`. A file object is read line by line in Python.
    max_sentence_length : int >= 1
        Longer sentences are cut into pieces of so many words.
    limit : int >= 0, optional
        Read only so many lines.

    Attributes
    ----------
    source, max_sentence_length, limit
        As given.

    Raises
    ------
    TypeError, ValueError
        An argument is of another type, or out of its range.
    OSError
        When iterated: the file does not exist, cannot be read, or is a damaged compressed file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastw2v.corpus import LineSentence
    >>> _ = Path("lines.txt").write_text("to be or not to be\nthat is the question\n")
    >>> list(LineSentence("lines.txt", max_sentence_length=4))
    [['to', 'be', 'or', 'not'], ['to', 'be'], ['that', 'is', 'the', 'question']]
    """

    def __init__(
        self,
        source: StrPath | IO[Any],
        max_sentence_length: int = MAX_SENTENCE_LENGTH,
        limit: int | None = None,
    ) -> None:
        if not (isinstance(source, str | os.PathLike) or hasattr(source, "seek")):
            raise TypeError(f"source is {source!r}; expected a path, or an open file with seek")
        self.source = source
        self.max_sentence_length = _checked_length(max_sentence_length)
        self.limit = _checked_limit(limit)

    def __iter__(self) -> Iterator[list[str]]:
        if isinstance(self.source, str | os.PathLike):
            yield from _file_sentences(self.source, self.max_sentence_length, self.limit)
            return
        self.source.seek(0)
        lines = islice(self.source, self.limit)
        yield from _cut_sentences(_words(lines, repr(getattr(self.source, "name", "file"))), self.max_sentence_length)


class PathLineSentences:
    r"""The sentences of all files of a folder, in the order of their names; see `LineSentence`.

    Files of subfolders are not read.

    Parameters
    ----------
    source : path
        A folder, or a file.
    max_sentence_length : int >= 1
        Longer sentences are cut into pieces of so many words.
    limit : int >= 0, optional
        Read only so many lines of each file.

    Attributes
    ----------
    source : str
        The path; that of a folder ends with a separator.
    input_files : list of str
        The files that are read; the list may be changed.
    max_sentence_length, limit
        As given.

    Raises
    ------
    FileNotFoundError
        There is no such folder or file.
    TypeError, ValueError
        An argument is of another type, or out of its range.
    OSError
        When iterated: a file cannot be read, or is a damaged compressed file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastw2v.corpus import PathLineSentences
    >>> Path("parts").mkdir()
    >>> _ = Path("parts/b.txt").write_text("that is the question\n")
    >>> _ = Path("parts/a.txt").write_text("to be or not to be\n")
    >>> list(PathLineSentences("parts"))
    [['to', 'be', 'or', 'not', 'to', 'be'], ['that', 'is', 'the', 'question']]
    """

    def __init__(
        self, source: StrPath, max_sentence_length: int = MAX_SENTENCE_LENGTH, limit: int | None = None
    ) -> None:
        path = os.path.expanduser(os.fspath(source))
        if not os.path.exists(path):
            raise FileNotFoundError(f"no such folder or file: {path!r} (from {os.getcwd()}); check the path")
        self.source = os.path.join(path, "") if os.path.isdir(path) else path
        self.max_sentence_length = _checked_length(max_sentence_length)
        self.limit = _checked_limit(limit)
        self.input_files = _files_of(self.source) if os.path.isdir(path) else [path]

    def __iter__(self) -> Iterator[list[str]]:
        for file in self.input_files:
            yield from _file_sentences(file, self.max_sentence_length, self.limit)


class Text8Corpus:
    """The words of a file without sentences, such as text8, cut into sentences of one length.

    Line ends are whitespace like any other. Differs from gensim's only where a file has line ends: no words are joined
    at them, and no sentence is longer than `max_sentence_length`. As the input of `Word2Vec` it is read by the compiled
    reader, in a third more time than ``corpus_file``; see `LineSentence` for the whitespace.

    Parameters
    ----------
    fname : path
        A file, plain or compressed by gzip, bzip2, xz or zstd.
    max_sentence_length : int >= 1
        Words of a sentence; the last may be shorter.

    Attributes
    ----------
    fname, max_sentence_length
        As given.

    Raises
    ------
    TypeError, ValueError
        An argument is of another type, or out of its range.
    OSError
        When iterated: the file does not exist, cannot be read, or is a damaged compressed file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastw2v.corpus import Text8Corpus
    >>> _ = Path("text8").write_text(" anarchism originated as a term of abuse")
    >>> list(Text8Corpus("text8", max_sentence_length=5))
    [['anarchism', 'originated', 'as', 'a', 'term'], ['of', 'abuse']]
    """

    def __init__(self, fname: StrPath, max_sentence_length: int = MAX_SENTENCE_LENGTH) -> None:
        self.fname = fname
        self.max_sentence_length = _checked_length(max_sentence_length)

    def __iter__(self) -> Iterator[list[str]]:
        sentence: list[str] = []
        file = _existing(self.fname)
        with open(file, "rb") as stream:
            blocks = blocks_of(stream, repr(str(file)), _PART_BYTES)
            for words in _words((text[:n_bytes].tobytes() for text, n_bytes in blocks), repr(str(file))):
                sentence += words
                while len(sentence) >= self.max_sentence_length:
                    yield sentence[: self.max_sentence_length]
                    del sentence[: self.max_sentence_length]
        if sentence:
            yield sentence


class BrownCorpus:
    r"""The sentences of the Brown corpus as NLTK distributes it: a file for each text, words as ``word/tag``.

    Words come as ``word/ta``: in lower case, with the first two letters of the tag. Tokens whose tag does not begin
    with letters, such as punctuation, are left out. Files are read in the order of their names, in Python.

    Parameters
    ----------
    dirname : path
        The folder.

    Attributes
    ----------
    dirname
        As given.

    Raises
    ------
    OSError
        When iterated: the folder does not exist, or a file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastw2v.corpus import BrownCorpus
    >>> Path("brown").mkdir()
    >>> _ = Path("brown/ca01").write_text("The/at jury/nn said/vbd ./.\n")
    >>> list(BrownCorpus("brown"))
    [['the/at', 'jury/nn', 'said/vb']]
    """

    def __init__(self, dirname: StrPath) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[list[str]]:
        for file in _files_of(os.path.expanduser(os.fspath(self.dirname))):
            with _open_text(file) as (stream, name):
                for tokens in _words(stream, name):
                    pairs = (token.split("/") for token in tokens if token.count("/") == 1)
                    words = [f"{word.lower()}/{tag[:2]}" for word, tag in pairs if tag[:2].isalpha()]
                    if words:
                        yield words


def as_text(sentences: object) -> TextCorpus | None:
    """Return the corpus that holds the same sentences for the compiled reader; None if there is none.

    There is none for file objects, and for classes that define another `__iter__`.
    """
    begin: object = getattr(type(sentences), "__iter__", None)
    if begin is Text8Corpus.__iter__ and isinstance(sentences, Text8Corpus):
        return _text(sentences, [sentences.fname], None, is_one_line=True)
    if begin is PathLineSentences.__iter__ and isinstance(sentences, PathLineSentences):
        return _text(sentences, sentences.input_files, sentences.limit)
    if begin is LineSentence.__iter__ and isinstance(sentences, LineSentence):
        if isinstance(sentences.source, str | os.PathLike):
            return _text(sentences, [sentences.source], sentences.limit)
    return None


def _text(
    sentences: LineSentence | PathLineSentences | Text8Corpus,
    paths: Iterable[StrPath],
    limit: int | None,
    *,
    is_one_line: bool = False,
) -> TextCorpus:
    return TextCorpus(
        tuple(map(_existing, paths)),
        limit=_checked_limit(limit),
        max_sentence_length=_checked_length(sentences.max_sentence_length),
        is_one_line=is_one_line,
        python_spaces=True,
    )


def _checked_length(max_sentence_length: int) -> int:
    return int(number("max_sentence_length", max_sentence_length, int, least=1, most=2**63 - 1))


def _checked_limit(limit: int | None) -> int | None:
    return None if limit is None else int(number("limit", limit, int, least=0, most=2**63 - 1))


def _existing(path: StrPath) -> Path:
    file = Path(path).expanduser()
    check_readable(file)
    return file


def _files_of(folder: str) -> list[str]:
    """Return the paths of the files in a folder, sorted; not those of its subfolders."""
    paths = (os.path.join(folder, name) for name in os.listdir(folder))
    return sorted(path for path in paths if not os.path.isdir(path))


@contextmanager
def _open_text(path: StrPath) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file, unpacked; yields the stream, and the name of the file for messages."""
    file = _existing(path)
    with open(file, "rb") as packed, unpacked(packed, repr(str(file))) as stream:
        yield stream, repr(str(file))


def _file_sentences(path: StrPath, n_words: int, limit: int | None) -> Iterator[list[str]]:
    with _open_text(path) as (stream, name):
        yield from _cut_sentences(_words(islice(stream, limit), name), n_words)


def _cut_sentences(lines: Iterable[list[str]], n_words: int) -> Iterator[list[str]]:
    for words in lines:
        for at in range(0, len(words), n_words):
            yield words[at : at + n_words]


def _words(parts: Iterable[str | bytes], name: str) -> Iterator[list[str]]:
    """Yield the words of each line or part of a text, decoded; a byte order mark before the first is left out."""
    n_lines, is_warned = 0, False
    for position, part in enumerate(parts):
        if position == 0:
            part = _checked_beginning(part, name)
        if isinstance(part, str):
            yield part.split()
            continue
        try:
            text = part.decode()
        except UnicodeDecodeError as error:
            if not is_warned:
                warn_user(not_utf8(name, n_lines + part.count(b"\n", 0, error.start) + 1))
            is_warned = True
            text = part.decode(errors="surrogateescape")
        yield escaped(text).split()
        n_lines += part.count(b"\n")


def _checked_beginning(line: str | bytes, name: str) -> str | bytes:
    """Return the first line without a byte order mark; ValueError if it is no UTF-8 text."""
    if isinstance(line, str):
        return line.removeprefix("\ufeff")
    refuse_no_text(line[:8], name)
    return line.removeprefix(BYTE_ORDER_MARK)
