"""The distribution that negatives are drawn from, and its alias table."""

from __future__ import annotations

import numpy as np


def noise_weights(counts: np.ndarray, exponent: float) -> np.ndarray:
    """Return ``count ** exponent`` up to a factor, float64[n_vocab], the greatest of them 1; 0 where the count is 0.

    The factor keeps a large exponent from overflowing: small weights become 0 instead.
    """
    occurs = counts > 0
    present = counts[occurs].astype(np.float64)
    weights = np.zeros(len(counts))
    weights[occurs] = (present / (present.max() if exponent > 0 else present.min())) ** exponent
    return weights


def alias_table(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vose's alias table without a loop, after Hübschle-Schneider and Sanders, Parallel Weighted Random Sampling, 2019.

    Columns lighter than the mean are filled in order from the heavier ones, in order: who fills whom follows from the
    cumulative sums of what the light lack and the heavy have over. A heavy column that gives more than it has over is
    filled by the next heavy one. The sums are of integers, so that no rounding builds up over a million columns.
    """
    share = weights * (len(weights) / weights.sum())
    alias_prob, alias_id = np.minimum(share, 1.0), np.arange(len(weights))
    light, heavy = np.flatnonzero(share < 1), np.flatnonzero(share > 1)
    if not (light.size and heavy.size):
        return np.ones(len(weights), np.float32), alias_id.astype(np.int32)
    scale = 2.0 ** (62 - len(weights).bit_length())
    lacking, over = (np.cumsum(np.rint(part * scale).astype(np.int64)) for part in (1 - share[light], share[heavy] - 1))
    lacking_before = np.concatenate([[0], lacking[:-1]])
    giver = np.searchsorted(over, lacking_before, side="right")
    alias_id[light] = heavy[np.minimum(giver, heavy.size - 1)]
    taker = np.searchsorted(lacking, over[:-1], side="right")
    overdrawn = (lacking[np.minimum(taker, light.size - 1)] - over[:-1]) / scale
    alias_prob[heavy[:-1]] = 1 - np.clip(overdrawn, 0, 1)
    alias_id[heavy[:-1]] = heavy[1:]
    return alias_prob.astype(np.float32), alias_id.astype(np.int32)
