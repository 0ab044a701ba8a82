"""Tokens: a corpus as vocabulary rows."""

from __future__ import annotations

import numpy as np


class Tokens:
    """Sentences of vocabulary rows, in two memory-mapped files without a name, which go with the arrays.

    Parameters
    ----------
    ids : int32[n_tokens]
        Vocabulary rows; words without a row have been dropped.
    starts : int64[n_sentences + 1]
        Sentence s is ``ids[starts[s]:starts[s + 1]]``; none is empty.
    n_raw : int, optional
        Tokens in the corpus before words without a row were dropped. Default: the number of ids.
    """

    def __init__(self, ids: np.ndarray, starts: np.ndarray, n_raw: int | None = None) -> None:
        self.ids = ids
        self.starts = starts
        self.n_raw = len(ids) if n_raw is None else n_raw

    @property
    def n_tokens(self) -> int:
        """Tokens in the store."""
        return len(self.ids)

    @property
    def n_sentences(self) -> int:
        """Sentences in the store."""
        return len(self.starts) - 1

    def close(self) -> None:
        """Let go of the arrays, and so of the files."""
        self.ids, self.starts = np.empty(0, np.int32), np.zeros(1, np.int64)

    def __enter__(self) -> Tokens:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
