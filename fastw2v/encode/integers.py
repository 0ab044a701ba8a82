"""Integer sentences: the ids that occur, their counts and their vocabulary rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from fastw2v.corpus import IntegerCorpus
from fastw2v.encode.token_files import EncodedBlock
from fastw2v.vocab import Vocab

CHUNK_TOKENS = 1 << 20
_INT32_MAX = np.iinfo(np.int32).max


class EncodedIntegers:
    """Integer sentences: the ids that occur, by first occurrence, and their counts. The corpus is not copied.

    Small ids are counted in an array indexed by id; large ones by sorting chunks of the corpus.

    Parameters
    ----------
    corpus : IntegerCorpus
    keep_all : bool
        Every id from 0 to the largest is a key, in this order, those that do not occur too.
    chunk_tokens : int
        Ids handled at once.
    """

    def __init__(self, corpus: IntegerCorpus, *, keep_all: bool, chunk_tokens: int = CHUNK_TOKENS) -> None:
        self._corpus, self._chunk_tokens = corpus, chunk_tokens
        self.n_raw = corpus.ids.size
        largest = int(corpus.ids.max())
        if keep_all and largest >= _INT32_MAX:
            raise ValueError(f"id {largest} with min_count=0 would need a row for every id up to it; use min_count=1")
        self._is_dense = keep_all or largest < 4 * corpus.ids.size
        if self._is_dense:
            self._chunk_tokens = max(chunk_tokens, largest)
            counts, first = self._count_dense(largest + 1)
            keys = np.arange(largest + 1) if keep_all else np.flatnonzero(counts)
            order = keys if keep_all else keys[np.argsort(first[keys], kind="stable")]
            self.keys, self.counts, self._seen = order, counts[order], order
            self._n_local = largest + 1
        else:
            self._sorted_keys, counts, first = self._count_sparse()
            order = np.argsort(first, kind="stable")
            self.keys, self.counts, self._seen = self._sorted_keys[order], counts[order], order
            self._n_local = len(order)

    def _chunk(self, start: int) -> np.ndarray:
        return self._corpus.ids[start : start + self._chunk_tokens].astype(np.int64)

    def _chunks(self) -> Iterator[tuple[int, np.ndarray]]:
        return ((start, self._chunk(start)) for start in range(0, self.n_raw, self._chunk_tokens))

    def _count_dense(self, n_ids: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the count and the first position of each id; goes backwards, so that the first is written last."""
        counts, first = np.zeros(n_ids, np.int64), np.zeros(n_ids, np.int64)
        for start in reversed(range(0, self.n_raw, self._chunk_tokens)):
            ids = self._chunk(start)
            counts += np.bincount(ids, minlength=n_ids)
            first[ids[::-1]] = np.arange(start, start + len(ids))[::-1]
        return counts, first

    def _count_sparse(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the ids that occur, sorted, with counts and first positions; takes memory for these ids alone."""
        keys, counts, first = (np.zeros(0, np.int64) for _ in range(3))
        for start, ids in self._chunks():
            new_keys, at, n_seen = np.unique(ids, return_index=True, return_counts=True)
            both = np.concatenate([keys, new_keys])
            order = np.argsort(both, kind="stable")
            edges = np.flatnonzero(np.diff(both[order], prepend=-1))
            keys = both[order][edges]
            counts = np.add.reduceat(np.concatenate([counts, n_seen])[order], edges)
            first = np.minimum.reduceat(np.concatenate([first, start + at])[order], edges)
        return keys, counts, first

    def vocab(self, order: np.ndarray) -> Vocab:
        """Make the vocabulary whose rows are the ids in `order`."""
        return Vocab.from_ids(self.keys[order], self.counts[order], n_raw_tokens=self.n_raw)

    def rows_in(self, vocab: Vocab) -> np.ndarray:
        """Return the row of each id in a given vocabulary, -1 for none: int32[n_ids]."""
        ids = np.asarray(vocab.ids)
        known = np.argsort(ids, kind="stable")
        at = np.searchsorted(ids, self.keys, sorter=known)
        row = known[np.minimum(at, len(known) - 1)]
        return np.where(ids[row] == self.keys, row, -1).astype(np.int32)

    def blocks(self, row_of: np.ndarray) -> Iterator[EncodedBlock]:
        """Yield a block per chunk of the corpus, given the row of each id that occurs: int32[n_ids]."""
        row_of_local = np.full(self._n_local, -1, np.int32)
        row_of_local[self._seen] = row_of
        for start in range(0, self.n_raw, self._chunk_tokens):
            yield EncodedBlock(partial(self._read, start), row_of_local)

    def _read(self, start: int) -> tuple[np.ndarray, np.ndarray]:
        ids, ends = self._chunk(start), self._corpus.starts
        local = ids if self._is_dense else np.searchsorted(self._sorted_keys, ids)
        first, last = np.searchsorted(ends, [start, start + len(ids)], side="right")
        return local.astype(np.int32), ends[first:last] - start

    def close(self) -> None:
        """Do nothing: there is no temporary file."""
