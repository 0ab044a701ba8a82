"""VectorRows: words and vectors that are collected row by row while a file is read, and the flaws that files have."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

import numpy as np
import numpy.typing as npt

from fastw2v.formats.distinct_words import DistinctWords
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.warn import warn_user
from fastw2v.runtime.word_bytes import decode_word, encode_word
from fastw2v.vocab import Vocab

logger = logging.getLogger("fastw2v")
_FIRST_BYTES = 1 << 24  # of the matrix, whatever number of rows the file claims
_MOST_NAMED = 3  # words that a warning names
Decode = Callable[[bytes], str]
MOST_DIM = 1 << 20  # numbers of a vector, as of the option vector_size
MOST_WORD_BYTES = 1 << 23  # of a word, or of the whitespace of a line: so much is read before a reader gives up


class VectorRows:
    """Words and vectors of a file, in memory that grows with what is kept: of rows with one word, the first.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    dim : int
    n_expected : int
        Rows that the file claims to have; no more than a hint.
    dtype : float16, float32 or float64
    decode : callable, optional
        Makes a word of bytes; default: `decode_word`.
    wanted : collection of str, optional
        Words to keep; rows of others are read and forgotten.
    """

    def __init__(
        self,
        name: str,
        dim: int,
        n_expected: int,
        *,
        dtype: npt.DTypeLike,
        decode: Decode = decode_word,
        wanted: Collection[str] | None = None,
    ) -> None:
        self._name, self._decode, self._wanted, self._n_read = name, decode, wanted, 0
        kind = np.dtype(dtype)
        self.parsed_dtype = np.float64 if kind == np.float64 else np.float32  # of numbers that are read from text
        self._n_expected = n_expected if wanted is None else min(n_expected, len(wanted))
        self._vectors = np.empty((min(self._n_expected, max(1, _FIRST_BYTES // (kind.itemsize * dim))), dim), kind)
        self._words = DistinctWords()
        self._n_doubled = self._n_not_finite = 0
        self._not_finite: list[int] = []  # the first ones

    def __len__(self) -> int:
        """Rows read so far, those that are not kept too."""
        return self._n_read

    def add(self, words: Sequence[bytes], vectors: Array) -> None:
        """Append rows, as far as they are wanted and new."""
        self._n_read += len(words)
        words, vectors = self._wanted_and_new(words, vectors)
        first, stop = len(self._words), len(self._words) + len(words)
        self._words.add(words)
        if stop > len(self._vectors):
            rows = max(stop, min(len(self._vectors) * 3 // 2, self._n_expected))
            self._vectors.resize((rows, self._vectors.shape[1]), refcheck=False)  # in place where the system can
        with np.errstate(over="ignore"):  # in float16; the result is reported as not finite
            self._vectors[first:stop] = vectors
        not_finite = np.flatnonzero(~np.isfinite(self._vectors[first:stop]).all(axis=1))
        self._n_not_finite += len(not_finite)
        self._not_finite += (first + not_finite[: _MOST_NAMED - len(self._not_finite)]).tolist()

    def _wanted_and_new(self, words: Sequence[bytes], vectors: Array) -> tuple[Sequence[bytes], Array]:
        """Return the rows whose word is wanted and did not come before; the others that are wanted are counted."""
        if self._decode is not decode_word or self._wanted is not None:
            names = [self._decode(word) for word in words]
            rows = [row for row, name in enumerate(names) if self._wanted is None or name in self._wanted]
            words, vectors = [encode_word(names[row]) for row in rows], vectors[rows]
        new = self._words.positions_of_new(words)
        if new is not None:
            self._n_doubled += len(words) - len(new)
            words, vectors = [words[row] for row in new], vectors[new]
        return words, vectors

    def finish(self) -> tuple[Vocab, Array]:
        """Return words and vectors; say what was found.

        A warning names the first words whose vectors are not finite; how many doubled words were left out is logged.
        """
        self._vectors.resize((len(self._words), self._vectors.shape[1]), refcheck=False)
        if self._not_finite:
            named = ", ".join(repr(decode_word(self._words.word_of(row))) for row in self._not_finite)
            what = f"{self._n_not_finite} vectors have NaN or infinite numbers ({named})"
            warn_user(f"{self._name}: {what}; they are no neighbours")
        if self._n_doubled:
            text = "%s: left out %d rows whose word came before; the first of each is kept"
            logger.warning(text, self._name, self._n_doubled)
        return self._words.vocab(), self._vectors


def damaged(name: str, finding: str) -> ValueError:
    """Return the error for a file that is cut off or not what it seems."""
    return ValueError(f"{name} is truncated, or its first line is wrong: {finding}; copy or export it again")
