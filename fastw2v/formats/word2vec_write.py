"""Writing of the word2vec formats, text and binary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import BinaryIO, TypeAlias

import numpy as np

from fastw2v.formats.row_text import row_texts
from fastw2v.runtime.arrays import FloatArray
from fastw2v.runtime.word_bytes import decode_word, encode_word
from fastw2v.vocab import Vocab

_WRITE_BYTES = 1 << 20  # rows written at a time
_WORD_BYTES = 64  # size of a word as a Python object, about

Keys: TypeAlias = Sequence[str] | Sequence[int] | Vocab


@dataclass(frozen=True)
class Layout:
    """What a file has around its rows; the parameters of gensim's `save_word2vec_format`.

    Parameters
    ----------
    total_vec : int, optional
        The count in the first line; default: how many rows are written.
    write_header : bool
        Whether there is a first line.
    prefix : str
        Text before each word.
    """

    total_vec: int | None = None
    write_header: bool = True
    prefix: str = ""


def write_binary(file: BinaryIO, keys: Keys, vectors: FloatArray, *, layout: Layout = Layout()) -> None:
    """Write word2vec binary: word, space, float32[dim] little-endian, newline.

    Here as in `write_text`, ValueError for a key (empty, or with whitespace) or a vector (not finite) that the format
    cannot hold; the caller then removes the incomplete file.
    """
    row_bytes = 4 * vectors.shape[1]
    _write_header(file, vectors, layout)
    for words, chunk in _chunks(keys, vectors, layout.prefix):
        data = chunk.astype("<f4").tobytes()
        rows = zip(words, range(0, len(data), row_bytes))
        file.write(b"".join([b"%b %b\n" % (word, data[at : at + row_bytes]) for word, at in rows]))


def write_text(file: BinaryIO, keys: Keys, vectors: FloatArray, *, layout: Layout = Layout()) -> None:
    """Write word2vec text, with nine significant digits, which is exact for float32, and 17 for float64."""
    _write_header(file, vectors, layout)
    texts = row_texts(vectors)
    for words, chunk in _chunks(keys, vectors, layout.prefix):
        lines = zip(words, texts(chunk), repeat(b"\n"))
        file.write(b"".join(chain.from_iterable(lines)))


def _write_header(file: BinaryIO, vectors: FloatArray, layout: Layout) -> None:
    if layout.write_header:
        n_rows = len(vectors) if layout.total_vec is None else layout.total_vec
        file.write(b"%d %d\n" % (n_rows, vectors.shape[1]))


def _chunks(keys: Keys, vectors: FloatArray, prefix: str) -> Iterator[tuple[list[bytes], FloatArray]]:
    """Yield checked words and vectors of a few rows at a time, so that memory does not grow with the vocabulary."""
    n_rows = max(1, _WRITE_BYTES // (_WORD_BYTES + 4 * vectors.shape[1]))
    for start in range(0, len(vectors), n_rows):
        chunk = slice(start, start + n_rows)
        words = keys.words(chunk) if isinstance(keys, Vocab) else [encode_word(str(key)) for key in keys[chunk]]
        words = [encode_word(prefix) + word for word in words] if prefix else words
        _check_rows(words, vectors[chunk], start)
        yield words, vectors[chunk]


def _check_rows(words: list[bytes], vectors: FloatArray, first_row: int) -> None:
    bad = next((row for row, word in enumerate(words) if word.split() != [word]), None)
    if bad is not None:
        flaw = f"key {decode_word(words[bad])!r} (row {first_row + bad}) is empty or holds whitespace"
        raise ValueError(f"{flaw}, which word2vec formats cannot hold; save as .safetensors instead")
    if not np.isfinite(vectors).all():
        bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ValueError(
            f"the vector of {decode_word(words[bad])!r} (row {first_row + bad}) is not finite; word2vec formats hold "
            "finite numbers only: train with a lower alpha, or save as .safetensors"
        )
