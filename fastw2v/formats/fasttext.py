"""fastText's own files, model.bin: options, words with counts, the rows of words and n-grams, the output rows.

The layout is that of fastText's source (`FastText::saveModel`, versions 11 and 12, and the one before these, which has
no version). Numbers are little-endian.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from fastw2v.formats.streams import Source, name_of, reading, writing
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.runtime.files import atomic_write
from fastw2v.runtime.signals import finished_first
from fastw2v.vocab import Vocab

MAGIC, VERSION = 793712314, 12
_OLDEST = 11
NEGATIVE_SAMPLING, HIERARCHICAL_SOFTMAX = 2, 1  # values of `loss`
CBOW, SKIPGRAM, SUPERVISED = 1, 2, 3  # values of `model`
_OPTIONS = "<12id"
_CHUNK_BYTES = 1 << 22
_MOST_WORD_BYTES = 1 << 24
_LEAST_WORD_BYTES = 10  # of the dictionary: an empty word, its count and its type
_MOST_TOKENS = 1 << 62
_LONGEST_NGRAM = 1 << 16
_COLUMNS = 16  # floats of a row are padded to a multiple of this


def _damaged(name: str, finding: str) -> ValueError:
    """Return the error for a file that is not whole."""
    return ValueError(f"{name} is damaged: {finding}; copy it again")


@dataclass(frozen=True)
class Options:
    """The options of a fastText model, under fastText's names and in the order of the file.

    Attributes
    ----------
    loss : int
        1: hierarchical softmax; 2: negative sampling; 3: softmax; 4: one against all.
    model : int
        1: CBOW; 2: skip-gram; 3: a classifier.
    """

    dim: int
    ws: int
    epoch: int
    minCount: int  # noqa: N815 - fastText's names
    neg: int
    wordNgrams: int  # noqa: N815
    loss: int
    model: int
    bucket: int
    minn: int
    maxn: int
    lrUpdateRate: int  # noqa: N815
    t: float


@dataclass(frozen=True)
class FastTextFile:
    """What a file of fastText holds.

    Attributes
    ----------
    options : Options
    vocab : Vocab
        Its `n_raw_tokens` are those of the file.
    w_in : float32[n_vocab + bucket, stride]
        Rows of words and of all buckets, padded to a multiple of 16 floats.
    w_out : float32[n_out, stride], or None if it was not read
    """

    options: Options
    vocab: Vocab
    w_in: FloatArray
    w_out: FloatArray | None


def read_fasttext(source: Source, *, encoding: str = "utf-8", with_output: bool = True) -> FastTextFile:
    """Read a model of fastText: of its program, of its Python module, of gensim, or of fastw2v.

    Parameters
    ----------
    source : path, or binary file object
        Packed by gzip, bzip2, xz or zstd, or not.
    encoding : str
        Of the words in the file. n-grams are those of UTF-8 in any case.
    with_output : bool
        Whether to read the output rows, without which training cannot go on.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        There is no such file.
    ValueError
        The file is quantised (.ftz), a classifier, damaged, or no file of fastText.
    """
    with reading(source) as stream:
        file = _Input(stream, name_of(source), _plain_bytes(source))
        options, has_version = _read_options(file)
        vocab = _read_words(file, encoding, options, has_version=has_version)
        if has_version and file.unpack("<?")[0]:
            raise ValueError(
                f"{file.name} is quantised (.ftz): its rows are codes, and not vectors; expected the .bin before "
                "`fasttext quantize`"
            )
        n_rows = len(vocab) + options.bucket
        w_in = _read_matrix(file, "input", n_rows, dim=options.dim)
        if not with_output:
            return FastTextFile(options, vocab, w_in, None)
        if has_version and file.unpack("<?")[0]:
            raise ValueError(f"{file.name} has quantised output rows; expected the .bin before `fasttext quantize`")
        return FastTextFile(options, vocab, w_in, _read_matrix(file, "output", len(vocab), dim=options.dim))


def _plain_bytes(source: Source) -> int | None:
    """Return the size of a file that is not packed; None for others, whose content may be of any length."""
    if not isinstance(source, str | os.PathLike):
        return None
    with open(source, "rb") as file, reading(source) as stream:
        return os.path.getsize(source) if file.read(8) == stream.read(8) else None


def is_fasttext(path: str | os.PathLike[str]) -> bool:
    """Whether a file, which may be packed, begins as those of fastText with a version do."""
    with reading(path) as stream:
        return stream.read(4) == struct.pack("<i", MAGIC)


class _Input:
    """A stream of which parts of a given length, or up to a byte, are taken; an end within a part is an error."""

    def __init__(self, stream: BinaryIO, name: str, n_bytes: int | None) -> None:
        self._stream, self._rest, self.name, self._n_bytes = stream, b"", name, n_bytes

    def check_size(self, n_words: int, options: Options) -> None:
        """Raise ValueError if the file, whose size is known, is too small for its words and rows of floats."""
        least = n_words * (_LEAST_WORD_BYTES + 4 * options.dim) + 4 * options.dim * options.bucket
        if self._n_bytes is not None and self._n_bytes < least:
            said = f"{n_words:,} words, {options.bucket:,} buckets and {options.dim:,} numbers in a row"
            finding = f"it has {self._n_bytes:,} bytes, and {said} take {least:,} or more"
            raise _damaged(self.name, f"{finding}, unless it is quantised (.ftz)")

    def take(self, n_bytes: int) -> bytes:
        while len(self._rest) < n_bytes:
            data = self._stream.read(max(n_bytes - len(self._rest), 1 << 16))
            if not data:
                raise _damaged(self.name, f"it ends where {n_bytes} bytes or more belong")
            self._rest += data
        taken, self._rest = self._rest[:n_bytes], self._rest[n_bytes:]
        return taken

    def unpack(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def entries(self, n: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield words of a dictionary, with their counts and types."""
        data, at = self._rest, 0
        for number in range(n):
            end = data.find(b"\0", at)
            while end < 0 or end + 10 > len(data):
                more = self._stream.read(_CHUNK_BYTES)
                if not more or len(data) - at > _MOST_WORD_BYTES:
                    raise _damaged(self.name, f"there is no end of word {number + 1} of {n}")
                data, at = data[at:] + more, 0
                end = data.find(b"\0")
            yield data[at:end], *struct.unpack_from("<qb", data, end + 1)
            at = end + 10
        self._rest = data[at:]


def _read_options(file: _Input) -> tuple[Options, bool]:
    """Return the options, and whether the file has a version: without, it begins with the dimension and the window."""
    first, second = file.unpack("<2i")
    has_version = first == MAGIC
    if has_version and not _OLDEST <= second <= VERSION:
        raise ValueError(f"{file.name} is fastText's version {second}; expected {_OLDEST} or {VERSION}")
    if has_version:
        options = Options(*file.unpack(_OPTIONS))
    else:
        options = Options(first, second, *file.unpack("<10id"))
    is_possible = 1 <= options.dim <= 1 << 20 and options.bucket >= 0 and options.model in (CBOW, SKIPGRAM, SUPERVISED)
    if not is_possible or not all(0 <= n <= _LONGEST_NGRAM for n in (options.minn, options.maxn)):
        raise _damaged(file.name, f"it does not begin like a file of fastText ({options})")
    if options.model == SUPERVISED:
        raise ValueError(f"{file.name} is a classifier of fastText; expected a model of words (skipgram or cbow)")
    return options, has_version


def _read_words(file: _Input, encoding: str, options: Options, *, has_version: bool) -> Vocab:
    n_entries, n_words, n_labels = file.unpack("<3i")
    (n_tokens,) = file.unpack("<q")
    n_pruned = file.unpack("<q")[0] if has_version else -1
    if n_labels:
        raise ValueError(f"{file.name} has {n_labels} labels: a classifier; expected a model of words")
    if n_words < 1 or n_entries != n_words or n_tokens < 0:
        raise _damaged(file.name, f"it has {n_entries} entries of which {n_words} are words, of {n_tokens} tokens")
    if n_pruned > 0:
        raise ValueError(f"{file.name} has pruned n-grams, as quantised models have; expected the .bin before that")
    file.check_size(n_words, options)
    words, counts = [], []
    for word, count, _ in file.entries(n_words):
        words.append(word)
        counts.append(count)
    if min(counts) < 0 or sum(counts) > _MOST_TOKENS:
        raise _damaged(file.name, f"the counts of its words are {min(counts)} to {max(counts)}")
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        words = [word.decode(encoding).encode() for word in words]
    try:
        return Vocab.from_words(words, np.array(counts, np.int64), n_raw_tokens=n_tokens)
    except ValueError as error:
        raise _damaged(file.name, str(error)) from error


def _read_matrix(file: _Input, kind: str, n_expected: int, *, dim: int) -> FloatArray:
    from fastw2v_kernels.shared.memory import zeros_in_large_pages

    n_rows, n_columns = file.unpack("<2q")
    if (n_rows, n_columns) != (n_expected, dim):
        raise _damaged(
            file.name, f"its {kind} rows are {n_rows} x {n_columns}, and {n_expected} x {dim} by its options"
        )
    try:
        matrix = zeros_in_large_pages((n_rows, -(-dim // _COLUMNS) * _COLUMNS))
    except (MemoryError, ValueError) as error:
        raise MemoryError(f"{file.name} has {n_rows:,} rows of {dim} floats, for which there is no memory") from error
    n_at_once = max(1, _CHUNK_BYTES // (4 * dim))
    for first in range(0, n_rows, n_at_once):
        n = min(n_at_once, n_rows - first)
        matrix[first : first + n, :dim] = np.frombuffer(file.take(4 * dim * n), "<f4").reshape(n, dim)
    return matrix


def write_fasttext(
    path: str | os.PathLike[str],
    options: Options,
    vocab: Vocab,
    *,
    counts: Array,
    input_rows: Iterable[FloatArray],
    output_rows: FloatArray,
) -> None:
    """Write a file that fastText and gensim read, whole or not at all; packed if its name ends in .gz and so on.

    Parameters
    ----------
    path : path
    options : Options
    vocab : Vocab
    counts : int64[n_vocab]
    input_rows : iterable of float32[n, dim]
        The rows of words and of all buckets, piece by piece.
    output_rows : float32[n_vocab, dim]

    Raises
    ------
    ValueError
        A word holds a zero byte, which ends words in this format.
    OSError
        The file cannot be written.
    """
    for first in range(0, len(vocab), 1 << 16):
        for word in vocab.words(slice(first, first + (1 << 16))):
            if b"\0" in word:
                raise ValueError(
                    f"the word {word!r} holds a zero byte, which fastText's format cannot write; rename it"
                )
    with finished_first(str(path)), atomic_write(path) as draft, writing(draft, path) as file:
        file.write(struct.pack("<2i", MAGIC, VERSION))
        file.write(struct.pack(_OPTIONS, *vars(options).values()))
        file.write(struct.pack("<3i2q", len(vocab), len(vocab), 0, vocab.n_raw_tokens, -1))
        for first in range(0, len(vocab), 1 << 16):
            words = vocab.words(slice(first, first + (1 << 16)))
            numbers = counts[first : first + (1 << 16)].tolist()
            file.write(b"".join(word + struct.pack("<xqb", n, 0) for word, n in zip(words, numbers)))
        file.write(struct.pack("<?2q", False, len(vocab) + options.bucket, options.dim))
        for rows in input_rows:
            file.write(np.ascontiguousarray(rows, "<f4").data)
        file.write(struct.pack("<?2q", False, *output_rows.shape))
        for first in range(0, len(output_rows), 1 << 14):
            file.write(np.ascontiguousarray(output_rows[first : first + (1 << 14)], "<f4").data)
