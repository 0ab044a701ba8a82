"""How many contexts of a centre make one gradient step, whose scores are all computed before any row moves."""

from __future__ import annotations

_WHOLE_WINDOW = 5
CONTEXTS_PER_STEP = 2
PAIRS_PER_STEP = 4  # pairs with their own negatives that are scored before any of them moves


def contexts_per_step(window: int) -> int:
    """Return how many contexts make one gradient step: all of a window up to 5, and 2 of a wider one.

    Contexts of one step push the rows they share too far, since each is scored before the others have moved these rows.
    With up to 20 contexts this costs 3 points of SimLex-999 (window 10, 15 negatives), with up to 10 it costs one point
    (window 5, 5 negatives; vector_size 100). Windows between these were not measured.

    Parameters
    ----------
    window : int
        Greatest distance of a context.
    """
    return 2 * window if window <= _WHOLE_WINDOW else CONTEXTS_PER_STEP
