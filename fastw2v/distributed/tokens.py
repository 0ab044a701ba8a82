"""The tokens of the shards that a worker has, at their positions in the whole corpus."""

from __future__ import annotations

import bisect

import numpy as np

from fastw2v.encode import Tokens
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.temporary_files import temporary_file, write_all


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


def tokens_as_rows(tokens: Tokens, row_of: Array) -> Tokens:
    """Return tokens with other numbers, on disk; those with the number -1, and sentences without a token, are left out.

    Parameters
    ----------
    tokens : Tokens
    row_of : int32[n_words]
        The new number of each old one.
    """
    rows = row_of[tokens.ids] if len(tokens.ids) else np.empty(0, np.int32)
    is_known = rows >= 0
    n_before = np.concatenate([np.zeros(1, np.int64), np.cumsum(is_known, dtype=np.int64)])
    starts = np.unique(n_before[tokens.starts])
    return Tokens(_stored(rows[is_known]), starts if len(rows) else np.zeros(1, np.int64), tokens.n_raw)


def _stored(array: Array) -> Array:
    """Return an array in a temporary file without a name, which is gone when the process ends."""
    if not len(array):
        return array
    with temporary_file() as file:
        write_all(file, array)
        return np.asarray(np.memmap(file, array.dtype, mode="r+"))
