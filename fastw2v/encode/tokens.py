"""Tokens: a corpus as rows of its vocabulary."""

from __future__ import annotations

import numpy as np


class Tokens:
    """Sentences of vocabulary rows.

    Made by `fastw2v.encode.encode_corpus`; the arrays are then memory-mapped from two temporary files without a name,
    which the system deletes when the arrays are gone.

    Parameters
    ----------
    ids : int32[n_tokens]
        Vocabulary rows; words without a row have been dropped.
    starts : int64[n_sentences + 1]
        Sentence s is ``ids[starts[s]:starts[s + 1]]``; none is empty.
    n_raw : int, optional
        Tokens in the corpus before words without a row were dropped. Default: the number of ids.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.encode import Tokens
    >>> tokens = Tokens(np.array([0, 1, 1, 0], np.int32), np.array([0, 3, 4]))
    >>> tokens.n_tokens, tokens.n_sentences
    (4, 2)
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

    def part(self, begin: int, end: int, *, align: int = 1) -> tuple[np.ndarray, np.ndarray, int]:
        """Return an excerpt that holds tokens begin to end, and all of the sentences that they are in.

        Parameters
        ----------
        begin, end : int
            Positions in the corpus.
        align : int
            The excerpt shall begin at a multiple of this.

        Returns
        -------
        ids : int32[n]
        starts : int64[n_sentences + 1]
            From 0 to n.
        first : int
            Position of ``ids[0]`` in the corpus. These tokens are in memory, so the excerpt is all of them, from 0.
        """
        return self.ids, self.starts, 0

    def close(self) -> None:
        """Drop the arrays, and so delete the files."""
        self.ids, self.starts = np.empty(0, np.int32), np.zeros(1, np.int64)

    def __enter__(self) -> Tokens:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
