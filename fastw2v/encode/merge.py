"""Merges the word tables of several threads: every word gets the id that one thread alone would have given it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastw2v.runtime.worker_pool import run_tasks

if TYPE_CHECKING:
    from fastw2v.encode.word_table import WordTable

_CHUNKS_PER_TABLE = 2  # so that two threads share the look-up of one table's words


class NewWords(NamedTuple):
    """The words that a block added to a table: ids `first` to `last` - 1 of the table with index `table`."""

    table: int
    first: int
    last: int


class MergedTables:
    """The words of several tables, numbered by first occurrence in the whole text.

    Parameters
    ----------
    tables : list of WordTable
    blocks : sequence of NewWords
        The words that each block added, in the order of the text.
    workers : int
        Threads that look up the words of one table in another.

    Attributes
    ----------
    n_words : int
    to_word : list of int32[table.n_words]
        For each table, the id of its words in the whole text.
    """

    def __init__(self, tables: list[WordTable], blocks: Sequence[NewWords], workers: int) -> None:
        self._tables = tables
        codes = _codes(tables, workers)
        in_order = np.concatenate([codes[table][first:last] for table, first, last in blocks] or codes)
        self._codes, id_of_code = _first_occurrences(in_order, sum(table.n_words for table in tables))
        self.n_words = len(self._codes)
        self.to_word = [id_of_code[table_codes] for table_codes in codes]

    def words(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the bytes of the words in `order`, and where each starts: uint8[n_bytes], int64[len(order) + 1]."""
        from fastw2v.encode.word_table import words_of

        arenas = [table.arena[: table.n_units] for table in self._tables]
        ends = [table.word_starts[1 : table.n_words + 1] + n for table, n in zip(self._tables, _n_before(arenas))]
        return words_of(np.concatenate(arenas), np.concatenate([np.zeros(1, np.int64), *ends]), self._codes[order])


def _codes(tables: list[WordTable], workers: int) -> list[np.ndarray]:
    """Return for each table the codes of its words, int64[table.n_words]; equal words have equal codes.

    All tables laid end to end, a code is the position of the first word equal to this one.
    """
    n_before = _n_before([table.counts for table in tables])
    found = [np.full(table.n_words, -1, np.int64) for table in tables]
    run_tasks(_look_ups(tables, n_before, found), workers)
    return [np.where(codes < 0, np.arange(n, n + len(codes)), codes) for n, codes in zip(n_before, found)]


def _look_ups(tables: list[WordTable], n_before: list[int], found: list[np.ndarray]) -> Iterator[Callable[[], None]]:
    """Yield tasks that look up the words of each table in the tables before it; the longest task comes first."""
    filled = [(table, n, codes) for table, n, codes in zip(tables, n_before, found) if table.n_words]
    for last in range(len(filled) - 1, 0, -1):
        table, _, codes = filled[last]
        before = [(known, n) for known, n, _ in filled[:last]]
        for slots in np.array_split(table.slots, _CHUNKS_PER_TABLE):
            yield partial(_look_up, slots, table, before, found=codes)


def _look_up(slots: np.ndarray, table: WordTable, before: list[tuple[WordTable, int]], *, found: np.ndarray) -> None:
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
    """Return the distinct codes by first occurrence, int64[n_words], and the word id of each code, int32[n_codes]."""
    positions, first, id_of_code = np.arange(len(codes)), np.empty(n_codes, np.int64), np.empty(n_codes, np.int32)
    first[codes[::-1]] = positions[::-1]  # backwards, so that the first occurrence is written last and stays
    distinct = codes[first[codes] == positions]
    id_of_code[distinct] = np.arange(len(distinct))
    return distinct, id_of_code


def _n_before(arrays: list[np.ndarray]) -> list[int]:
    """Return how many elements the arrays before each hold."""
    return [sum(map(len, arrays[:n])) for n in range(len(arrays))]
