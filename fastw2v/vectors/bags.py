"""Sums of the vectors of bags, such as the words of a text or the items of a session."""

from __future__ import annotations

import numpy as np

from fastw2v.runtime.arrays import FloatArray, RowArray

_BLOCK_ITEMS = 1 << 12  # their vectors stay in the core's L2 cache


def bag_sums(vectors: FloatArray, weights: FloatArray, rows: RowArray, *, starts: RowArray) -> FloatArray:
    """Return the weighted sum of the vectors of each bag.

    Parameters
    ----------
    vectors : float[n_rows, dim]
    weights : float32[n_rows]
        The weight of each row.
    rows : intp[n_items]
    starts : int64[n_bags + 1]
        Bag b is ``rows[starts[b]:starts[b + 1]]``.

    Returns
    -------
    float32[n_bags, dim]
        Zeros for an empty bag.
    """
    n_bags, first = len(starts) - 1, 0
    sums = np.zeros((n_bags, vectors.shape[1]), np.float32)
    while first < n_bags:
        last = int(np.searchsorted(starts, starts[first] + _BLOCK_ITEMS, side="right")) - 1
        last = min(max(last, first + 1), n_bags)
        items = rows[starts[first] : starts[last]]
        filled = first + np.flatnonzero(np.diff(starts[first : last + 1]))
        if len(filled):
            scaled = vectors[items].astype(np.float32, copy=False) * weights[items, None]
            sums[filled] = np.add.reduceat(scaled, starts[filled] - starts[first], axis=0)
        first = last
    return sums
