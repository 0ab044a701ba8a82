"""Compiled tokeniser: whitespace text to word numbers, eight bytes at a time, in one pass.

A word is held as *units* of eight bytes filled up with spaces, always ending in at least one space. No word contains a
space, so no word's units begin another's: comparing units until one word ends decides equality, lengths need no room.
"""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import jit_cpu

NEWLINE = 10
_ONES = np.uint64(0x0101010101010101)
_LOW_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH_BITS = np.uint64(0x8080808080808080)
_SPACES = np.uint64(0x2020202020202020)
_ADD_FROM_TAB = np.uint64(0x7777777777777777)  # 0x80 - 9: the high bit says "at least \t"
_ADD_PAST_CR = np.uint64(0x7272727272727272)  # 0x7F - 13: the high bit says "past \r"
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio
_LOW_HALF = np.uint64(0xFFFFFFFF)
_U0, _U1, _U3, _U7, _U8 = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(7), np.uint64(8)
_U32, _U56, _U63 = np.uint64(32), np.uint64(56), np.uint64(63)


@jit_cpu
def _load_unit(units: np.ndarray, pos: np.uint64) -> np.uint64:
    """Eight bytes from any byte position, first byte lowest (two aligned reads, so no pointer tricks)."""
    shift = (pos & _U7) << _U3
    low = units[pos >> _U3] >> shift
    unit: np.uint64 = low | ((units[(pos >> _U3) + _U1] << _U1) << (_U63 - shift))
    return unit


@jit_cpu
def _first_separator(unit: np.uint64) -> np.uint64:
    """Return the lowest bit of the first whitespace byte (9 to 13, 32) of a unit, or 0; exact for every byte value."""
    low = unit & _LOW_BITS
    control = (low + _ADD_FROM_TAB) & ~(low + _ADD_PAST_CR)
    other = unit ^ _SPACES
    space = ~((other & _LOW_BITS) + _LOW_BITS) & ~other
    found = (((control & ~unit) | space) & _HIGH_BITS) >> _U7
    return found & (~found + _U1)


@jit_cpu
def _mix(word_hash: np.uint64, unit: np.uint64) -> np.uint64:
    mixed = (word_hash ^ unit) * _MULTIPLIER
    return (mixed ^ (mixed >> _U32)) * _MULTIPLIER


@jit_cpu
def _same_word(
    units: np.ndarray, byte_pos: np.uint64, n_units: np.uint64, last: np.uint64, arena: np.ndarray, start: np.uint64
) -> bool:
    for i in range(n_units - _U1):
        if _load_unit(units, byte_pos + (i << _U3)) != arena[start + i]:
            return False
    return arena[start + n_units - _U1] == last  # type: ignore[no-any-return]


@jit_cpu
def _store_word(
    units: np.ndarray, byte_pos: np.uint64, n_units: np.uint64, last: np.uint64, arena: np.ndarray, start: np.uint64
) -> None:
    for i in range(n_units - _U1):
        arena[start + i] = _load_unit(units, byte_pos + (i << _U3))
    arena[start + n_units - _U1] = last


@jit_cpu
def encode_cpu(
    text: np.ndarray,
    n_bytes: int,
    frozen: int,
    slots: np.ndarray,
    arena: np.ndarray,
    word_starts: np.ndarray,
    counts: np.ndarray,
    ids: np.ndarray,
    line_ends: np.ndarray,
    cursor_in: np.ndarray,
    cursor_out: np.ndarray,
) -> None:
    """See `encode_reference`. Open addressing, linear probing; a slot is 32 bits of hash over 32 bits of id + 1.

    All numbers are unsigned: an index that may be negative costs a sixth of the time.
    """
    units, starts, ends = text.view(np.uint64), word_starts.view(np.uint64), line_ends.view(np.uint64)
    n_text, slot_mask = np.uint64(n_bytes), np.uint64(slots.size - 1)
    n_words_max, n_units_max = np.uint64(counts.size), np.uint64(arena.size)
    pos, n_ids, n_line_ends, n_raw, n_words, n_units = cursor_in.view(np.uint64)
    starts[n_words] = n_units
    while pos < n_text:
        end, word_hash, unit = pos, _U0, _load_unit(units, pos)
        separator = _first_separator(unit)
        while separator == _U0:
            word_hash = _mix(word_hash, unit)
            end += _U8
            unit = _load_unit(units, end)
            separator = _first_separator(unit)
        word_units = ((end - pos) >> _U3) + _U1
        inside = separator - _U1
        last = (unit & inside) | (_SPACES & ~inside)
        end += ((inside & _ONES) * _ONES) >> _U56
        if end > pos:
            tag = _mix(word_hash, last) >> _U32
            slot = tag & slot_mask
            number = slots[slot] & _LOW_HALF
            while number != _U0 and not (
                slots[slot] >> _U32 == tag and _same_word(units, pos, word_units, last, arena, starts[number - _U1])
            ):
                slot = (slot + _U1) & slot_mask
                number = slots[slot] & _LOW_HALF
            if number == _U0 and not frozen:
                if n_words == n_words_max or n_units + word_units >= n_units_max:
                    break
                _store_word(units, pos, word_units, last, arena, n_units)
                number, n_words, n_units = n_words + _U1, n_words + _U1, n_units + word_units
                slots[slot] = (tag << _U32) | number
                starts[n_words] = n_units
                counts[number - _U1] = 0
            n_raw += _U1
            if number != _U0:
                counts[number - _U1] += 1
                ids[n_ids] = number - _U1
                n_ids += _U1
        if text[end] == NEWLINE and end < n_text and (n_line_ends == _U0 or ends[n_line_ends - _U1] != n_ids):
            ends[n_line_ends] = n_ids
            n_line_ends += _U1
        pos = end + _U1
    cursor_out[:] = (min(pos, n_text), n_ids, n_line_ends, n_raw, n_words, n_units)


@jit_cpu
def rehash_slots(old_slots: np.ndarray, new_slots: np.ndarray) -> None:
    """Move every entry of `old_slots` (uint64) to the larger, zeroed `new_slots`; an entry carries its own hash."""
    mask = np.uint64(new_slots.size - 1)
    for entry in old_slots:
        if entry != _U0:
            slot = (entry >> _U32) & mask
            while new_slots[slot] != _U0:
                slot = (slot + _U1) & mask
            new_slots[slot] = entry


@jit_cpu
def ids_to_rows(
    ids: np.ndarray, line_ends: np.ndarray, row_of: np.ndarray, rows: np.ndarray, ends: np.ndarray
) -> tuple[int, int]:
    """Give one block its vocabulary rows: drop words without a row, then sentences without a word.

    Parameters
    ----------
    ids : int32[n_ids], line_ends : int64[n_line_ends]
        A block as `encode_cpu` leaves it.
    row_of : int32[n_words]
        Vocabulary row of each id, -1 for none.
    rows : int32[>= n_ids], ends : int64[>= n_line_ends]
        Written: the rows kept, and the position in them at which each sentence ends, one position once. The first is 0
        if the sentence open at the block's beginning ends before a word with a row.

    Returns
    -------
    n_rows, n_ends : int
    """
    n_rows, first, n_ends = _U0, _U0, 0  # unsigned, for an index that may be negative is a third of the time
    for e in range(line_ends.size + 1):
        last = np.uint64(line_ends[e] if e < line_ends.size else ids.size)
        for i in range(first, last):
            row = row_of[np.uint32(ids[i])]
            rows[n_rows] = row  # the next goes over it if it is none
            n_rows += np.uint64(row >= 0)
        first = last
        if e < line_ends.size and (n_ends == 0 or np.uint64(ends[n_ends - 1]) < n_rows):
            ends[n_ends] = n_rows
            n_ends += 1
    return int(n_rows), n_ends
