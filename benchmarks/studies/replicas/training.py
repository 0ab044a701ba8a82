"""N replicas of a model, each trained on its share of the corpus, round by round, and merged after each round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from benchmarks.studies.replicas.rules import BY_CURVATURE, Merge, Steps, rule_of
from fastw2v.backends import TrainingData, get_backend
from fastw2v.config import TrainConfig
from fastw2v.distributed.contexts import contexts_of
from fastw2v.distributed.rounds import round_ends
from fastw2v.distributed.updates import Curvature, UpdateCounter
from fastw2v.runtime.arrays import FloatArray
from fastw2v.schedule import Span, spans
from fastw2v.vectors.weights import Weights
from fastw2v_kernels.shared.memory import aligned

_BLOCK_ROWS = 256  # merged at a time, so that these rows of all replicas stay in the cache


@dataclass(frozen=True)
class Plan:
    """How many replicas there are, how often they are merged, and by which rule.

    Parameters
    ----------
    rule : str
        A name that `rule_of` knows.
    n_workers : int
        Replicas. 1: the training of one worker, whatever the rule.
    rounds : int
        Merges in an epoch; 0: as a cluster does that is told nothing.
    """

    rule: str = "mean"
    n_workers: int = 1
    rounds: int = 1

    def bounds(self, config: TrainConfig, n_tokens: int) -> Iterator[tuple[int, Fraction, Fraction]]:
        """Yield the epoch of each round, and the shares of the epoch at which it begins and ends."""
        ends = round_ends(config, n_tokens, self.rounds or None).tolist()
        for begin, end in pairwise([0, *ends]):
            epoch = begin // n_tokens
            yield epoch, *(Fraction(word - epoch * n_tokens, n_tokens) for word in (begin, end))


def train(config: TrainConfig, data: TrainingData, plan: Plan) -> None:
    """Train ``data.weights`` in place, as `plan.n_workers` machines of one thread each would.

    Worker k has the k-th part of the corpus, and trains a part of that in each round. The learning rate falls with the
    tokens that all have trained.
    """
    replicas = _Replicas(config, data, plan)
    for epoch, begin, end in plan.bounds(config, data.tokens.n_tokens):
        replicas.train_round(epoch, (begin, end))


class _Replicas:
    def __init__(self, config: TrainConfig, data: TrainingData, plan: Plan) -> None:
        self._config, self._data, self._plan = config, data, plan
        weights, n_workers = data.weights, plan.n_workers
        self._matrices = [_Matrix(base, n_workers, rule) for base, rule in zip(_both(weights), rule_of(plan.rule))]
        contexts = contexts_of(data.tokens, data.vocab.keep_probabilities(config.sample), config)
        self._counter = UpdateCounter(config, data.vocab, contexts)
        self._shares = np.linspace(0, data.tokens.n_tokens, n_workers + 1).astype(np.int64)
        self._backends, self._n_rounds = [], 0
        for k in range(n_workers):
            w_in, w_out = (matrix.replicas[k] for matrix in self._matrices)
            backend = get_backend("cpu", n_tokens=data.tokens.n_tokens)
            own = data._replace(weights=Weights(w_in, w_out, weights.dim, rate_in=weights.rate_in))
            backend.upload(config.with_option("workers", 1), own)
            self._backends.append(backend)

    def train_round(self, epoch: int, bounds: tuple[Fraction, Fraction]) -> None:
        """Train a round of all replicas, in turn, between two shares of the epoch, and merge them."""
        planned = [self._span(epoch, bounds, worker=k) for k in range(self._plan.n_workers)]
        for backend, span in zip(self._backends, planned):
            backend.train([span], lambda n_tokens: None)
        n_vocab = len(self._data.vocab)
        ids = np.concatenate([self._data.tokens.ids[span.begin : span.end] for span in planned])
        updates = self._counter.of(np.bincount(ids, minlength=n_vocab) / len(planned))
        for matrix, n_updates, curvature in zip(self._matrices, updates, self._curvatures()):
            matrix.merge(Steps(n_updates * _mean_rate(planned[0]), curvature), first=self._n_rounds)
        self._n_rounds += 1

    def _curvatures(self) -> tuple[Curvature | None, Curvature | None]:
        """Return the curvatures for both matrices, where the rule needs them; the first replica's stand for all."""
        if not self._plan.rule.startswith(tuple(BY_CURVATURE)) or self._plan.n_workers == 1:
            return None, None
        return self._counter.curvatures(*(matrix.replicas[0] for matrix in self._matrices))

    def _span(self, epoch: int, bounds: tuple[Fraction, Fraction], *, worker: int) -> Span:
        """Return what a worker trains in a round, at the rate of the place that all workers have reached together."""
        first, last = self._shares[worker : worker + 2].tolist()
        begin, end = (first + int((last - first) * share) for share in bounds)
        n_tokens, n_workers = self._data.tokens.n_tokens, self._plan.n_workers
        (whole,) = spans(self._config, n_tokens, epoch, span_tokens=n_tokens)
        step = whole.lr_step * n_workers
        return Span(epoch, begin, end, whole.lr_first - step * first, step)


class _Matrix:
    """A matrix as it was at the last merge, and the replicas of it: float32[n_workers, n_vocab, stride]."""

    def __init__(self, base: FloatArray, n_workers: int, rule: Merge) -> None:
        self._base, self._rule = base, rule
        self.replicas = aligned((n_workers, *base.shape))
        self.replicas[:] = base
        if n_workers == 1:
            self.replicas = base[None]

    def merge(self, steps: Steps, *, first: int) -> None:
        """Merge the rows, and give them to all replicas; with one replica there is nothing to do.

        Where the order counts, the moves of replica `first`, modulo their number, come first.
        """
        if len(self.replicas) == 1:
            return
        for row in range(0, len(self._base), _BLOCK_ROWS):
            block = slice(row, row + _BLOCK_ROWS)
            base, replicas = self._base[block], np.roll(self.replicas[:, block], -first, axis=0)
            base[:] = self._rule(base, replicas, steps._replace(rates=steps.rates[block]))
            self.replicas[:, block] = base


def _both(weights: Weights) -> tuple[FloatArray, FloatArray]:
    return weights.w_in, weights.w_out


def _mean_rate(span: Span) -> float:
    return span.lr_first + span.lr_step * (span.begin + span.end) / 2
