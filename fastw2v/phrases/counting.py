"""Counts of words and of pairs, made by several threads, each of which counts the pairs of its share of the words."""

from __future__ import annotations

from collections.abc import Callable, Generator, Set
from functools import cached_property, partial

import numpy as np

from fastw2v.phrases.reading import ReadSentences
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.worker_pool import run_tasks
from fastw2v_kernels.count_bigrams.reference import (
    CONNECTOR,
    ELSEWHERE,
    FIRST,
    LEFT,
    N_ENTRIES,
    POSITION,
    PREFIX,
    RIGHT,
    TOKEN,
    least_slots,
)

_FEWEST_ENTRIES = 1 << 10
_TOKENS_PER_ENTRY = 4  # a guess: in two million words of text, every third pair is new; in ten million, every fifth
_TOKENS_PER_ENTRY_OR_PREFIX = 2
_SCAN_TOKENS = 1 << 16


class WordCounts:
    """Words and pairs of all sentences so far.

    Attributes
    ----------
    words : list of str
        Different tokens, connector words too, by first occurrence.
    counts, positions : int64[n_words]
        Occurrences of each word, and the position of the first in all tokens.
    is_connector : bool[n_words]
    parts : list of int64[n_entries, 4]
        What each thread counted; see `count_bigrams_reference`.
    n_tokens : int
    """

    def __init__(self, n_parts: int, connector_words: Set[str], delimiter: str) -> None:
        self.connector_words, self.delimiter = connector_words, delimiter
        self.words: list[str] = []
        self.counts = self.positions = np.zeros(0, np.int64)
        self.is_connector = np.zeros(0, bool)
        self.parts = [np.zeros((0, 4), np.int64)] * n_parts
        self.n_tokens = 0

    @cached_property
    def ids(self) -> dict[str, int]:
        """Number of each word."""
        return dict(zip(self.words, range(len(self.words))))

    @cached_property
    def is_odd(self) -> Array:
        """Which words hold a character of the delimiter: bool[n_words]."""
        is_odd = np.zeros(len(self.words), bool)
        for character in set(self.delimiter):
            is_odd |= np.array([character in word for word in self.words], bool)
        return is_odd

    def with_sentences(self, read: ReadSentences, most: int) -> WordCounts | None:
        """Return the counts with those of further sentences added; this object stays as it is.

        None: there are more than `most` different phrases. Counting stops early then, so that memory is bounded.
        """
        more = WordCounts(len(self.parts), self.connector_words, self.delimiter)
        positions = self.n_tokens + first_positions(read.ids, len(read.words))
        more.n_tokens = self.n_tokens + len(read.ids)
        if self.words:
            ids = self._add_words(more, read, positions)
        else:
            more.words, more.counts, more.positions, ids = read.words, read.counts, positions, read.ids
        more.is_connector = np.zeros(len(more.words), bool)
        if self.connector_words:
            more.is_connector[:] = [word in self.connector_words for word in more.words]
        return more if self._count_pairs(more, ids, read.starts, most=most) else None

    def _add_words(self, more: WordCounts, read: ReadSentences, positions: Array) -> Array:
        """Write the words of both to `more`; return the ids of the new tokens among them, int32[n_tokens]."""
        new_words = [word for word in read.words if word not in self.ids]
        more.words = self.words + new_words
        ids_of_read = np.fromiter(map(more.ids.__getitem__, read.words), np.int32, len(read.words))
        more.counts = np.concatenate([self.counts, np.zeros(len(new_words), np.int64)])
        more.counts[ids_of_read] += read.counts
        more.positions = np.concatenate([self.positions, positions[ids_of_read >= len(self.words)]])
        return ids_of_read[read.ids]

    @property
    def n_most(self) -> int:
        """No fewer than the different words and phrases there are."""
        return len(self.words) + sum(map(len, self.parts))

    def _count_pairs(self, more: WordCounts, ids: Array, starts: Array, *, most: int) -> bool:
        """Write the entries of each part to `more`, with the pairs of further tokens added; whether they all fit."""
        n_parts, found = len(self.parts), dict[int, Array]()

        def count(part: int) -> None:
            mine = np.arange(len(more.words)) % n_parts == part
            roles = np.where(more.is_connector, CONNECTOR, np.where(mine, FIRST, ELSEWHERE)).astype(np.uint8)
            for entries, is_done in _entries(self.parts[part], ids, starts, roles=roles, n_parts=n_parts):
                if is_done:
                    entries[len(self.parts[part]) :, POSITION] += self.n_tokens
                    found[part] = entries
                elif more.n_certainly_different(entries) > most:
                    return

        tasks: list[Callable[[], None]] = [partial(count, part) for part in range(n_parts)]
        run_tasks(tasks, len(tasks))
        more.parts = [entries for _, entries in sorted(found.items(), key=lambda item: item[0])]
        return len(found) == n_parts

    def n_certainly_different(self, entries: Array) -> int:
        """Return how many entries are pairs of words that are not odd, whose strings therefore differ."""
        plain = ~(self.is_odd | self.is_connector)
        pairs = entries[entries[:, LEFT] < PREFIX]
        return int(np.count_nonzero(plain[pairs[:, LEFT]] & plain[pairs[:, RIGHT]]))


def first_positions(ids: Array, n_words: int) -> Array:
    """Return where each word first occurs, int64[n_words], if the words are numbered by first occurrence."""
    found = [np.zeros(0, np.int64)]
    n_seen = 0
    for start in range(0, len(ids), _SCAN_TOKENS):
        chunk = ids[start : start + _SCAN_TOKENS]
        later = np.flatnonzero(chunk >= n_seen)
        highest = np.maximum.accumulate(chunk[later])
        found.append(start + later[np.diff(highest, prepend=n_seen - 1) > 0])
        n_seen += len(found[-1])
    return np.concatenate(found)[:n_words]


def _entries(
    known: Array, ids: Array, starts: Array, *, roles: Array, n_parts: int
) -> Generator[tuple[Array, bool], None, None]:
    """Add the pairs of these tokens to entries: call the kernel with larger arrays until they suffice.

    Yields
    ------
    entries : int64[n_entries, 4]
    is_done : bool
        False when the arrays are full, before larger ones are made.
    """
    from fastw2v_kernels.count_bigrams.cpu import count_bigrams_cpu

    cursor = np.array([0, len(known)], np.int64)
    tokens_per_entry = _TOKENS_PER_ENTRY_OR_PREFIX if (roles == CONNECTOR).any() else _TOKENS_PER_ENTRY
    n_max = max(_FEWEST_ENTRIES, len(known) + len(ids) // (tokens_per_entry * n_parts))
    entries = known
    while True:
        slots = np.empty(1 << (least_slots(n_max) - 1).bit_length(), np.uint64)
        n_max = 3 * (slots.size // 2) // 4  # as many as these slots suffice for
        larger = np.empty((n_max, 4), np.int64)
        larger[: cursor[N_ENTRIES]] = entries[: cursor[N_ENTRIES]]
        entries = larger
        count_bigrams_cpu(ids, starts, roles, slots=slots, entries=entries, cursor=cursor)
        used = entries[: cursor[N_ENTRIES]]
        if cursor[TOKEN] == len(ids):
            yield used if 2 * len(used) > n_max else used.copy(), True
            return
        yield used, False
        n_max += 1  # the next power of two of slots
