"""The rules under names, and how often a round updates each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.distributed import (
    merged_by_contraction,
    merged_by_directions,
    merged_by_mean,
    merged_by_mean_of_touched,
    merged_by_projection,
    merged_by_sum,
    principal_curvatures,
)
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.vocab import Vocab

Curvature: TypeAlias = tuple[Array, Array]
"""Curvatures and directions, as `principal_curvatures` returns them."""


class Steps(NamedTuple):
    """What is known of the steps of a round: learning rate times updates for each row, float64[n_rows]; curvature."""

    rates: Array
    curvature: Curvature | None


Merge: TypeAlias = Callable[[FloatArray, FloatArray, Steps], FloatArray]
"""``merge(base, replicas, steps)``"""

FIXED = {
    "sum": merged_by_sum,
    "mean": merged_by_mean,
    "mean of touched": merged_by_mean_of_touched,
    "projection": merged_by_projection,
}
CONTRACTION, DIRECTIONS = "contraction", "directions"
_N_SCORED = 1 << 14


class Updates(NamedTuple):
    """Updates of each row of the two matrices: float64[n_vocab] each."""

    inputs: Array
    outputs: Array


def rule_of(name: str) -> tuple[Merge, Merge]:
    """Return the rule of input and of output rows.

    "contraction 0.1 0.3" has the curvatures of both behind it; "directions" may have two factors, by which the
    curvatures that are found are multiplied.
    """
    kind, *numbers = name.split() if name.startswith((CONTRACTION, DIRECTIONS)) else (name,)
    if (kind, len(numbers)) in ((CONTRACTION, 2), (DIRECTIONS, 2), (DIRECTIONS, 0)):
        first, second = map(float, numbers or (1, 1))
        made = _contraction if kind == CONTRACTION else _directions
        return made(first), made(second)
    if name not in FIXED:
        expected = f'{", ".join(FIXED)}, {DIRECTIONS}, or "{CONTRACTION}" and the curvatures of input and output rows'
        raise ValueError(f"the rule is {name!r}; expected {expected}")
    return (lambda base, replicas, steps: FIXED[name](base, replicas),) * 2


def _contraction(known: float) -> Merge:
    return lambda base, replicas, steps: merged_by_contraction(base, replicas, known * steps.rates)


def _directions(factor: float) -> Merge:
    def merge(base: FloatArray, replicas: FloatArray, steps: Steps) -> FloatArray:
        if steps.curvature is None:
            raise ValueError("the curvature is None; expected that of the round")
        curvatures, directions = steps.curvature
        return merged_by_directions(base, replicas, factor * steps.rates, curvatures=curvatures, directions=directions)

    return merge


class UpdateCounter:
    """Expected updates of each row by the tokens of a round, and their curvature, from what training draws."""

    def __init__(self, config: TrainConfig, vocab: Vocab) -> None:
        self._keep = vocab.keep_probabilities(config.sample).astype(np.float64)
        kept, noise = vocab.counts * self._keep, vocab.counts.astype(np.float64) ** config.ns_exponent
        self._unigrams, self._noise, self._negative = kept / kept.sum(), noise / noise.sum(), config.negative
        self._contexts = config.window + 1.0 if config.shrink_windows else 2.0 * config.window
        self._is_cbow = not config.sg

    def of(self, counts: Array) -> Updates:
        """Return the updates by a text in which the words occur so often: int64[n_vocab]."""
        kept, per_centre = counts * self._keep, 1.0 if self._is_cbow else self._contexts
        negatives = self._negative * kept.sum() * self._noise
        return Updates(kept * self._contexts, per_centre * (kept + negatives))

    def curvatures(self, w_in: FloatArray, w_out: FloatArray) -> tuple[Curvature, Curvature]:
        """Return the curvature of an update of input rows, with its negatives, and of output rows."""
        rng, n_vocab = np.random.default_rng(0), len(w_in)
        inputs = w_in[rng.choice(n_vocab, _N_SCORED, p=self._unigrams)]
        outputs = w_out[rng.choice(n_vocab, _N_SCORED, p=self._noise)]
        positive = 0.5 + 0.5 * np.tanh(np.einsum("ij,ij->i", inputs, outputs) / 2)
        slope = float((positive * (1 - positive)).mean())
        targets = self._unigrams + self._negative * self._noise
        mean_of = self._contexts if self._is_cbow else 1.0
        return (
            principal_curvatures(w_out, targets, slope),
            principal_curvatures(w_in, self._unigrams, slope, mean_of=mean_of),
        )
