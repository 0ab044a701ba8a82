"""The tokens of the shards that a worker has, at their positions in the whole corpus."""

from __future__ import annotations

import bisect
from collections.abc import Callable

import numpy as np

from fastw2v.encode import Tokens
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.temporary_files import temporary_file, write_all

_CHUNK_TOKENS = 1 << 18


class ShardTokens(Tokens):
    """A corpus of which only some shards are here.

    Positions are those of the whole corpus, so that a kernel draws at each token what it would draw on one machine.

    Parameters
    ----------
    sizes : int64[n_shards]
        Tokens of each shard of the corpus.
    """

    def __init__(self, sizes: Array) -> None:
        super().__init__(np.empty(0, np.int32), np.zeros(1, np.int64))
        self._firsts = (np.cumsum(sizes) - sizes).tolist()
        self._n_tokens = int(sizes.sum())
        self._shards: dict[int, Tokens] = {}

    @property
    def n_tokens(self) -> int:
        """Tokens in the whole corpus."""
        return self._n_tokens

    def add(self, shard: int, tokens: Tokens) -> None:
        """Take the tokens of a shard."""
        self._shards[shard] = tokens

    def part(self, begin: int, end: int, *, align: int = 1) -> tuple[Array, Array, int]:
        """Return the shard that holds tokens begin to end; see `Tokens.part`."""
        if begin == end:
            return self.ids, self.starts, 0
        shard = bisect.bisect_right(self._firsts, begin) - 1
        return self._shards[shard].ids, self._shards[shard].starts, self._firsts[shard]


def tokens_as_rows(tokens: Tokens, row_of: Array, on_step: Callable[[], object] | None = None) -> Tokens:
    """Return tokens with other numbers, on disk; those with the number -1, and sentences without a token, are left out.

    Parameters
    ----------
    tokens : Tokens
    row_of : int32[n_words]
        The new number of each old one.
    on_step : callable, optional
        Is called now and then.
    """
    starts, n_known = np.zeros(len(tokens.starts), np.int64), 0
    with temporary_file() as file:
        for first in range(0, tokens.n_tokens, _CHUNK_TOKENS):
            rows = row_of[tokens.ids[first : first + _CHUNK_TOKENS]]
            is_known = rows >= 0
            begin, end = np.searchsorted(tokens.starts, [first, first + len(rows)], side="right")
            ends = np.cumsum(is_known)  # known tokens up to each, itself too
            starts[begin:end] = n_known + ends[tokens.starts[begin:end] - first - 1]
            known = rows[is_known]
            write_all(file, known)
            n_known += len(known)
            if on_step is not None:
                on_step()
        ids = np.asarray(np.memmap(file, np.int32, mode="r+")) if n_known else np.empty(0, np.int32)
    is_new = np.ones(len(starts), bool)
    np.greater(starts[1:], starts[:-1], out=is_new[1:])
    return Tokens(ids, starts if is_new.all() else starts[is_new], tokens.n_raw)
