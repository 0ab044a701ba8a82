"""Pairs of words that follow each other, counted on one core and without the GIL.

The hash table is open-addressed with linear probing. A slot is two numbers: the pair + 1 (0: the slot is free), and the
count, or for a prefix the number of its entry. So a token costs one cache miss, and the slot of a later token is
prefetched. Whether a word begins pairs of this call cannot be predicted, so the tokens that do are listed first, a
thousand at a time and without a branch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import prefetch_element
from fastw2v_kernels.count_bigrams.reference import (
    CONNECTOR,
    COUNT,
    FIRST,
    LEFT,
    N_ENTRIES,
    PREFIX,
    RIGHT,
    TOKEN,
    least_slots,
)
from fastw2v_kernels.shared.arguments import INT32, INT64, UINT8, UINT64, check_axes, check_read, check_written, outside
from fastw2v_kernels.shared.array_types import Int32, Int64, UInt64

_AHEAD = 12  # tokens
_N_LISTED = 1024  # tokens
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio
_U0, _U1, _U32 = np.uint64(0), np.uint64(1), np.uint64(32)


class Table(NamedTuple):
    """The hash table, and arrays as in `count_bigrams_reference`."""

    slots: UInt64
    entries: Int64
    roles: NDArray[Any]


@inline_cpu
def _pair(left: np.int64, right: np.int64) -> np.uint64:
    return (np.uint64(left) << _U32) | np.uint64(right)


@inline_cpu
def _first_slot(pair: np.uint64, mask: np.uint64) -> np.uint64:
    mixed = pair * _MULTIPLIER
    mixed = (mixed ^ (mixed >> _U32)) * _MULTIPLIER
    return ((mixed >> _U32) & mask) << _U1


@inline_cpu
def _find(slots: UInt64, pair: np.uint64, mask: np.uint64) -> np.uint64:
    """Return the position in `slots` of the pair, or of the free slot where it belongs."""
    slot = _first_slot(pair, mask)
    while slots[slot] != _U0 and slots[slot] != pair + _U1:
        slot = (slot + _U1 + _U1) & ((mask << _U1) | _U1)
    return slot


@inline_cpu
def _fill(table: Table, n_entries: int, mask: np.uint64) -> None:
    """Make the table of the entries that an earlier call counted."""
    slots, entries, roles = table
    slots[:] = _U0
    for entry in range(n_entries):
        pair = _pair(entries[entry, LEFT], entries[entry, RIGHT])
        slot = _find(slots, pair, mask)
        slots[slot] = pair + _U1
        is_prefix = roles[entries[entry, RIGHT]] == CONNECTOR
        slots[slot + _U1] = np.uint64(entry if is_prefix else entries[entry, COUNT])


@inline_cpu
def _read_counts(table: Table, n_entries: int, mask: np.uint64) -> None:
    slots, entries, roles = table
    for entry in range(n_entries):
        if entry + _AHEAD < n_entries:
            later = _pair(entries[entry + _AHEAD, LEFT], entries[entry + _AHEAD, RIGHT])
            prefetch_element(slots, _first_slot(later, mask))
        if roles[entries[entry, RIGHT]] != CONNECTOR:
            slot = _find(slots, _pair(entries[entry, LEFT], entries[entry, RIGHT]), mask)
            entries[entry, COUNT] = np.int64(slots[slot + _U1])


@inline_cpu
def _list_firsts(ids: Int32, begin: int, end: int, roles: NDArray[Any], firsts: Int64) -> np.int64:
    """Write the positions of tokens that begin pairs; return how many there are."""
    n = np.uint64(0)
    for token in range(begin, end):
        firsts[n] = token
        n += np.uint64(roles[np.uint32(ids[token])] == FIRST)
    return np.int64(n)


@inline_cpu
def _count_from(ids: Int32, token: np.int64, end: int, table: Table, n_entries: np.int64, mask: np.uint64) -> np.int64:
    """Count the phrase that begins at `token`, in a sentence up to `end`; return the number of entries, or -1: full."""
    slots, entries, roles = table
    left, goes_on = np.int64(ids[token]), True
    while goes_on and token + 1 < end:
        token += 1
        right = np.int64(ids[token])
        goes_on = roles[right] == CONNECTOR
        pair = _pair(left, right)
        slot = _find(slots, pair, mask)
        if slots[slot] == _U0:
            if n_entries == entries.shape[0]:
                return np.int64(-1)
            slots[slot] = pair + _U1
            slots[slot + _U1] = np.uint64(n_entries if goes_on else 0)
            entries[n_entries] = (left, right, token, 0)
            n_entries += 1
        if goes_on:
            left = PREFIX + np.int64(slots[slot + _U1])
        else:
            slots[slot + _U1] += _U1
    return n_entries


@jit_cpu
def _count_bigrams_cpu_kernel(ids: Int32, starts: Int64, table: Table, firsts: Int64, cursor: Int64) -> int:
    token, n_entries = cursor
    for i in range(token, ids.size):
        if ids[i] < 0 or ids[i] >= table.roles.size:
            return -1
    mask, sentence = np.uint64(table.slots.size // 2 - 1), 0
    _fill(table, n_entries, mask)
    while token < ids.size:
        block_end = min(token + firsts.size, ids.size)
        n_firsts = _list_firsts(ids, token, block_end, table.roles, firsts)
        for n in range(n_firsts):
            if n + _AHEAD < n_firsts:
                later = min(firsts[n + _AHEAD], ids.size - 2)
                prefetch_element(table.slots, _first_slot(_pair(ids[later], ids[later + 1]), mask))
            token = firsts[n]
            while sentence < starts.size and starts[sentence] <= token:
                sentence += 1
            end = min(starts[sentence], ids.size) if sentence < starts.size else ids.size
            n_counted = _count_from(ids, token, end, table, n_entries, mask)
            if n_counted < 0:
                _read_counts(table, table.entries.shape[0], mask)
                cursor[:] = (token, table.entries.shape[0])
                return 0
            n_entries = n_counted
        token = block_end
    _read_counts(table, n_entries, mask)
    cursor[:] = (token, n_entries)
    return 0


def count_bigrams_cpu(
    ids: Int32, starts: Int64, roles: NDArray[Any], *, slots: UInt64, entries: Int64, cursor: Int64
) -> None:
    """Do what `count_bigrams_reference` does."""
    for name, array in (("ids", ids), ("starts", starts), ("roles", roles), ("slots", slots)):
        check_axes(name, array, 1)
    check_axes("entries", entries, 2)
    check_read("ids", ids, ids.shape, dtype=INT32)
    check_read("starts", starts, starts.shape, dtype=INT64)
    check_read("roles", roles, roles.shape, dtype=UINT8)
    check_written("slots", slots, (max(slots.size, least_slots(len(entries))),), dtype=UINT64)
    check_written("entries", entries, (len(entries), 4), dtype=INT64)
    check_written("cursor", cursor, (2,), dtype=INT64)
    if slots.size & (slots.size - 1):
        raise ValueError(f"slots has {slots.size} elements; expected a power of two")
    if starts.size == 0 or starts[0] != 0 or starts[-1] != ids.size:
        raise ValueError(f"starts is {starts}; expected numbers from 0 to the {ids.size} of ids")
    if not (0 <= cursor[TOKEN] <= ids.size and 0 <= cursor[N_ENTRIES] <= len(entries)):
        raise ValueError(f"cursor is {cursor}; expected a token up to {ids.size}, and up to {len(entries)} entries")
    firsts = np.empty(_N_LISTED, np.int64)
    if _count_bigrams_cpu_kernel(ids, starts, Table(slots, entries, roles), firsts, cursor) < 0:
        raise outside("ids", ids.astype(np.int64), roles.size)
