"""The word2vec formats written, text and binary, as word2vec.c writes them: a newline after each binary vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from fastw2v._nearest import FloatArray
from fastw2v._word2vec_format import decode_word, encode_key
from fastw2v.vocab import Vocab

_CHUNK_BYTES = 1 << 20  # of rows at a time
_WORD_BYTES = 64  # of a word as an object, about

Keys: TypeAlias = Sequence[str] | Sequence[int] | Vocab


def write_binary(path: Path, keys: Keys, vectors: FloatArray) -> None:
    """Write word2vec binary: word, space, float32[dim] little-endian, newline.

    ValueError here as in `write_text` for a key (empty, or with whitespace) or a vector (not finite) that the formats
    cannot hold: what was written until then is for the caller to remove.
    """
    row_bytes = 4 * vectors.shape[1]
    with open(path, "wb") as file:
        file.write(b"%d %d\n" % vectors.shape)
        for words, chunk in _chunks(keys, vectors):
            data = chunk.astype("<f4").tobytes()
            rows = zip(words, range(0, len(data), row_bytes))
            file.write(b"".join([b"%b %b\n" % (word, data[at : at + row_bytes]) for word, at in rows]))


def write_text(path: Path, keys: Keys, vectors: FloatArray) -> None:
    """Write word2vec text; nine significant digits give every float32 back exactly."""
    template = b"%b" + b" %.9g" * vectors.shape[1] + b"\n"
    with open(path, "wb") as file:
        file.write(b"%d %d\n" % vectors.shape)
        for words, chunk in _chunks(keys, vectors):
            file.write(b"".join([template % (word, *numbers) for word, numbers in zip(words, chunk.tolist())]))


def _chunks(keys: Keys, vectors: FloatArray) -> Iterator[tuple[list[bytes], FloatArray]]:
    """Yield words and vectors of some rows at a time, checked, lest memory grow with the vocabulary."""
    n_rows = max(1, _CHUNK_BYTES // (_WORD_BYTES + 4 * vectors.shape[1]))
    for start in range(0, len(vectors), n_rows):
        part = slice(start, start + n_rows)
        words = keys.words(part) if isinstance(keys, Vocab) else [encode_key(key) for key in keys[part]]
        _check(words, vectors[part], start)
        yield words, vectors[part]


def _check(words: list[bytes], vectors: FloatArray, first_row: int) -> None:
    bad = next((row for row, word in enumerate(words) if word.split() != [word]), None)
    if bad is not None:
        flaw = f"key {decode_word(words[bad])!r} (row {first_row + bad}) is empty or holds whitespace"
        raise ValueError(f"{flaw}, which word2vec formats cannot hold; save as .safetensors instead")
    if not np.isfinite(vectors).all():
        bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ValueError(
            f"the vector of {decode_word(words[bad])!r} (row {first_row + bad}) is not finite; word2vec formats hold "
            "numbers only: train with a lower alpha, or save as .safetensors"
        )
