"""The rules under names, and how often a round updates each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.distributed import (
    merged_by_contraction,
    merged_by_mean,
    merged_by_mean_of_touched,
    merged_by_projection,
    merged_by_sum,
)
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.vocab import Vocab

Merge: TypeAlias = Callable[[FloatArray, FloatArray, Array], FloatArray]
"""``merge(base, replicas, rates)``, with learning rate times updates for each row of the base: float64[n_rows]."""

FIXED = {
    "sum": merged_by_sum,
    "mean": merged_by_mean,
    "mean of touched": merged_by_mean_of_touched,
    "projection": merged_by_projection,
}
CONTRACTION = "contraction"


class Updates(NamedTuple):
    """Updates of each row of the two matrices: float64[n_vocab] each."""

    inputs: Array
    outputs: Array


def rule_of(name: str) -> tuple[Merge, Merge]:
    """Return the rule of input and of output rows; "contraction 0.1 0.3" has the curvatures of both behind it."""
    kind, *curvatures = name.rsplit(maxsplit=2) if name.startswith(CONTRACTION) else (name,)
    if kind == CONTRACTION and len(curvatures) == 2:
        first, second = map(float, curvatures)
        return _contraction(first), _contraction(second)
    if name not in FIXED:
        expected = f'{", ".join(FIXED)}, or "{CONTRACTION}" and the curvatures of input and output rows'
        raise ValueError(f"the rule is {name!r}; expected {expected}")
    return (lambda base, replicas, rates: FIXED[name](base, replicas),) * 2


def _contraction(curvature: float) -> Merge:
    return lambda base, replicas, rates: merged_by_contraction(base, replicas, curvature * rates)


class UpdateCounter:
    """Expected updates of each row by the tokens of a round, from what training draws on average."""

    def __init__(self, config: TrainConfig, vocab: Vocab) -> None:
        self._keep = vocab.keep_probabilities(config.sample).astype(np.float64)
        noise = vocab.counts.astype(np.float64) ** config.ns_exponent
        self._negatives = config.negative * noise / noise.sum()
        self._contexts = config.window + 1.0 if config.shrink_windows else 2.0 * config.window
        self._per_centre = self._contexts if config.sg else 1.0  # updates of an output row by one centre

    def of(self, counts: Array) -> Updates:
        """Return the updates by a text in which the words occur so often: int64[n_vocab]."""
        kept = counts * self._keep
        return Updates(kept * self._contexts, self._per_centre * (kept + kept.sum() * self._negatives))
