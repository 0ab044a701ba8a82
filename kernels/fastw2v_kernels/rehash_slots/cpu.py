"""The hash table of the encoder, moved to a larger one, on one core."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.arguments import UINT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import UInt64
from fastw2v_kernels.shared.memory import cache_per_thread

_BATCH = 64  # slots
_U0, _U1, _U32 = np.uint64(0), np.uint64(1), np.uint64(32)


@jit_cpu
def _rehash_slots_cpu_kernel(old_slots: UInt64, new_slots: UInt64, entries: UInt64) -> None:
    """Collect the entries of a few slots without a branch, then place them: every other slot is free, at random."""
    mask, n_old = np.uint64(new_slots.size - 1), np.uint64(old_slots.size)
    for first in range(_U0, n_old, np.uint64(entries.size)):
        n_entries = _U0
        for i in range(first, min(first + np.uint64(entries.size), n_old)):
            entries[n_entries] = old_slots[i]
            n_entries += np.uint64(old_slots[i] != _U0)
        for i in range(n_entries):
            slot = (entries[i] >> _U32) & mask
            while new_slots[slot] != _U0:
                slot = (slot + _U1) & mask
            new_slots[slot] = entries[i]


@cache_per_thread
def _no_entries() -> UInt64:
    return np.empty(_BATCH, np.uint64)


def rehash_slots_cpu(old_slots: UInt64, new_slots: UInt64) -> None:
    """Do what `rehash_slots_reference` does."""
    check_axes("old_slots", old_slots, 1)
    check_axes("new_slots", new_slots, 1)
    check_read("old_slots", old_slots, old_slots.shape, dtype=UINT64)
    check_written("new_slots", new_slots, new_slots.shape, dtype=UINT64)
    if new_slots.size & (new_slots.size - 1) or new_slots.size <= old_slots.size:
        raise ValueError(f"new_slots has {new_slots.size} entries; expected a power of two above {old_slots.size}")
    _rehash_slots_cpu_kernel(old_slots, new_slots, _no_entries())
