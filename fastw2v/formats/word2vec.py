"""The word2vec formats, text and binary: a line "count dim", then each word with its vector. GloVe has no such line.

Words are UTF-8; bytes that are no UTF-8 are private characters, see `fastw2v.runtime.word_bytes`.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from fastw2v.formats.streams import BOM, Source, name_of, reading
from fastw2v.formats.vector_rows import MOST_DIM, VectorRows, damaged
from fastw2v.formats.word2vec_binary import read_binary, read_more_binary
from fastw2v.formats.word2vec_text import dimension_of, is_row, read_text
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.compressed import Prefixed
from fastw2v.runtime.warn import warn_user
from fastw2v.runtime.word_bytes import decode_word
from fastw2v.vocab import Vocab

_HEADER = re.compile(rb"\s*(\d+)[ \t]+(\d+)\s*")
_MOST_DIGITS = 20  # of a count; more than any file has
_SAMPLE_BYTES = 1 << 17
_N_SAMPLED_LINES = 50
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_NO_TEXT = re.compile(rb"[^\t\n\r\x20-\x7e]")  # of the numbers of a row
_NO_VECTORS = {  # first bytes of files that hold no vectors in these formats, and what to do
    rb"\s*<(!doctype|html|\?xml)": "it is a web page: the server sent it in place of the file; download it again",
    rb"PK\x03\x04": "it is a zip archive; unpack it",
    rb"\xba\x16\x4f\x2f": "it is fastText's own .bin; fastw2v.fasttext.load_facebook_vectors reads it",
    rb"version https://git-lfs": "it is a pointer of git-lfs; fetch the file with git lfs pull",
    rb"\x93NUMPY": "it is an array of NumPy without words; KeyedVectors(words, numpy.load(path)) takes both",
    rb"\x89HDF": "it is HDF5; read the arrays with h5py, and pass them to KeyedVectors(words, matrix)",
    rb"PAR1": "it is Parquet; KeyedVectors.load reads it",
}


@dataclass(frozen=True)
class Reading:
    """How to read a file; the parameters of gensim's `load_word2vec_format`.

    Parameters
    ----------
    binary : bool, optional
        What the caller expects the file to be. Default: the content tells.
    encoding, unicode_errors : str
        How bytes become words. With "strict", bytes that are no UTF-8 become private characters, and are written back
        as they were.
    limit : int, optional
        Read only the first so many rows.
    datatype : float16, float32 or float64
    no_header : bool
        Whether the file has no line "count dim", which is otherwise found out.
    wanted : collection of str, optional
        Keep these words alone.
    """

    binary: bool | None = None
    encoding: str = "utf8"
    unicode_errors: str = "strict"
    limit: int | None = None
    datatype: npt.DTypeLike = np.float32
    no_header: bool = False
    wanted: Collection[str] | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit is {self.limit}, expected at least 1, or None for all vectors")
        if np.dtype(self.datatype) not in (np.float16, np.float32, np.float64):
            raise ValueError(f"datatype is {self.datatype!r}; expected float16, float32 or float64")
        if self.no_header and self.binary:
            raise ValueError("no_header is for text: word2vec binary always has a first line; pass binary=False")
        codecs.lookup(self.encoding)
        codecs.lookup_error(self.unicode_errors)

    def decode(self) -> Callable[[bytes], str]:
        """Return the function that makes a word of bytes."""
        encoding, errors = self.encoding, self.unicode_errors
        if errors == "strict":
            return decode_word if encoding in ("utf8", "utf-8") else lambda word: decode_word(word, encoding)
        return lambda word: word.decode(encoding, errors)

    def rows(self, name: str, dim: int, n_expected: int) -> VectorRows:
        """Return what collects the rows of a file."""
        return VectorRows(name, dim, n_expected, dtype=self.datatype, decode=self.decode(), wanted=self.wanted)


def read_word2vec(source: Source, how: Reading = Reading()) -> tuple[Vocab, Array]:
    """Read word2vec text or binary, or GloVe text, packed or not, in memory for the vectors and a piece of the file.

    Parameters
    ----------
    source : path or binary file object
    how : Reading

    Returns
    -------
    words : Vocab
        All different; of rows with one word the first is kept. The counts are 0.
    vectors : float[n_words, dim]

    Raises
    ------
    ValueError
        The file is damaged, holds no vectors, or is not what the caller says.
    """
    name = name_of(source)
    with reading(source) as stream:
        sample = stream.read(_SAMPLE_BYTES).removeprefix(BOM)
        whole = io.BufferedReader(Prefixed(sample, stream), _SAMPLE_BYTES)
        _refuse_other_files(name, sample)
        first_line, _, after = sample.partition(b"\n")
        header = None if how.no_header else _HEADER.fullmatch(first_line)
        if header is None or (how.binary is not True and _is_row_of_integers(header, after)):
            return _read_headerless(whole, name, how, sample=sample)
        whole.readline(_SAMPLE_BYTES)
        n_rows, dim = _counts_of(header, name)
        is_binary = _is_binary(after, n_rows, dim, expected=how.binary)
        if how.binary not in (None, is_binary):
            kind = "binary" if is_binary else "text"
            raise ValueError(f"{name} is word2vec {kind}: pass binary={is_binary}, or use KeyedVectors.load")
        read = _read_counted_binary if is_binary else _read_counted_text
        return read(whole, name, how, n_counted=n_rows, dim=dim)


def _counts_of(header: re.Match[bytes], name: str) -> tuple[int, int]:
    """Return what the first line says, the number of vectors and their dimension; ValueError if it cannot be."""
    n_rows, dim = (int(digits[:_MOST_DIGITS]) for digits in header.groups())
    if n_rows < 1 or dim < 1:
        raise ValueError(f"{name} has {n_rows} vectors of dimension {dim} by its first line: there is nothing to load")
    if dim > MOST_DIM:
        raise damaged(name, f"it says {dim:,} numbers a vector, and {MOST_DIM:,} are the most")
    return n_rows, dim


def _refuse_other_files(name: str, sample: bytes) -> None:
    for pattern, finding in _NO_VECTORS.items():
        if re.match(pattern, sample, re.IGNORECASE):
            raise ValueError(f"{name} does not start with a line 'count dim', as word2vec files do: {finding}")


def _is_row_of_integers(header: re.Match[bytes], after: bytes) -> bool:
    """Whether a first line of two integers is a row of dimension 1: the next line is one, too."""
    second = after.partition(b"\n")[0]
    if header[2] == b"1" or not _HEADER.fullmatch(second):
        return False
    return not _has_torn_record(after, int(header[2][:_MOST_DIGITS]))


def _is_binary(sample: bytes, n_rows: int, dim: int, *, expected: bool | None) -> bool:
    """Whether the rows are binary: the caller says so, or the first is no word with `dim` numbers, but a record.

    A row of one number can be both; then the caller is right. A row of several numbers as text is no record by chance.
    """
    line = sample.partition(b"\n")[0]
    if dim == 1 and expected is not None:
        return expected
    if _has_torn_record(sample, dim):
        return True
    if len(line.split()) >= dim + (not line[:1].isspace()) and is_row(line, dim):
        return False
    if expected or _is_of_records(sample, n_rows, dim):
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # incremental: the sample may end inside a character
    except UnicodeDecodeError:
        return True
    return _CONTROL.search(sample) is not None


def _has_torn_record(sample: bytes, dim: int) -> bool:
    """Whether the 4 * dim bytes after the first word, before a line end, have one inside, and are no text.

    Two rows of text are never so short.
    """
    start = sample.find(b" ") + 1
    end = start + 4 * dim
    record = sample[start:end] if start and sample[end : end + 1] == b"\n" else b""
    return b"\n" in record and _NO_TEXT.search(record) is not None


def _is_of_records(sample: bytes, n_rows: int, dim: int) -> bool:
    """Whether all are a word, a space, 4 * dim bytes and a line end; or the first is, and its 4 * dim are no text."""
    at = n_records = 0
    while n_records < n_rows and (start := sample.find(b" ", at) + 1):
        end = start + 4 * dim
        if n_records == 0 and sample[end : end + 1] in (b"\n", b"") and _NO_TEXT.search(sample[start:end]):
            return True
        if b"\n" in sample[at:start] or sample[end : end + 1] != b"\n":
            break
        at, n_records = end + 1, n_records + 1
    return n_records == n_rows


def _read_headerless(stream: BinaryIO, name: str, how: Reading, *, sample: bytes) -> tuple[Vocab, Array]:
    lines = [line for line in sample.split(b"\n") if line.strip()]
    whole_lines = lines if len(sample) < _SAMPLE_BYTES else lines[:-1]
    dim = None if _CONTROL.search(sample) else dimension_of(whole_lines[:_N_SAMPLED_LINES])
    if dim is None or how.binary or (dim == 1 and not how.no_header):  # lines of a word and one number: counts, mostly
        raise ValueError(
            f"{name} does not start with a line 'count dim', as word2vec text and binary do, and is no GloVe text, "
            "whose lines are a word and its numbers; KeyedVectors.load knows safetensors by their content"
        )
    rows = how.rows(name, dim, how.limit or 1 << 40)
    read_text(stream, name, rows, dim=dim, n_rows=how.limit, first_line=1)
    return rows.finish()


def _read_counted_binary(stream: BinaryIO, name: str, how: Reading, *, n_counted: int, dim: int) -> tuple[Vocab, Array]:
    n_rows = min(n_counted, how.limit or n_counted)
    rows = how.rows(name, dim, n_rows)
    rest = read_binary(stream, name, rows, dim=dim, n_rows=n_rows)
    if how.limit is None:
        read_more_binary(stream, name, rows, rest=rest, dim=dim)
    _say_count(name, n_rows if how.limit else n_counted, len(rows))
    return rows.finish()


def _read_counted_text(stream: BinaryIO, name: str, how: Reading, *, n_counted: int, dim: int) -> tuple[Vocab, Array]:
    rows = how.rows(name, dim, min(n_counted, how.limit or n_counted))
    is_whole = read_text(stream, name, rows, dim=dim, n_rows=how.limit, first_line=2)
    if how.limit is None and len(rows) < n_counted and not is_whole:
        raise damaged(name, f"it ends within a line, after {len(rows)} of {n_counted} vectors")
    _say_count(name, min(n_counted, how.limit or n_counted), len(rows))
    return rows.finish()


def _say_count(name: str, n_counted: int, n_found: int) -> None:
    """Warn of a first line that counts wrong; ValueError if there is no row at all."""
    if n_found == 0:
        raise damaged(name, f"it ends after 0 of {n_counted} vectors")
    if n_found != n_counted:
        warn_user(f"{name}: the first line says {n_counted} vectors, and {n_found} were found and read")
