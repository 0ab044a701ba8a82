"""Subwords on the GPU: the lists of rows that a kernel takes, and the rates of the most frequent rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastw2v.backends.base import TrainingData
from fastw2v.backends.cuda_plan import factors, subword_shape
from fastw2v.backends.subword_groups import trains_in_groups
from fastw2v.config import TrainConfig
from fastw2v.runtime.arrays import Array
from fastw2v.vectors.subwords import Subwords
from fastw2v.vocab import noise_weights
from fastw2v_kernels.shared.array_types import Float32


def group_option(config: TrainConfig, data: TrainingData, keep: Float32) -> dict[str, Any]:
    """Return the kernel's option whether neighbouring centres are trained in groups, if it has one."""
    if data.weights.subwords is None or config.hs or not config.sg:
        return {}
    return {"in_groups": trains_in_groups(data.weights.subwords, data.vocab.counts * keep)}


def subword_rates(
    config: TrainConfig, data: TrainingData, keep: Float32, *, subwords: Subwords, n_warps: int
) -> tuple[Float32, Float32]:
    """Return factors that lower the learning rate of the rows that many warps move at the same time.

    It is the rule of `cuda_plan.rates`: as many copies of a row as warps hold, or have moves of under way. A warp of
    CBOW holds the tokens of a window, one of skip-gram those of a group. In each it holds a row as often as the row is
    in these tokens, which may be more than once.

    Returns
    -------
    rate_in, rate_out : float32[n], float32[m]
        Factors of the first n input rows and m output rows; the factor of all later rows is 1.
    """
    vocab = data.vocab
    kept = vocab.counts * np.minimum(keep, 1.0).astype(np.float64)
    n_kept, n_lists = max(float(kept.sum()), 1.0), np.diff(subwords.row_starts)
    uses: Array = np.bincount(subwords.row_ids, np.repeat(kept, n_lists), minlength=len(data.weights.w_in))
    in_groups = bool(group_option(config, data, keep).get("in_groups"))
    n_group = subword_shape(config, in_groups=in_groups).n_group
    n_together = max(1.0, n_group * n_kept / max(float(vocab.counts.sum()), 1.0))
    noise = noise_weights(data.noise_counts(), config.ns_exponent)
    copies_in = n_warps * (n_together if config.sg else 2 * config.window + 1) * uses / n_kept
    copies_out = n_warps * n_together * (kept / n_kept + config.negative * noise / noise.sum())
    return factors(copies_in), factors(copies_out)
