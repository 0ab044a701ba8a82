"""How often training updates each row, and how steep the loss of an update is: what `merged_in_turn` needs."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.distributed.contexts import Contexts
from fastw2v.distributed.merging import principal_curvatures
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.vocab import Vocab, noise_weights

Curvature: TypeAlias = tuple[Array, Array]
"""Curvatures and directions, as `principal_curvatures` returns them."""

_N_SCORED = 1 << 13
_MOST_SUMMED = 4  # rows drawn for a mean or a sum of any number: each takes the time of as many scores


class Updates(NamedTuple):
    """Updates of each row of the two matrices: float32[n_vocab] each."""

    inputs: Array
    outputs: Array


class UpdateCounter:
    """Expected updates of each row, and their curvature, from what training draws.

    Between two calls it holds nothing for each word: a replica of a large vocabulary has no memory to spare.

    Parameters
    ----------
    config : TrainConfig
        Of skip-gram or CBOW with negative sampling.
    vocab : Vocab
    contexts : Contexts
        Of the words of the corpus.
    """

    def __init__(self, config: TrainConfig, vocab: Vocab, contexts: Contexts) -> None:
        self._config, self._vocab, self._contexts = config, vocab, contexts
        self._is_cbow, self._is_sum = not config.sg, not (config.sg or config.cbow_mean)
        self._divides = not config.sg and bool(config.cbow_mean) and config.divides_gradient

    def of(self, counts: Array) -> Updates:
        """Return the updates by a text in which the words occur so often: int64[n_vocab]."""
        kept, contexts = self._kept(counts), self._contexts
        examples = contexts.n_centres / max(contexts.n_kept, 1) if self._is_cbow else contexts.per_kept
        outputs = examples * (kept + self._config.negative * kept.sum() * self._noise())
        return Updates((kept * contexts.per_kept).astype(np.float32), outputs.astype(np.float32))

    def curvatures(self, w_in: FloatArray, w_out: FloatArray) -> tuple[Curvature, Curvature]:
        """Return the curvature of an update of input rows, with its negatives, and of output rows.

        The hidden vector of CBOW is the mean of its contexts, or n times that, their sum, and moves an output row n**2
        times as steeply. All its contexts move at once, so that it moves as they do; of a sum, each by an n-th of the
        gradient. Of a mean that is only so with the gradient of a mean.
        """
        rng, contexts = np.random.default_rng(0), self._contexts
        unigrams, noise = _shares(self._kept(self._vocab.counts)), self._noise()
        hidden = self._hidden(w_in, unigrams, rng)
        outputs = w_out[rng.choice(len(w_out), len(hidden), p=noise)]
        positive = 0.5 + 0.5 * np.tanh(np.einsum("ij,ij->i", hidden, outputs) / 2)
        slope = float((positive * (1 - positive)).mean())
        targets = noise  # in place, since each array is as long as the vocabulary
        targets *= self._config.negative
        targets += unigrams
        of_inputs, of_outputs, mean_of = slope, slope, 1.0
        if self._divides:
            of_inputs = slope / contexts.per_centre
        if self._is_sum:
            of_outputs, mean_of = slope * contexts.per_centre * contexts.of_sum, contexts.of_sum
        elif self._is_cbow:
            mean_of = contexts.of_mean
        return (
            principal_curvatures(w_out, targets, of_inputs),
            principal_curvatures(w_in, unigrams, of_outputs, mean_of=mean_of),
        )

    def _kept(self, counts: Array) -> Array:
        return np.asarray(counts * self._vocab.keep_probabilities(self._config.sample), np.float64)

    def _noise(self) -> Array:
        return _shares(noise_weights(self._vocab.counts, self._config.ns_exponent))

    def _hidden(self, w_in: FloatArray, unigrams: Array, rng: np.random.Generator) -> FloatArray:
        """Draw hidden vectors: rows of words, or vectors with the mean and the variance of their means or sums."""
        n = self._contexts.per_centre if self._is_cbow else 1.0
        n_drawn = min(max(1, round(n)), _MOST_SUMMED)
        hidden = np.zeros((_N_SCORED, w_in.shape[1]), np.float32)
        for _ in range(n_drawn):
            hidden += w_in[rng.choice(len(w_in), _N_SCORED, p=unigrams)]
        hidden /= np.float32(n_drawn)
        if n != n_drawn:  # means of fewer rows, or of more, vary by another factor
            mean = hidden.mean(axis=0)
            hidden -= mean
            hidden *= np.float32((n_drawn / n) ** 0.5)
            hidden += mean
        if self._is_sum:
            hidden *= np.float32(n)
        return hidden


def _shares(weights: Array) -> Array:
    return np.asarray(weights / weights.sum())
