"""The computation of `find_words`, by a dict."""

from __future__ import annotations

from fastw2v_kernels.encode.reference import word_of
from fastw2v_kernels.shared.array_types import Int64, UInt64

_LOW_HALF = 0xFFFFFFFF


def find_words_reference(
    slots: UInt64,
    arena: UInt64,
    word_starts: Int64,
    *,
    known_slots: UInt64,
    known_arena: UInt64,
    known_starts: Int64,
    n_before: int,
    found: Int64,
) -> None:
    """Look the words of one table up in another.

    Parameters
    ----------
    slots, arena, word_starts : uint64[n], uint64[n_units], int64[n_words + 1]
        A table as `encode` leaves it. Of its slots, those to be looked up: a table may be divided among threads.
    known_slots, known_arena, known_starts
        The table to look in, filled with the same seed; its slots are whole, a power of two.
    n_before : int
        Added to the numbers of its words.
    found : int64[n_words], changed in place
        Number of each word that is found. Entries of 0 and above do not change.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    entries = [int(entry) & _LOW_HALF for entry in known_slots]
    known = {word_of(known_arena, known_starts, entry - 1): entry - 1 for entry in entries if entry}
    for entry in slots:
        word_id = (int(entry) & _LOW_HALF) - 1
        if word_id >= 0 and found[word_id] < 0:
            number = known.get(word_of(arena, word_starts, word_id))
            found[word_id] = -1 if number is None else n_before + number
