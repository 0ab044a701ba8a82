"""The computation of `rehash_slots` in plain Python."""

from __future__ import annotations

from fastw2v_kernels.shared.array_types import UInt64


def rehash_slots_reference(old_slots: UInt64, new_slots: UInt64) -> None:
    """Move every entry of a hash table to a larger one.

    Parameters
    ----------
    old_slots : uint64[n_old]
        Entries, 0 for a free slot. The upper half of an entry is its hash.
    new_slots : uint64[n_new], n_new a power of two above the number of entries; changed in place
        All zeros. An entry goes to the slot that its hash names, or to the next free one.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    n_new = len(new_slots)
    for entry in old_slots.tolist():
        if entry:
            slot = (entry >> 32) % n_new
            while new_slots[slot]:
                slot = (slot + 1) % n_new
            new_slots[slot] = entry
