"""How often training updates each row, and how steep the loss of an update is: what `merged_in_turn` needs."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.distributed.merging import principal_curvatures
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.vocab import Vocab

Curvature: TypeAlias = tuple[Array, Array]
"""Curvatures and directions, as `principal_curvatures` returns them."""

_N_SCORED = 1 << 14


class Updates(NamedTuple):
    """Updates of each row of the two matrices: float64[n_vocab] each."""

    inputs: Array
    outputs: Array


class UpdateCounter:
    """Expected updates of each row, and their curvature, from what training draws.

    Parameters
    ----------
    config : TrainConfig
        Of skip-gram or CBOW with negative sampling.
    vocab : Vocab
    """

    def __init__(self, config: TrainConfig, vocab: Vocab) -> None:
        self._keep = vocab.keep_probabilities(config.sample).astype(np.float64)
        kept, noise = vocab.counts * self._keep, vocab.counts.astype(np.float64) ** config.ns_exponent
        self._unigrams, self._noise, self._negative = kept / kept.sum(), noise / noise.sum(), config.negative
        self._contexts = config.window + 1.0 if config.shrink_windows else 2.0 * config.window
        self._is_cbow, self._is_sum = not config.sg, not (config.sg or config.cbow_mean)
        self._divides = not config.sg and bool(config.cbow_mean) and config.divides_gradient

    def of(self, counts: Array) -> Updates:
        """Return the updates by a text in which the words occur so often: int64[n_vocab]."""
        kept, per_centre = counts * self._keep, 1.0 if self._is_cbow else self._contexts
        negatives = self._negative * kept.sum() * self._noise
        return Updates(kept * self._contexts, per_centre * (kept + negatives))

    def curvatures(self, w_in: FloatArray, w_out: FloatArray) -> tuple[Curvature, Curvature]:
        """Return the curvature of an update of input rows, with its negatives, and of output rows.

        The hidden vector of CBOW is the mean of its contexts, or n times that, their sum, and moves an output row n**2
        times as steeply. All its contexts move at once, so that it moves as they do; of a sum, each by an n-th of the
        gradient. Of a mean that is only so with the gradient of a mean.
        """
        rng, n = np.random.default_rng(0), self._contexts
        hidden = self._hidden(w_in, rng)
        outputs = w_out[rng.choice(len(w_out), len(hidden), p=self._noise)]
        positive = 0.5 + 0.5 * np.tanh(np.einsum("ij,ij->i", hidden, outputs) / 2)
        slope = float((positive * (1 - positive)).mean())
        targets = self._unigrams + self._negative * self._noise
        mean_of, length = (n if self._is_cbow else 1.0), (n if self._is_sum else 1.0)
        return (
            principal_curvatures(w_out, targets, slope / n if self._divides else slope),
            principal_curvatures(w_in, self._unigrams, slope * length**2, mean_of=mean_of),
        )

    def _hidden(self, w_in: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw hidden vectors: rows of words, or their sums or means."""
        n_summed = round(self._contexts) if self._is_cbow else 1
        total = np.zeros((_N_SCORED, w_in.shape[1]), np.float32)
        for _ in range(n_summed):
            total += w_in[rng.choice(len(w_in), _N_SCORED, p=self._unigrams)]
        return total if self._is_sum else total / np.float32(n_summed)
