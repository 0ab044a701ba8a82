"""Compiled tokeniser: whitespace text to word numbers, eight bytes at a time, in one pass.

A word is stored as *units* of eight bytes, filled up with at least one space. No word contains a space, so the units of
one word never begin those of another. Comparing units to the end of a word therefore decides equality, and lengths need
not be stored.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd.prefetch import prefetch_element
from fastw2v_kernels.encode.reference import UNIT_BYTES, most_tokens, padded_size
from fastw2v_kernels.shared.arguments import INT32, INT64, UINT8, UINT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.memory import cache_per_thread

NEWLINE = 10
_BATCH = 64  # words whose slots are prefetched together
_POS, _LAST, _TAG, _UNITS, _KNOWN = range(5)  # columns of a batch
_CACHED_SLOTS = 1 << 20  # 8 MB, more than a core's own cache
_ONES = np.uint64(0x0101010101010101)
_LOW_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH_BITS = np.uint64(0x8080808080808080)
_SPACES = np.uint64(0x2020202020202020)
_ADD_FROM_TAB = np.uint64(0x7777777777777777)  # 0x80 - 9: the high bit says "at least \t"
_ADD_PAST_CR = np.uint64(0x7272727272727272)  # 0x7F - 13: the high bit says "past \r"
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio
_LOW_HALF = np.uint64(0xFFFFFFFF)
_U0, _U1, _U3, _U7, _U8 = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(7), np.uint64(8)
_U_BATCH = np.uint64(_BATCH)
_U32, _U56, _U63 = np.uint64(32), np.uint64(56), np.uint64(63)


@inline_cpu
def _load_unit(units: np.ndarray, pos: np.uint64) -> np.uint64:
    """Return eight bytes from any byte position, the first one lowest, by two aligned reads."""
    shift = (pos & _U7) << _U3
    low = units[pos >> _U3] >> shift
    unit: np.uint64 = low | ((units[(pos >> _U3) + _U1] << _U1) << (_U63 - shift))
    return unit


@inline_cpu
def first_separator(unit: np.uint64) -> np.uint64:
    """Return the lowest bit of the first whitespace byte (9 to 13, 32) of a unit, or 0; exact for every byte value."""
    low = unit & _LOW_BITS
    control = (low + _ADD_FROM_TAB) & ~(low + _ADD_PAST_CR)
    other = unit ^ _SPACES
    space = ~((other & _LOW_BITS) + _LOW_BITS) & ~other
    found = (((control & ~unit) | space) & _HIGH_BITS) >> _U7
    return found & (~found + _U1)


@inline_cpu
def _mix(word_hash: np.uint64, unit: np.uint64) -> np.uint64:
    mixed = (word_hash ^ unit) * _MULTIPLIER
    return (mixed ^ (mixed >> _U32)) * _MULTIPLIER


@inline_cpu
def _same_word(
    units: np.ndarray, byte_pos: np.uint64, n_units: np.uint64, last: np.uint64, arena: np.ndarray, start: np.uint64
) -> bool:
    for i in range(n_units - _U1):
        if _load_unit(units, byte_pos + (i << _U3)) != arena[start + i]:
            return False
    return arena[start + n_units - _U1] == last  # type: ignore[no-any-return]


@inline_cpu
def _store_word(
    units: np.ndarray, byte_pos: np.uint64, n_units: np.uint64, last: np.uint64, arena: np.ndarray, start: np.uint64
) -> None:
    for i in range(n_units - _U1):
        arena[start + i] = _load_unit(units, byte_pos + (i << _U3))
    arena[start + n_units - _U1] = last


class Table(NamedTuple):
    """The words so far; arrays as in `encode_reference`."""

    slots: np.ndarray
    arena: np.ndarray
    word_starts: np.ndarray
    counts: np.ndarray


class Output(NamedTuple):
    """The arrays that are written, as in `encode_reference`."""

    ids: np.ndarray
    line_ends: np.ndarray
    cursor: np.ndarray


@inline_cpu
def _read_batch(
    text: np.ndarray,
    n_text: np.uint64,
    pos: np.uint64,
    newline: np.uint64,
    seed: np.uint64,
    slots: np.ndarray,
    batch: np.ndarray,
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """Split and hash the next words, and prefetch their slots: a large table would cost a cache miss for each word.

    Column _UNITS of a word is twice its units, plus 1 if a line ends before it.

    Returns
    -------
    pos, n_read, newline
        The position in the text, the words in the batch, and 1 if a line ends after the last of them.
    """
    units, slot_mask, n_read = text.view(np.uint64), np.uint64(slots.size - 1), _U0
    while pos < n_text and n_read < _U_BATCH:
        end, word_hash, unit = pos, seed, _load_unit(units, pos)
        separator = first_separator(unit)
        while separator == _U0:
            word_hash = _mix(word_hash, unit)
            end += _U8
            unit = _load_unit(units, end)
            separator = first_separator(unit)
        inside = separator - _U1
        last = (unit & inside) | (_SPACES & ~inside)
        n_units = ((end - pos) >> _U3) + _U1
        end += ((inside & _ONES) * _ONES) >> _U56
        if end > pos:
            tag = _mix(word_hash, last) >> _U32
            prefetch_element(slots, tag & slot_mask)
            batch[n_read, _POS], batch[n_read, _LAST] = pos, last
            batch[n_read, _TAG], batch[n_read, _UNITS] = tag, (n_units << _U1) | newline
            n_read += _U1
            newline = _U0
        newline |= np.uint64(text[end] == NEWLINE) & np.uint64(end < n_text)
        pos = end + _U1
    return pos, n_read, newline


@inline_cpu
def _prefetch_words(table: Table, batch: np.ndarray, n_read: np.uint64) -> None:
    """Prefetch the words that the slots of a batch name, and their counts."""
    slots, arena, word_starts, counts = table
    slot_mask, n_known = np.uint64(slots.size - 1), _U0
    for i in range(n_read):
        entry = slots[batch[i, _TAG] & slot_mask]
        if entry >> _U32 == batch[i, _TAG]:
            batch[n_known, _KNOWN] = (entry & _LOW_HALF) - _U1
            prefetch_element(word_starts, batch[n_known, _KNOWN])
            prefetch_element(counts, batch[n_known, _KNOWN])
            n_known += _U1
    for i in range(n_known):
        prefetch_element(arena, word_starts[batch[i, _KNOWN]])


@inline_cpu
def _end_line(ends: np.ndarray, n_line_ends: np.uint64, n_ids: np.uint64) -> np.uint64:
    if n_line_ends == _U0 or ends[n_line_ends - _U1] != n_ids:
        ends[n_line_ends] = n_ids
        n_line_ends += _U1
    return n_line_ends


@jit_cpu
def _encode_cpu_kernel(
    text: np.ndarray,
    n_bytes: int,
    frozen: int,
    table: Table,
    output: Output,
    cursor_in: np.ndarray,
    seed: np.uint64,
    batch: np.ndarray,
) -> None:
    """Open addressing with linear probing; a slot is 32 bits of hash over 32 bits of id + 1.

    Words are read in batches, and looked up when their slots have been prefetched. All numbers are unsigned: an index
    that may be negative costs a sixth of the time.
    """
    slots, arena, word_starts, counts = table
    ids, line_ends, cursor_out = output
    units, starts, ends = text.view(np.uint64), word_starts.view(np.uint64), line_ends.view(np.uint64)
    n_text, slot_mask = np.uint64(n_bytes), np.uint64(slots.size - 1)
    n_words_max, n_units_max = np.uint64(counts.size), np.uint64(arena.size)
    pos, n_ids, n_line_ends, n_raw, n_words, n_units = cursor_in.view(np.uint64)
    starts[n_words] = n_units
    newline, is_full = _U0, False
    while pos < n_text and not is_full:
        pos, n_read, newline = _read_batch(text, n_text, pos, newline, seed, slots, batch)
        if slots.size > _CACHED_SLOTS:
            _prefetch_words(table, batch, n_read)
        for i in range(n_read):
            word_units = batch[i, _UNITS] >> _U1
            if batch[i, _UNITS] & _U1:
                n_line_ends = _end_line(ends, n_line_ends, n_ids)
            word_pos, last, tag = batch[i, _POS], batch[i, _LAST], batch[i, _TAG]
            slot = tag & slot_mask
            number = slots[slot] & _LOW_HALF
            while number != _U0 and not (
                slots[slot] >> _U32 == tag
                and _same_word(units, word_pos, word_units, last, arena, starts[number - _U1])
            ):
                slot = (slot + _U1) & slot_mask
                number = slots[slot] & _LOW_HALF
            if number == _U0 and not frozen:
                if n_words == n_words_max or n_units + word_units >= n_units_max:
                    pos, newline, is_full = word_pos, _U0, True
                    break
                _store_word(units, word_pos, word_units, last, arena, n_units)
                number, n_words, n_units = n_words + _U1, n_words + _U1, n_units + word_units
                slots[slot] = (tag << _U32) | number
                starts[n_words] = n_units
                counts[number - _U1] = 0
            n_raw += _U1
            if number != _U0:
                counts[number - _U1] += 1
                ids[n_ids] = number - _U1
                n_ids += _U1
    if newline != _U0:
        n_line_ends = _end_line(ends, n_line_ends, n_ids)
    cursor_out[:] = (min(pos, n_text), n_ids, n_line_ends, n_raw, n_words, n_units)


@cache_per_thread
def _empty_batch() -> np.ndarray:
    return np.empty((_BATCH, 5), np.uint64)


def encode_cpu(
    text: np.ndarray,
    n_bytes: int,
    frozen: int,
    *,
    slots: np.ndarray,
    arena: np.ndarray,
    word_starts: np.ndarray,
    counts: np.ndarray,
    ids: np.ndarray,
    line_ends: np.ndarray,
    cursor_in: np.ndarray,
    cursor_out: np.ndarray,
    seed: int,
) -> None:
    """Do what `encode_reference` does, on one core and without the GIL."""
    for name, array in (("text", text), ("slots", slots), ("arena", arena), ("counts", counts), ("ids", ids)):
        check_axes(name, array, 1)
    check_axes("line_ends", line_ends, 1)
    check_read("text", text, (max(text.size, padded_size(n_bytes)),), dtype=UINT8)
    check_written("slots", slots, (max(slots.size, 2 * counts.size),), dtype=UINT64)
    check_written("arena", arena, arena.shape, dtype=UINT64)
    check_written("word_starts", word_starts, (counts.size + 1,), dtype=INT64)
    check_written("counts", counts, counts.shape, dtype=INT64)
    check_written("ids", ids, (max(ids.size, most_tokens(n_bytes)),), dtype=INT32)
    check_written("line_ends", line_ends, (max(line_ends.size, most_tokens(n_bytes) + 1),), dtype=INT64)
    check_read("cursor_in", cursor_in, (6,), dtype=INT64)
    check_written("cursor_out", cursor_out, (6,), dtype=INT64)
    if text.size % UNIT_BYTES or slots.size & (slots.size - 1):
        raise ValueError(f"text has {text.size} bytes and slots {slots.size}; expected a multiple of 8, a power of two")
    table, output = Table(slots, arena, word_starts, counts), Output(ids, line_ends, cursor_out)
    _encode_cpu_kernel(text, n_bytes, frozen, table, output, cursor_in, np.uint64(seed), _empty_batch())
