"""Lists of tokens and integer arrays to numbers and counts."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import partial

import numpy as np

from fastw2v._integers import IntegerCorpus
from fastw2v._spool import Spool, SpooledBlock
from fastw2v._token_files import Unread
from fastw2v.corpus import Progress, TokenCorpus
from fastw2v.vocab import Vocab, count_threshold

CHUNK_TOKENS = 1 << 20
_INT32_MAX = np.iinfo(np.int32).max


class _Numbering(dict[str, int]):
    """Token to number by first occurrence: a look-up of an unknown token adds it."""

    def __missing__(self, token: str) -> int:
        if not isinstance(token, str):
            raise TypeError(f"a token is a {type(token).__name__}, {token!r}")
        self[token] = number = len(self)
        return number


class _FrozenNumbering(_Numbering):
    """Nothing is added: every unknown token has the number after the last."""

    def __missing__(self, token: str) -> int:
        if not isinstance(token, str):
            raise TypeError(f"a token is a {type(token).__name__}, {token!r}")
        return len(self)


def _number_tokens(
    corpus: TokenCorpus, numbering: _Numbering, chunk_tokens: int, progress: Progress | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield ids int32 and line ends int64, by chunks of whole sentences. `numbering` may be changed in between."""
    ids, ends, done = array("i"), array("q"), 0
    for position, sentence in enumerate(corpus.sentences):
        if isinstance(sentence, str | bytes):
            raise TypeError(
                f"sentence {position} is the {type(sentence).__name__} {sentence[:40]!r}; wanted a list of str"
            )
        n_before = len(ids)
        try:
            ids.extend(map(numbering.__getitem__, sentence))
        except TypeError as error:
            at = f"sentence {position}, token {len(ids) - n_before}"
            raise TypeError(f"{at}: {error}; expected lists of str, as the first sentence is") from error
        ends.append(len(ids))
        if len(ids) >= chunk_tokens:
            done += len(ids)
            yield np.frombuffer(ids, np.int32), np.frombuffer(ends, np.int64)
            ids, ends = array("i"), array("q")
            if progress is not None:
                progress(done, None)
    yield np.frombuffer(ids, np.int32), np.frombuffer(ends, np.int64)


class EncodedTokens:
    """Lists of str read once: the tokens by first occurrence, their counts, and the ids in a temporary file."""

    def __init__(self, numbering: _Numbering) -> None:
        self._numbering = numbering
        self._spool = Spool()
        self._blocks: list[SpooledBlock] = []
        self.counts = np.zeros(0, np.int64)
        self.n_raw = 0

    def read(self, corpus: TokenCorpus, chunk_tokens: int, progress: Progress | None) -> None:
        """Give numbers to the tokens, count them and spool them."""
        for ids, ends in _number_tokens(corpus, self._numbering, chunk_tokens, progress):
            self.n_raw += len(ids)
            self.counts = _add_counts(self.counts, ids, len(self._numbering) + 1)
            self._blocks.append(self._spool.write(ids, ends))
        self.counts = self.counts[: len(self._numbering)]

    def vocab(self, order: np.ndarray) -> Vocab:
        """Make the vocabulary whose rows are the tokens in `order`."""
        tokens = list(self._numbering)
        return Vocab.from_keys([tokens[n] for n in order.tolist()], self.counts[order], n_raw_tokens=self.n_raw)

    def rows_in(self, vocab: Vocab) -> np.ndarray:
        """Return the row of each token in a given vocabulary, -1 for none: int32[n_tokens]."""
        rows = vocab.key_to_index
        return np.fromiter((rows.get(token, -1) for token in self._numbering), np.int32, len(self._numbering))  # type: ignore[call-overload]

    def blocks(self, row_of: np.ndarray) -> Iterator[Unread]:
        """Yield for each block what reads its ids and line ends, and the row of each id."""
        row_of_id = np.append(row_of, np.int32(-1))
        for block in self._blocks:
            yield block.read, row_of_id

    def close(self) -> None:
        """Delete the temporary file."""
        self._spool.close()


def encode_tokens(
    corpus: TokenCorpus, *, max_vocab_size: int | None, progress: Progress | None, chunk_tokens: int = CHUNK_TOKENS
) -> EncodedTokens:
    """Read lists of str once, or twice with `max_vocab_size`: to find the words to count, then to count them."""
    numbering = _Numbering()
    if max_vocab_size is not None:
        numbering = _pruned_numbering(corpus, max_vocab_size, chunk_tokens, progress)
    encoded = EncodedTokens(numbering)
    try:
        encoded.read(corpus, chunk_tokens, progress)
        if encoded.n_raw == 0:
            raise ValueError(
                "max_vocab_size reads the corpus twice, and the second time it had no token; pass list(sentences), "
                "or an object whose __iter__ starts anew each time"
            )
    except BaseException:
        encoded.close()
        raise
    return encoded


def _pruned_numbering(
    corpus: TokenCorpus, max_vocab_size: int, chunk_tokens: int, progress: Progress | None
) -> _FrozenNumbering:
    """Count, and after each chunk forget the rarest tokens beyond `max_vocab_size`."""
    numbering, counts = _Numbering(), np.zeros(0, np.int64)
    for ids, _ in _number_tokens(corpus, numbering, chunk_tokens, progress):
        counts = _add_counts(counts, ids, len(numbering))
        if len(numbering) > max_vocab_size:
            kept = np.flatnonzero(counts >= count_threshold(counts, max_vocab_size))
            tokens, counts = list(numbering), counts[kept]
            numbering.clear()
            numbering.update((tokens[old], new) for new, old in enumerate(kept.tolist()))
    return _FrozenNumbering(numbering)


def _add_counts(counts: np.ndarray, ids: np.ndarray, n_ids: int) -> np.ndarray:
    total = np.bincount(ids, minlength=n_ids)
    total[: len(counts)] += counts
    return total


class EncodedIntegers:
    """Integer sentences: the ids that occur, in order of first occurrence, and their counts. Nothing is copied.

    Parameters
    ----------
    corpus : IntegerCorpus
    keep_all : bool
        Every id from 0 to the largest is a key, in that order, also those that do not occur.
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
        """Return the count and the first position of each id; backwards, so that the first is written last."""
        counts, first = np.zeros(n_ids, np.int64), np.zeros(n_ids, np.int64)
        for start in reversed(range(0, self.n_raw, self._chunk_tokens)):
            ids = self._chunk(start)
            counts += np.bincount(ids, minlength=n_ids)
            first[ids[::-1]] = np.arange(start, start + len(ids))[::-1]
        return counts, first

    def _count_sparse(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the ids that occur, sorted, with their counts and first positions; memory follows their number."""
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

    def blocks(self, row_of: np.ndarray) -> Iterator[Unread]:
        """Yield for each chunk what reads its ids and line ends, and the row of each id."""
        row_of_local = np.full(self._n_local, -1, np.int32)
        row_of_local[self._seen] = row_of
        for start in range(0, self.n_raw, self._chunk_tokens):
            yield partial(self._read, start), row_of_local

    def _read(self, start: int) -> tuple[np.ndarray, np.ndarray]:
        ids, ends = self._chunk(start), self._corpus.starts
        local = ids if self._is_dense else np.searchsorted(self._sorted_keys, ids)
        first, last = np.searchsorted(ends, [start, start + len(ids)], side="right")
        return local.astype(np.int32), ends[first:last] - start

    def close(self) -> None:
        """Do nothing: there is no temporary file."""
