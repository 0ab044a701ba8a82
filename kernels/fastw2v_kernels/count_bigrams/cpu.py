"""Pairs of words that follow each other, counted on one core and without the GIL.

The hash table is open-addressed with linear probing. A slot is two numbers: the pair + 1 (0: the slot is free), and the
count, or for a prefix the number of its entry. So a token costs one cache miss, and the slot of a later token is
prefetched.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import prefetch_element
from fastw2v_kernels.count_bigrams.reference import CONNECTOR, COUNT, FIRST, LEFT, NOTHING, PREFIX, RIGHT
from fastw2v_kernels.shared.arguments import INT32, INT64, UINT8, UINT64, check_axes, check_read, check_written, outside
from fastw2v_kernels.shared.array_types import Int32, Int64, UInt64

_AHEAD = 12  # tokens
_SLOTS_PER_ENTRY = 4  # two numbers for a slot, two slots for an entry
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio
_U0, _U1, _U32 = np.uint64(0), np.uint64(1), np.uint64(32)


class Table(NamedTuple):
    """The hash table, and arrays as in `count_bigrams_reference`."""

    slots: UInt64
    entries: Int64
    roles: NDArray[Any]


@inline_cpu
def _pair(left: int, right: int) -> np.uint64:
    return (np.uint64(left) << _U32) | np.uint64(right)  # type: ignore[no-any-return]


@inline_cpu
def _first_slot(pair: np.uint64, mask: np.uint64) -> np.uint64:
    mixed = pair * _MULTIPLIER
    mixed = (mixed ^ (mixed >> _U32)) * _MULTIPLIER
    return ((mixed >> _U32) & mask) << _U1  # type: ignore[no-any-return]


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


@jit_cpu
def _count_bigrams_cpu_kernel(ids: Int32, starts: Int64, table: Table, cursor: Int64) -> int:
    slots, entries, roles = table
    token, sentence, left, n_entries = cursor
    for i in range(token, ids.size):
        if ids[i] < 0 or ids[i] >= roles.size:
            return -1
    mask = np.uint64(slots.size // 2 - 1)
    _fill(table, n_entries, mask)
    while token < ids.size:
        while sentence < starts.size and starts[sentence] <= token:
            left = NOTHING
            sentence += 1
        if token + _AHEAD < ids.size and roles[ids[token + _AHEAD - 1]] == FIRST:
            prefetch_element(slots, _first_slot(_pair(ids[token + _AHEAD - 1], ids[token + _AHEAD]), mask))
        right = np.int64(ids[token])
        role = roles[right]
        if left != NOTHING:
            pair = _pair(left, right)
            slot = _find(slots, pair, mask)
            if slots[slot] == _U0:
                if n_entries == entries.shape[0]:
                    break
                slots[slot] = pair + _U1
                slots[slot + _U1] = np.uint64(n_entries if role == CONNECTOR else 0)
                entries[n_entries] = (left, right, token, 0)
                n_entries += 1
            if role == CONNECTOR:
                left = PREFIX + np.int64(slots[slot + _U1])
            else:
                slots[slot + _U1] += _U1
        if role != CONNECTOR:
            left = right if role == FIRST else NOTHING
        token += 1
    _read_counts(table, n_entries, mask)
    cursor[:] = (token, sentence, left, n_entries)
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
    check_written("slots", slots, (max(slots.size, _SLOTS_PER_ENTRY * len(entries)),), dtype=UINT64)
    check_written("entries", entries, (len(entries), 4), dtype=INT64)
    check_written("cursor", cursor, (4,), dtype=INT64)
    if slots.size < _SLOTS_PER_ENTRY or slots.size & (slots.size - 1):
        raise ValueError(f"slots has {slots.size} elements; expected a power of two, at least {_SLOTS_PER_ENTRY}")
    if starts.size == 0 or starts[0] != 0 or starts[-1] != ids.size:
        raise ValueError(f"starts is {starts}; expected numbers from 0 to the {ids.size} of ids")
    if not 0 <= cursor[3] <= len(entries):
        raise ValueError(f"cursor says {cursor[3]} entries; expected 0 to {len(entries)}, the rows of entries")
    if _count_bigrams_cpu_kernel(ids, starts, Table(slots, entries, roles), cursor) < 0:
        raise outside("ids", ids.astype(np.int64), roles.size)
