"""The computation of `count_bigrams` in plain Python: a dict of pairs."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Int32, Int64, UInt64

LEFT, RIGHT, POSITION, COUNT = range(4)  # columns of the entries
TOKEN, N_ENTRIES = range(2)  # elements of the cursor
ELSEWHERE, FIRST, CONNECTOR = range(3)  # roles of words
PREFIX = 1 << 31  # a left from this number on is not a word: it is the entry number left - PREFIX


def count_bigrams_reference(
    ids: Int32, starts: Int64, roles: NDArray[Any], *, slots: UInt64, entries: Int64, cursor: Int64
) -> None:
    """Count pairs of words that follow each other in a sentence, connector words between them included.

    An entry is a pair (left, right). If `right` is a connector word, the entry is a prefix, which goes on: it becomes
    the left of the next pair, as the number ``PREFIX + entry``. So "bank of america" has the prefix (bank, of), and the
    pair (that prefix, america), whose string differs from that of (bank, america). The call stops early, before the
    first token of a phrase whose entries do not fit. The caller then copies the entries to a larger array, and calls
    again with larger `slots` and the same cursor.

    Parameters
    ----------
    ids : int32[n_tokens]
        Word of each token.
    starts : int64[n_sentences + 1]
        Sentence s is ``ids[starts[s]:starts[s + 1]]``.
    roles : uint8[n_words]
        2 (CONNECTOR): the word may stand inside a phrase, and begins and ends none. 1 (FIRST): this call counts the
        pairs that begin with the word. 0 (ELSEWHERE): another call does. So several threads divide the words.
    slots : uint64[n_slots], a power of two, at least ``least_slots(n_entries_max)``; overwritten
        Working memory of the kernel (the reference uses a dict).
    entries : int64[n_entries_max, 4], changed in place
        Left, right, position of the first occurrence's last token, and count, in order of first occurrence. The count
        of a prefix is 0.
    cursor : int64[2], changed in place
        Next token, and number of entries.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    IndexError
        An id is not a word.
    """
    token, n_entries = cursor.tolist()
    entry_of = {(a, b): e for e, (a, b) in enumerate(entries[:n_entries, :2].tolist())}
    boundaries = set(starts.tolist())
    while token < len(ids):
        left, end = int(ids[token]), token + 1
        goes_on = roles[left] == FIRST
        while goes_on and end < len(ids) and end not in boundaries:
            right = int(ids[end])
            entry = entry_of.setdefault((left, right), n_entries)
            if entry == len(entries):
                cursor[:] = (token, n_entries)
                return
            if entry == n_entries:
                entries[entry] = (left, right, end, 0)
                n_entries += 1
            goes_on = roles[right] == CONNECTOR
            entries[entry, COUNT] += not goes_on
            left, end = PREFIX + entry, end + 1
        token += 1
    cursor[:] = (token, n_entries)


def least_slots(n_entries: int) -> int:
    """Return how many numbers the hash table needs: two for a slot, four slots for three entries, one of them free."""
    return 2 * max(-(-4 * n_entries // 3), n_entries + 1)
