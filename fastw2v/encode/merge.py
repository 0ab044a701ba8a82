"""The tables of several threads made one: every word once, with the number that one thread would have given it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fastw2v.runtime.worker_pool import run_tasks

if TYPE_CHECKING:
    from fastw2v.encode.word_table import WordTable

NewWords = tuple[int, int, int]  # a table, and the first and the last of its words that a block has brought
_PARTS = 2  # of a table's slots, so that two threads share the work


class MergedTables:
    """The words of several tables, numbered by first occurrence in the whole text.

    Parameters
    ----------
    tables : list of WordTable
    blocks : sequence of (table, first word, last word)
        In the order of the text: which of its table's words each block brought.
    workers : int
        Threads that look the words of one table up in another.

    Attributes
    ----------
    n_words : int
    to_word : list of int32[table.n_words]
        The number of each table's words.
    """

    def __init__(self, tables: list[WordTable], blocks: Sequence[NewWords], workers: int) -> None:
        self._tables = tables
        codes = _codes(tables, workers)
        in_order = np.concatenate([codes[table][first:last] for table, first, last in blocks] or codes)
        self._codes, number = _first_occurrences(in_order, sum(table.n_words for table in tables))
        self.n_words = len(self._codes)
        self.to_word = [number[of_table] for of_table in codes]

    def words(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the bytes of the words in `order`, and where each starts: uint8[n_bytes], int64[len(order) + 1]."""
        from fastw2v.encode.word_table import words_of

        arenas = [table.arena[: table.n_units] for table in self._tables]
        ends = [table.word_starts[1 : table.n_words + 1] + n for table, n in zip(self._tables, _n_before(arenas))]
        return words_of(np.concatenate(arenas), np.concatenate([np.zeros(1, np.int64), *ends]), self._codes[order])


def _codes(tables: list[WordTable], workers: int) -> list[np.ndarray]:
    """Return a code of each table's words, int64: its place among the words of all tables where it comes first."""
    n_before = _n_before([table.counts for table in tables])
    found = [np.full(table.n_words, -1, np.int64) for table in tables]
    run_tasks(_look_ups(tables, n_before, found), workers)
    return [np.where(of_table < 0, np.arange(n, n + len(of_table)), of_table) for n, of_table in zip(n_before, found)]


def _look_ups(tables: list[WordTable], n_before: list[int], found: list[np.ndarray]) -> Iterator[Callable[[], None]]:
    """Yield what looks the words of each table but the first up in those before it; most work first."""
    filled = [(table, n, of_table) for table, n, of_table in zip(tables, n_before, found) if table.n_words]
    for last in range(len(filled) - 1, 0, -1):
        table, _, of_table = filled[last]
        before = [(known, n) for known, n, _ in filled[:last]]
        for slots in np.array_split(table.slots, _PARTS):
            yield partial(_look_up, slots, table, before, of_table)


def _look_up(slots: np.ndarray, table: WordTable, before: list[tuple[WordTable, int]], found: np.ndarray) -> None:
    from fastw2v_kernels.find_words.cpu import find_words_cpu

    for known, n in before:
        find_words_cpu(
            slots,
            table.arena,
            table.word_starts,
            known_slots=known.slots,
            known_arena=known.arena,
            known_starts=known.word_starts,
            n_before=n,
            found=found,
        )


def _first_occurrences(codes: np.ndarray, n_codes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the different codes by first occurrence, and the number of each there: int64[n], int32[n_codes]."""
    positions, first, number = np.arange(len(codes)), np.empty(n_codes, np.int64), np.empty(n_codes, np.int32)
    first[codes[::-1]] = positions[::-1]  # the first is written last
    different = codes[first[codes] == positions]
    number[different] = np.arange(len(different))
    return different, number


def _n_before(arrays: list[np.ndarray]) -> list[int]:
    return [sum(map(len, arrays[:n])) for n in range(len(arrays))]
