"""The words met so far while text is read: a hash table in plain arrays that grow; kernels read and fill it."""

from __future__ import annotations

import secrets

import numpy as np

from fastw2v_kernels.encode import padded_size
from fastw2v_kernels.encode.cpu import encode_cpu
from fastw2v_kernels.encode.reference import most_tokens
from fastw2v_kernels.pack_words.cpu import pack_words_cpu
from fastw2v_kernels.rehash_slots.cpu import rehash_slots_cpu

N_IDS, N_LINE_ENDS, N_RAW, N_WORDS, N_UNITS = 1, 2, 3, 4, 5  # elements of the cursor; element 0 is the text position
# Of the hash of words, one for all tables of a process, which are merged. No result depends on it.
_SEED = secrets.randbits(64)
CHUNK_WORDS = 1 << 16  # words handled at once, so that temporary arrays stay small


class WordTable:
    """Words with their ids by first occurrence and their counts, in arrays without a Python object per word.

    `encode_reference` explains the arrays.

    Parameters
    ----------
    n_words_max : int
        Words that fit before the table first grows.
    """

    def __init__(self, n_words_max: int = 1 << 15) -> None:
        n_slots = 1 << (2 * n_words_max - 1).bit_length()
        self.slots = np.zeros(n_slots, np.uint64)
        self.arena = np.empty(n_slots, np.uint64)
        self.word_starts = np.zeros(n_slots // 2 + 1, np.int64)
        self.counts_buffer = np.empty(n_slots // 2, np.int64)
        self.n_words = self.n_units = 0
        self._ids, self._line_ends = _empty_buffers()

    @property
    def counts(self) -> np.ndarray:
        """int64[n_words], occurrences of each word."""
        return self.counts_buffer[: self.n_words]

    @counts.setter
    def counts(self, counts: np.ndarray) -> None:
        self.counts_buffer[: self.n_words] = counts

    @property
    def letters(self) -> np.ndarray:
        """uint8[n_bytes], the words one after the other, with spaces between them."""
        return self.arena[: self.n_units].view(np.uint8)

    def frozen_copy(self) -> WordTable:
        """Return a table for another thread: it shares the words, read-only, and counts them anew from 0."""
        copy = object.__new__(WordTable)
        copy.__dict__.update(self.__dict__)
        copy.counts_buffer = np.zeros_like(self.counts_buffer)
        copy._ids, copy._line_ends = _empty_buffers()
        return copy

    def encode(self, text: np.ndarray, n_bytes: int, *, frozen: bool = False) -> tuple[np.ndarray, np.ndarray, int]:
        """Turn the words of `text` into ids, and count them; add unknown words, or skip them if `frozen`.

        The next call overwrites the returned arrays: reusing them avoids page faults, and threads that free memory wait
        for each other.

        Parameters
        ----------
        text : uint8[padded_size(n_bytes)]
            The text, padded with spaces.
        n_bytes : int
            Its length without the padding.
        frozen : bool
            Add no words.

        Returns
        -------
        ids : int32[n_ids]
        line_ends : int64[n_line_ends]
            Positions in `ids` at which a sentence ends.
        n_raw : int
            Tokens in the text, those without an id too.
        """
        if self._ids.size < most_tokens(n_bytes):
            self._ids = np.empty(most_tokens(n_bytes), np.int32)
            self._line_ends = np.empty(most_tokens(n_bytes) + 1, np.int64)
        ids, line_ends = self._ids, self._line_ends
        cursor = np.array([0, 0, 0, 0, self.n_words, self.n_units], np.int64)
        while cursor[0] < n_bytes:
            encode_cpu(
                text,
                n_bytes,
                int(frozen),
                slots=self.slots,
                arena=self.arena,
                word_starts=self.word_starts,
                counts=self.counts_buffer,
                ids=ids,
                line_ends=line_ends,
                cursor_in=cursor,
                cursor_out=cursor,
                seed=_SEED,
            )
            self.n_words, self.n_units = int(cursor[N_WORDS]), int(cursor[N_UNITS])
            if cursor[0] < n_bytes:
                self._grow()
        return ids[: cursor[N_IDS]], line_ends[: cursor[N_LINE_ENDS]], int(cursor[N_RAW])

    def _grow(self) -> None:
        """Double what is full: the slots, or the arena that holds the words' bytes."""
        if self.n_words < self.counts_buffer.size:
            self.arena = _enlarged(self.arena, self.n_units, 2 * self.arena.size)
            return
        old_slots, self.slots = self.slots, np.zeros(2 * self.slots.size, np.uint64)
        rehash_slots_cpu(old_slots, self.slots)
        self.counts_buffer = _enlarged(self.counts_buffer, self.n_words, self.slots.size // 2)
        self.word_starts = _enlarged(self.word_starts, self.n_words + 1, self.slots.size // 2 + 1)

    def subset(self, keep: np.ndarray) -> WordTable:
        """Return a table of the words where `keep` (bool[n_words]) is true, in the same order, with their counts."""
        starts = self.word_starts[: self.n_words + 1]
        table = WordTable(max(1, int(keep.sum())))
        table.encode(*_padded(self.arena[: self.n_units][np.repeat(keep, np.diff(starts))]))
        table.counts = self.counts[keep]
        return table

    def words(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the bytes of the words in `order`, and the start of each; see `words_of`."""
        return words_of(self.arena[: self.n_units], self.word_starts, order)


def words_of(arena: np.ndarray, word_starts: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of some words, one after the other, and where each starts.

    Parameters
    ----------
    arena, word_starts
        See `encode_reference`.
    order : int64[n]
        Ids of different words.

    Returns
    -------
    letters : uint8[n_bytes]
    starts : int64[n + 1]
    """
    letters, starts = np.empty(arena.nbytes, np.uint8), np.empty(len(order) + 1, np.int64)
    pack_words_cpu(arena, word_starts, order, letters=letters, starts=starts)
    letters.resize(starts[-1], refcheck=False)  # returns the rest to the system, and copies nothing
    return letters, starts


def _empty_buffers() -> tuple[np.ndarray, np.ndarray]:
    return np.empty(0, np.int32), np.empty(0, np.int64)


def _enlarged(array: np.ndarray, n_used: int, size: int) -> np.ndarray:
    """Return a larger array that begins with the first `n_used` elements.

    An array of twice this size is allocated, so that the next call need not copy. Memory that nobody touches costs
    nothing.
    """
    reserved = array if array.base is None else array.base
    if reserved.size < size:
        reserved = np.empty(2 * size, array.dtype)
        reserved[:n_used] = array[:n_used]
    return reserved[:size]


def _padded(units: np.ndarray) -> tuple[np.ndarray, int]:
    """Return words of the arena as `text, n_bytes` for `WordTable.encode`."""
    text = np.full(padded_size(units.nbytes), ord(" "), np.uint8)
    text[: units.nbytes] = units.view(np.uint8)
    return text, units.nbytes
