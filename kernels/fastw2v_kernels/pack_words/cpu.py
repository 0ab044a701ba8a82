"""The words of the encoder's table, packed in any order on one core and without the GIL."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.encode.cpu import first_separator
from fastw2v_kernels.encode.reference import UNIT_BYTES
from fastw2v_kernels.shared.arguments import INT64, UINT8, UINT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Int64, UInt8, UInt64

_U0, _U1, _U3, _U7, _U8, _U63 = (np.uint64(n) for n in (0, 1, 3, 7, 8, 63))
_ONES = np.uint64(0x0101010101010101)
_U56 = np.uint64(56)


@jit_cpu
def _pack_words_cpu_kernel(arena: UInt64, word_starts: Int64, order: Int64, letters: UInt8, starts: Int64) -> int:
    """Collect bytes in `pending` and store eight at a time; return how many words found room.

    The pending bytes are stored after each word whether they are eight or not: a branch would be mispredicted.
    """
    units, word_ids, first_units = letters.view(np.uint64), order.view(np.uint64), word_starts.view(np.uint64)
    n_room = np.uint64(letters.size)
    pending, pos = _U0, _U0
    starts[0] = 0
    for i in range(word_ids.size):
        start, end = first_units[word_ids[i]], first_units[word_ids[i] + _U1]
        inside = first_separator(arena[end - _U1]) - _U1
        last, n_last = arena[end - _U1] & inside, ((inside & _ONES) * _ONES) >> _U56
        if pos + ((end - start - _U1) << _U3) + n_last >= n_room:
            return i
        for u in range(start, end - _U1):
            shift = (pos & _U7) << _U3
            units[pos >> _U3] = pending | (arena[u] << shift)
            pending = (arena[u] >> _U1) >> (_U63 - shift)
            pos += _U8
        shift = (pos & _U7) << _U3
        pending |= last << shift
        units[pos >> _U3] = pending
        if (pos & _U7) + n_last >= _U8:
            pending = (last >> _U1) >> (_U63 - shift)
        pos += n_last
        starts[i + 1] = pos
    if word_ids.size:
        units[pos >> _U3] = pending
    return word_ids.size


def pack_words_cpu(arena: UInt64, word_starts: Int64, order: Int64, *, letters: UInt8, starts: Int64) -> None:
    """Do what `pack_words_reference` does."""
    for name, array in (("arena", arena), ("word_starts", word_starts), ("order", order), ("letters", letters)):
        check_axes(name, array, 1)
    check_read("arena", arena, arena.shape, dtype=UINT64)
    check_read("word_starts", word_starts, word_starts.shape, dtype=INT64)
    check_read("order", order, order.shape, dtype=INT64)
    check_written("letters", letters, (letters.size // UNIT_BYTES * UNIT_BYTES,), dtype=UINT8)
    check_written("starts", starts, (order.size + 1,), dtype=INT64)
    n_packed = _pack_words_cpu_kernel(arena, word_starts, order, letters, starts)
    if n_packed < order.size:
        raise ValueError(
            f"letters has {letters.size} bytes and no room for word {n_packed} of {order.size}; "
            "expected a multiple of 8 above the bytes of all these words"
        )
