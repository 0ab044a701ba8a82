"""Which words two tables share."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import jit_cpu

_LOW_HALF = np.uint64(0xFFFFFFFF)
_U0, _U1, _U32 = np.uint64(0), np.uint64(1), np.uint64(32)


@jit_cpu
def _same_units(a: np.ndarray, start_a: int, end_a: int, b: np.ndarray, start_b: int, end_b: int) -> bool:
    if end_a - start_a != end_b - start_b:
        return False
    for i in range(end_a - start_a):
        if a[start_a + i] != b[start_b + i]:
            return False
    return True


@jit_cpu
def find_words(
    slots: np.ndarray,
    arena: np.ndarray,
    word_starts: np.ndarray,
    known_slots: np.ndarray,
    known_arena: np.ndarray,
    known_starts: np.ndarray,
    n_before: int,
    found: np.ndarray,
) -> None:
    """Look the words of one table up in another, in the order of their slots, so that both are read from end to end.

    Parameters
    ----------
    slots, arena, word_starts
        See `encode_reference`; of the slots, as many as are to be looked up.
    known_slots, known_arena, known_starts
        Those of the table to look in.
    n_before : int
        Added to the numbers of its words.
    found : int64[n_words]
        Written for the words that are found, unless they have been.
    """
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
