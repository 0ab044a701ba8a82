"""How many contexts of a centre are scored before any row moves."""

from __future__ import annotations

SCORED_TOGETHER = 10
"""Contexts of a centre, with the same negatives, that are scored together and then move in turn.

A window with more is cut into groups of so many. Whole windows of 50 contexts and more diverge.
"""

_WHOLE_WINDOW = 5
CONTEXTS_PER_STEP = 2
PAIRS_PER_STEP = 4  # pairs with their own negatives that are scored before any of them moves


def contexts_per_step(window: int) -> int:
    """Return how many contexts move together, by rows as they were before: all up to window 5, and 2 of a wider one.

    This holds for hierarchical softmax and for subwords, whose contexts do not move in turn. They push the rows that
    they share too far, since each is scored before the others have moved these rows: the more of them, the further.

    Parameters
    ----------
    window : int
        Greatest distance of a context.
    """
    return 2 * window if window <= _WHOLE_WINDOW else CONTEXTS_PER_STEP
