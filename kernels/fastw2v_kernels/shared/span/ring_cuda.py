"""The ring: the rows of w_in for the words in a warp's window, on chip.

A row is read when its word comes into the window, and written back when the word leaves it. Each lane of the warp has
every 32nd column, in the ring and in w_in. So a lane reads only values that it wrote itself, and rows need no
synchronisation. Other warps may move the same row meanwhile. Therefore a warp adds the difference that it has made to
w_in, and no update is lost.
"""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.rows_cuda import ALL_LANES
from fastw2v_kernels.shared.span.rates_cuda import rate_of
from fastw2v_kernels.shared.span.state_cuda import Ring

_FREE = -1
_NO_MOVE = np.float32(0)


@inline_cuda
def ballot(predicate: bool) -> int:
    """Return a number whose bit l is set if the predicate holds on lane l."""
    bits: int = cuda.ballot_sync(ALL_LANES, predicate) & ALL_LANES
    return bits


@inline_cuda
def lower_lanes() -> int:
    """Return the bits of the lanes below this one."""
    bits: int = (1 << np.uint32(cuda.laneid)) - 1  # type: ignore[assignment]
    return bits


@inline_cuda
def slot_of(word: int, ring: Ring) -> int:
    """Return the slot that holds this word, or -1."""
    slot = -1
    for g in range(ring.word.shape[0]):
        found = ballot(ring.word[g] == word)
        if slot < 0 and found != 0:
            slot = 32 * g + cuda.ffs(found) - 1
    return slot


@inline_cuda
def is_column(first: int, stride: int) -> bool:
    """Whether w_in has this lane's column of the 32 from `first` on. Only the last group may have fewer than 32."""
    return bool(first + 32 <= stride or first + np.uint32(cuda.laneid) < stride)


@inline_cuda
def _put(word: int, slot: int, ring: Ring) -> None:
    for g in range(ring.word.shape[0]):
        if slot == 32 * g + np.uint32(cuda.laneid):
            ring.word[g] = word


@inline_cuda
def clear(ring: Ring) -> None:
    """Mark all slots as free."""
    for g in range(ring.word.shape[0]):
        ring.word[g] = _FREE


@inline_cuda
def load_word(word: int, w_in: Float32, ring: Ring, n_row: int, stride: int) -> None:
    """Read the row of a word into a free slot, unless the ring holds it already."""
    if slot_of(word, ring) < 0:
        slot = slot_of(_FREE, ring)
        _put(word, slot, ring)
        begin = np.uint32(slot) * n_row + np.uint32(cuda.laneid)
        for first in range(0, n_row, 32):
            x = _NO_MOVE
            if is_column(first, stride):
                x = w_in[np.uint32(word), first + np.uint32(cuda.laneid)]
            ring.value[begin + first] = x
            ring.base[begin + first] = x


@inline_cuda
def write_back(word: int, w_in: Float32, rates: Float32, ring: Ring, n_row: int, stride: int) -> None:
    """Add the difference made to a word's row, times its rate, to w_in, and free the slot.

    A row of rate 0 is not written to: the sum of -0.0 and 0.0 is 0.0, and atomics turn the smallest numbers into 0.
    """
    rate, slot = rate_of(rates, word), slot_of(word, ring)
    _put(_FREE, slot, ring)
    begin = np.uint32(slot) * n_row + np.uint32(cuda.laneid)
    if rate != 0:
        for first in range(0, n_row, 32):
            move = rate * (ring.value[begin + first] - ring.base[begin + first])
            if is_column(first, stride):
                cuda.atomic.add(w_in, (np.uint32(word), first + np.uint32(cuda.laneid)), move)
