"""The computation of `pack_words` in plain Python."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.encode.reference import UNIT_BYTES, word_of
from fastw2v_kernels.shared.array_types import Int64, UInt8, UInt64


def pack_words_reference(arena: UInt64, word_starts: Int64, order: Int64, *, letters: UInt8, starts: Int64) -> None:
    """Write the bytes of some words one after the other, without the spaces that fill up their units.

    Parameters
    ----------
    arena, word_starts : uint64[n_units], int64[n_words + 1]
        Words as `encode` stores them.
    order : int64[n]
        Ids of the words to write.
    letters : uint8[> bytes of these words], a multiple of 8 long, written
        The bytes, then zeros up to the next multiple of 8.
    starts : int64[n + 1], written
        Word i is ``letters[starts[i]:starts[i + 1]]``.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or `letters` is too short.
    """
    words = [word_of(arena, word_starts, word_id) for word_id in order.tolist()]
    starts[:] = np.cumsum([0, *map(len, words)])
    if words:
        packed = b"".join(words)
        n_written = (len(packed) // UNIT_BYTES + 1) * UNIT_BYTES
        letters[:n_written] = np.frombuffer(packed.ljust(n_written, b"\0"), np.uint8)
