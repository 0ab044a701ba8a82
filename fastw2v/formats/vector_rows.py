"""VectorRows: words and vectors that are collected row by row while a file is read, and the flaws that files have."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import Array
from fastw2v.runtime.warn import warn_user

logger = logging.getLogger("fastw2v")
_FIRST_BYTES = 1 << 24  # of the matrix, whatever number of rows the file claims
_MOST_NAMED = 3  # words that a warning names
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
    wanted : collection of str, optional
        Words to keep; rows of others are read and forgotten.
    """

    def __init__(
        self, name: str, dim: int, n_expected: int, *, dtype: npt.DTypeLike, wanted: Collection[str] | None = None
    ) -> None:
        self._name, self._wanted, self._n_read = name, wanted, 0
        kind = np.dtype(dtype)
        self.parsed_dtype = np.float64 if kind == np.float64 else np.float32  # of numbers that are read from text
        self._n_expected = n_expected if wanted is None else min(n_expected, len(wanted))
        self._vectors = np.empty((min(self._n_expected, max(1, _FIRST_BYTES // (kind.itemsize * dim))), dim), kind)
        self.words: list[str] = []
        self._seen: set[str] = set()  # the same words
        self._n_doubled = 0
        self._not_finite: list[int] = []

    def __len__(self) -> int:
        """Rows read so far, those that are not kept too."""
        return self._n_read

    def add(self, words: Sequence[str], vectors: Array) -> None:
        """Append rows, as far as they are wanted and new."""
        self._n_read += len(words)
        if self._wanted is not None or not self._seen.isdisjoint(words) or len(set(words)) < len(words):
            chosen = self._chosen(words)
            words, vectors = [words[row] for row in chosen], vectors[chosen]
        self._seen.update(words)
        first, stop = len(self.words), len(self.words) + len(words)
        if stop > len(self._vectors):
            rows = max(stop, min(len(self._vectors) * 3 // 2, self._n_expected))
            self._vectors.resize((rows, self._vectors.shape[1]), refcheck=False)  # in place where the system can
        with np.errstate(over="ignore"):  # in float16; the result is reported as not finite
            self._vectors[first:stop] = vectors
        self.words += words
        is_finite = np.isfinite(self._vectors[first:stop]).all(axis=1)
        self._not_finite += (first + np.flatnonzero(~is_finite)).tolist()

    def _chosen(self, words: Sequence[str]) -> list[int]:
        """Return the rows whose word is wanted and did not come before; the others that are wanted are counted."""
        first_rows: dict[str, int] = {}
        for row, word in enumerate(words):
            if self._wanted is not None and word not in self._wanted:
                continue
            if word in self._seen or word in first_rows:
                self._n_doubled += 1
            else:
                first_rows[word] = row
        return list(first_rows.values())

    def finish(self) -> tuple[list[str], Array]:
        """Return words and vectors; say what was found.

        A warning names the first words whose vectors are not finite; how many doubled words were left out is logged.
        """
        self._vectors.resize((len(self.words), self._vectors.shape[1]), refcheck=False)
        if self._not_finite:
            named = ", ".join(repr(self.words[row]) for row in self._not_finite[:_MOST_NAMED])
            n_rows = len(self._not_finite)
            warn_user(f"{self._name}: {n_rows} vectors have NaN or infinite numbers ({named}); they are no neighbours")
        if self._n_doubled:
            text = "%s: left out %d rows whose word came before; the first of each is kept"
            logger.warning(text, self._name, self._n_doubled)
        return self.words, self._vectors


def damaged(name: str, finding: str) -> ValueError:
    """Return the error for a file that is cut off or not what it seems."""
    return ValueError(f"{name} is truncated, or its first line is wrong: {finding}; copy or export it again")
