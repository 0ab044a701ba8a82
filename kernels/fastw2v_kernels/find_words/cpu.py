"""The words that two tables share, looked up in the order of their slots, so that both tables are read in order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels.shared.arguments import INT64, UINT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Int64, UInt64

_LOW_HALF = np.uint64(0xFFFFFFFF)
_U0, _U1, _U32 = np.uint64(0), np.uint64(1), np.uint64(32)


class Table(NamedTuple):
    """Words of the encoder; arrays as in `encode_reference`."""

    slots: UInt64
    arena: UInt64
    word_starts: Int64


@inline_cpu
def _same_units(a: np.ndarray, start_a: int, end_a: int, b: np.ndarray, start_b: int, end_b: int) -> bool:
    if end_a - start_a != end_b - start_b:
        return False
    for i in range(end_a - start_a):
        if a[start_a + i] != b[start_b + i]:
            return False
    return True


@jit_cpu
def _find_words_cpu_kernel(table: Table, known_table: Table, n_before: int, found: Int64) -> None:
    slots, arena, word_starts = table
    known_slots, known_arena, known_starts = known_table
    mask = np.uint64(known_slots.size - 1)
    for entry in slots:
        word = np.int64(entry & _LOW_HALF) - 1
        if word < 0 or found[word] >= 0:
            continue
        slot = (entry >> _U32) & mask
        while known_slots[slot] != _U0:
            known = np.int64(known_slots[slot] & _LOW_HALF) - 1
            if known_slots[slot] >> _U32 == entry >> _U32 and _same_units(
                arena,
                word_starts[word],
                word_starts[word + 1],
                known_arena,
                known_starts[known],
                known_starts[known + 1],
            ):
                found[word] = n_before + known
                break
            slot = (slot + _U1) & mask


def find_words_cpu(
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
    """Do what `find_words_reference` does."""
    check_axes("found", found, 1)
    for name, array in (("slots", slots), ("known_slots", known_slots), ("arena", arena), ("known_arena", known_arena)):
        check_axes(name, array, 1)
        check_read(name, array, array.shape, dtype=UINT64)
    for name, starts in (("word_starts", word_starts), ("known_starts", known_starts)):
        check_axes(name, starts, 1)
        check_read(name, starts, starts.shape, dtype=INT64)
    check_written("found", found, found.shape, dtype=INT64)
    _check_sizes(word_starts, found, n_units=arena.size, n_known_slots=known_slots.size)
    table = Table(slots=slots, arena=arena, word_starts=word_starts)
    known_table = Table(slots=known_slots, arena=known_arena, word_starts=known_starts)
    _find_words_cpu_kernel(table, known_table, n_before, found)


def _check_sizes(word_starts: Int64, found: Int64, *, n_units: int, n_known_slots: int) -> None:
    if word_starts.size <= found.size:
        raise ValueError(f"word_starts has {word_starts.size} entries; expected more than found has ({found.size})")
    if word_starts[found.size] > n_units:
        raise ValueError(f"arena has {n_units} units; expected {word_starts[found.size]}, where the last word ends")
    if n_known_slots == 0 or n_known_slots & (n_known_slots - 1):
        raise ValueError(f"known_slots has {n_known_slots} entries; expected a power of two")
