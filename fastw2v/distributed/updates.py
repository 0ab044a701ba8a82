"""How often training updates each row, and how steep the loss of an update is: what `merged_by_directions` needs."""

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
