"""The computation of `encode` in plain Python: a regular expression and a dict."""

from __future__ import annotations

import re

import numpy as np

UNIT_BYTES = 8
_WORD_OR_LINE_END = re.compile(rb"\n|[^ \t\n\r\v\f]+")


def encode_reference(
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
    r"""Give numbers to the whitespace-separated words of a text in order of first occurrence, and count them.

    Space, ``\t``, ``\r``, ``\v`` and ``\f`` separate words, ``\n`` also ends a sentence; every other byte, NUL and
    invalid UTF-8 too, belongs to a word. The call stops early, before the word that does not fit, when the table is
    full: the caller enlarges it and calls again with the cursor it was given.

    Parameters
    ----------
    text : uint8[>= (n_bytes // 8 + 2) * 8], a multiple of 8 long
        The bytes, then spaces. It must not end inside a word that goes on elsewhere.
    n_bytes : int
        Length of the text without the spaces that fill it up.
    frozen : int
        1: the table is only read; words not in it count as raw tokens and get no id. 0: they are added.
    slots : uint64[n_slots], n_slots a power of two, at least ``2 * n_words_max``; changed in place
        The hash table (the kernel's own affair: the reference finds words with a dict).
    arena : uint64[n_units_max], changed in place
        The words: each in whole units of 8 bytes, filled up with at least one space.
    word_starts : int64[n_words_max + 1], changed in place
        Word w is ``arena[word_starts[w]:word_starts[w + 1]]``.
    counts : int64[n_words_max], changed in place
        Occurrences of each word.
    ids : int32[>= n_bytes // 2 + 1], written from ``cursor_in[1]``
        Number of each token's word.
    line_ends : int64[>= n_bytes // 2 + 2], written from ``cursor_in[2]``
        Position in `ids` at which each sentence ends; a line without a word after another's end is not repeated.
    cursor_in, cursor_out : int64[6]
        Before and after (one array may be both): position in the text in bytes, number of ids, of line ends, of raw
        tokens (these may go on from an earlier text), of words and of units in the table.
    seed : int, from 0 to 2**64 - 1
        Of the hash, the same in all calls with one table; the slots alone depend on it. An unknown seed keeps a text
        from being made of words that all have one hash.
    """
    byte_pos, n_ids, n_line_ends, n_raw, n_words, n_units = cursor_in.tolist()
    word_starts[n_words] = n_units
    number = {word_of(arena, word_starts, w): w for w in range(n_words)}
    for match in _WORD_OR_LINE_END.finditer(text[:n_bytes].tobytes(), byte_pos):
        word, byte_pos = match.group(), match.start()
        if word == b"\n":
            if n_line_ends == 0 or line_ends[n_line_ends - 1] != n_ids:
                line_ends[n_line_ends] = n_ids
                n_line_ends += 1
            continue
        if word not in number and not frozen:
            units = _units(word)
            if n_words == len(counts) or n_units + len(units) >= len(arena):
                break
            arena[n_units : n_units + len(units)] = units
            number[word], counts[n_words] = n_words, 0
            n_words, n_units = n_words + 1, n_units + len(units)
            word_starts[n_words] = n_units
        n_raw += 1
        if word in number:
            ids[n_ids] = number[word]
            counts[number[word]] += 1
            n_ids += 1
    else:
        byte_pos = n_bytes
    cursor_out[:] = (byte_pos, n_ids, n_line_ends, n_raw, n_words, n_units)


def _units(word: bytes) -> np.ndarray:
    """Return the word in units of 8 bytes, filled up with at least one space."""
    return np.frombuffer(word.ljust((len(word) // UNIT_BYTES + 1) * UNIT_BYTES), np.uint64)


def word_of(arena: np.ndarray, word_starts: np.ndarray, word_id: int) -> bytes:
    """Return the bytes of a word of a table."""
    return arena[word_starts[word_id] : word_starts[word_id + 1]].tobytes().rstrip(b" ")


def most_tokens(n_bytes: int) -> int:
    """Return the greatest number of tokens in a text of so many bytes: each has a letter and a separator."""
    return n_bytes // 2 + 1


def padded_size(n_bytes: int) -> int:
    """Return the size in bytes of the buffer that `encode` needs for a text of `n_bytes`."""
    return (n_bytes // UNIT_BYTES + 2) * UNIT_BYTES


def table_of_words(words: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return slots, arena and word_starts of a table with these different words. Any hash of their units will do."""
    units = [_units(word) for word in words]
    slots = np.zeros(1 << (2 * max(len(words), 1)).bit_length(), np.uint64)
    for word_id, of_word in enumerate(units):
        tag = hash(of_word.tobytes()) & 0xFFFFFFFF
        slot = tag % len(slots)
        while slots[slot]:
            slot = (slot + 1) % len(slots)
        slots[slot] = tag << 32 | word_id + 1
    starts = np.cumsum([0, *map(len, units)], dtype=np.int64)
    return slots, np.concatenate([np.zeros(0, np.uint64), *units]), starts
