"""Words of a file as bytes, each once, without an object for each: millions of short words take little memory."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from fastw2v.runtime.arrays import Array
from fastw2v.vocab import Vocab

_MOST_RECENT, _MOST_RECENT_BYTES = 1 << 14, 1 << 21
_CHECKED_ROWS = 1 << 14
_HASH, _ROW = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFF)


class SeenWords:
    """Which words came before: the last ones in a set, the others by 32 bits of their hash and their row, sorted.

    Words of equal hash are compared, by their bytes.

    Parameters
    ----------
    word_of : callable
        Returns the word of a row.
    """

    def __init__(self, word_of: Callable[[int], bytes]) -> None:
        self._word_of = word_of
        self._n = self._n_recent_bytes = 0
        self._recent: set[bytes] = set()
        self._pending: list[Array] = []  # of the recent words, hash and row
        self._runs: list[Array] = []  # of the others: uint64, sorted, each run shorter than the one before

    def positions_of_new(self, words: Sequence[bytes]) -> list[int] | None:
        """Return the positions of words that came not before, neither here; None for all."""
        suspects = self._suspects(words)
        if not suspects and self._recent.isdisjoint(words) and len(set(words)) == len(words):
            return None
        new: dict[bytes, int] = {}
        for position, word in enumerate(words):
            if word not in new and word not in self._recent:
                rows = suspects.get(position)
                if rows is None or not self._is_there(word, rows):
                    new[word] = position
        return list(new.values()) if len(new) < len(words) else None

    def _suspects(self, words: Sequence[bytes]) -> dict[int, list[int]]:
        """Return the positions of words whose hash is there, with a row that has it, of each run."""
        found: dict[int, list[int]] = {}
        if not self._runs:
            return found
        hashes = _hashes(words)
        for run in self._runs:
            at = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            positions = np.flatnonzero((run[at] & _HASH) == hashes)
            for position, row in zip(positions.tolist(), (run[at[positions]] & _ROW).tolist()):
                found.setdefault(position, []).append(row)
        return found

    def _is_there(self, word: bytes, rows: list[int]) -> bool:
        """Whether one of the rows has the word, or another row with its hash."""
        if any(self._word_of(row) == word for row in rows):
            return True
        hashed = _hashes([word])
        first = [int(np.searchsorted(run, hashed[0])) for run in self._runs]
        last = [int(np.searchsorted(run, hashed[0] | _ROW, "right")) for run in self._runs]
        others = (run[a:b] & _ROW for run, a, b in zip(self._runs, first, last))
        return any(self._word_of(row) == word for run in others for row in run.tolist())

    def add(self, words: Sequence[bytes]) -> None:
        """Note new words, of the next rows."""
        self._pending.append(_hashes(words) | np.arange(self._n, self._n + len(words), dtype=np.uint64))
        self._recent.update(words)
        self._n += len(words)
        self._n_recent_bytes += sum(map(len, words))
        if len(self._recent) > _MOST_RECENT or self._n_recent_bytes > _MOST_RECENT_BYTES:
            self._settle()

    def _settle(self) -> None:
        """Sort the recent words' hashes, and merge runs, so that there are few."""
        run = np.sort(np.concatenate(self._pending))
        while self._runs and len(self._runs[-1]) < 2 * len(run) and len(run) < self._n // 4:
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")  # which merges what is sorted
        self._runs.append(run)
        self._recent, self._pending, self._n_recent_bytes = set(), [], 0


class DistinctWords:
    """Words that are collected, each once."""

    def __init__(self) -> None:
        self._letters, self._starts = bytearray(), array("q", [0])
        self._seen = SeenWords(self.word_of)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def word_of(self, row: int) -> bytes:
        """Bytes of the word of a row."""
        return bytes(memoryview(self._letters)[self._starts[row] : self._starts[row + 1]])

    def positions_of_new(self, words: Sequence[bytes]) -> list[int] | None:
        """Return the positions of words that came not before, neither here; None for all."""
        return self._seen.positions_of_new(words)

    def add(self, words: Sequence[bytes]) -> None:
        """Append new words."""
        self._seen.add(words)
        ends = accumulate(map(len, words), initial=len(self._letters))
        next(ends)
        self._starts.extend(ends)
        self._letters += b"".join(words)

    def vocab(self) -> Vocab:
        """Return the words, with counts of 0; no more can be added."""
        del self._seen
        letters, starts = np.frombuffer(self._letters, np.uint8), np.frombuffer(self._starts, np.int64)
        return Vocab(np.zeros(len(self), np.int64), letters, starts)


def has_doubled_words(vocab: Vocab) -> bool:
    """Whether a word occurs twice, found in little memory."""
    seen = SeenWords(lambda row: vocab.words(slice(row, row + 1))[0])
    for first in range(0, len(vocab), _CHECKED_ROWS):
        words = vocab.words(slice(first, first + _CHECKED_ROWS))
        if seen.positions_of_new(words) is not None:
            return True
        seen.add(words)
    return False


def _hashes(words: Sequence[bytes]) -> Array:
    """Return the upper half of each hash, uint64[n_words]."""
    return np.fromiter(map(hash, words), np.int64, len(words)).view(np.uint64) & _HASH
