"""Where the time goes: the softmax baseline, the book's negative sampling and the compiled kernels, stage by stage."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fastw2v.nn import checks
from fastw2v.profile import machine, traffic
from fastw2v.profile.case import Case, batches, zipf_corpus
from fastw2v.profile.clock import STAGES, Call, StageClock, stages_in
from fastw2v.profile.records import GREATEST_GAP, LeftOut, Profile, Run, Stage
from fastw2v.profile.variants import VARIANTS, Variant
from fastw2v.runtime.arrays import Array

__all__ = ["Case", "LeftOut", "Profile", "Run", "Stage", "profile"]


logger = logging.getLogger("fastw2v")
DEFAULT_SIZES = (1_000, 10_000)
MIN_ITERATIONS = 3
MAX_ITERATIONS = 200  # beyond some 700 the moments of the book's Adam decay to denormal numbers, which are slow
_MOST_TIMES = 4  # the seconds asked for, while stages and whole iterations are apart
_KEPT_ITERATIONS = 3  # whose calls a trace shows


def profile(
    vocab_sizes: Iterable[int] | None = None,
    *,
    corpus: npt.ArrayLike | None = None,
    models: str | Sequence[str] = "cbow",
    hidden_size: int = 100,
    window_size: int = 5,
    batch_size: int = 100,
    sample_size: int = 5,
    optimizer: str = "SparseAdam",
    seconds: float = 3.0,
    seed: int = 0,
) -> Profile:
    """Measure an iteration of each variant, by the stage and as a whole, on the same batches.

    An iteration is what `fastw2v.nn.Trainer` does with a batch: forward, backward, merging the gradients of shared
    weights, update. Iterations with clocks and whole ones without alternate, after one that warms up: it compiles, and
    touches the memory that the others use. One-hot arrays for the softmax baseline are made outside of the iterations.

    Parameters
    ----------
    vocab_sizes : iterable of int, optional
        V of each measurement, on a synthetic corpus by Zipf's law of max(200,000, 4 V) tokens; default 1,000 and
        10,000.
    corpus : int[n_tokens], optional
        Instead of synthetic ones; V is its largest id plus one.
    models : str or sequence of str
        "cbow", "skipgram".
    hidden_size, window_size, batch_size, sample_size : int
    optimizer : str
        Of the compiled variant: "SparseAdam", whose work does not grow with V, or "Adam". The other variants have the
        book's dense Adam.
    seconds : float
        Time for each variant, after the warm-up; up to four times as much while stages and whole iterations are more
        than 5 % apart. At least 3 iterations of either kind are made, and at most 200.
    seed : int
        What corpora, batches, weights and negatives are drawn from.

    Returns
    -------
    Profile
        A variant that does not fit into the free memory is left out, and named.

    Raises
    ------
    ValueError, TypeError, IndexError
        An option is out of range, or the corpus holds no ids.
    MemoryError
        No variant fits into the free memory.
    """
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; expected a number above 0")
    given, sizes = _words(corpus, vocab_sizes)
    names = [models] if isinstance(models, str) else dict.fromkeys(models)
    shape = (hidden_size, window_size, batch_size, sample_size, optimizer)
    cases = [Case(model, size, *shape) for model in names for size in dict.fromkeys(sizes)]
    if not cases:
        raise ValueError("vocab_sizes or models is empty; expected at least one of each")
    outcomes = [
        _measured(
            variant, case, zipf_corpus(case.vocab_size, seed) if given is None else given, seconds=seconds, seed=seed
        )
        for case in cases
        for variant in VARIANTS
    ]
    left_out = tuple(outcome for outcome in outcomes if isinstance(outcome, LeftOut))
    runs = tuple(outcome for outcome in outcomes if isinstance(outcome, Run))
    if not runs:
        raise MemoryError("; ".join(map(str, left_out)))
    name = "synthetic, by Zipf's law" if given is None else f"{len(given):,} tokens"
    return Profile(name, machine.threads(), runs, left_out)


def _words(corpus: npt.ArrayLike | None, vocab_sizes: Iterable[int] | None) -> tuple[Array | None, list[int]]:
    """Return the corpus, None for synthetic ones, and the vocabularies."""
    if corpus is None:
        sizes = DEFAULT_SIZES if vocab_sizes is None else vocab_sizes
        return None, [int(size) if isinstance(size, np.integer) else size for size in sizes]
    if vocab_sizes is not None:
        raise ValueError("vocab_sizes and corpus are both given; a corpus has its own vocabulary: give one of them")
    given = checks.corpus(corpus).astype(np.int64)
    if given.size == 0:
        raise ValueError("the corpus is empty; expected at least one word id")
    return given, [int(given.max()) + 1]


def _measured(name: str, case: Case, corpus: Array, *, seconds: float, seed: int) -> Run | LeftOut:
    gc.collect()
    needed, usable = traffic.bytes_needed(case, name), machine.usable_bytes()
    if usable is not None and needed > usable:
        left_out = LeftOut(name, case, needed, usable)
        logger.warning("%s", left_out)
        return left_out
    logger.info("measuring %s, %s, V = %s", name, case.model, f"{case.vocab_size:,}")
    run = _Measurement(name, case, corpus, seed).run(seconds)
    logger.info("... %.3f ms an iteration", run.whole_ms)
    return run


class _Measurement:
    """One variant on its batches."""

    def __init__(self, name: str, case: Case, corpus: Array, seed: int) -> None:
        self.name, self.case = name, case
        self.variant, self.batches = Variant(name, case, corpus, seed), batches(corpus, case, seed)
        self.clock = StageClock()
        self.whole: list[float] = []
        self.by_stage: list[dict[str, float]] = []
        self.calls: list[tuple[Call, ...]] = []

    def run(self, seconds: float) -> Run:
        first_loss, begun = self._iterate()[0], time.perf_counter()
        self.variant.touch_memory()
        load = machine.LoadClock()
        while not self._is_done(time.perf_counter() - begun, seconds):
            if len(self.whole) % 2:  # whole, clocked, clocked, whole, ...: a drift of the machine cancels out
                self._clocked()
                self.whole.append(self._iterate()[1])
            else:
                self.whole.append(self._iterate()[1])
                self._clocked()
        return self._record(first_loss, load.waited_percent())

    def _is_done(self, passed: float, seconds: float) -> bool:
        n = len(self.whole)
        if not MIN_ITERATIONS <= n < MAX_ITERATIONS or passed < seconds:
            return n >= MAX_ITERATIONS
        sums = [sum(by_stage.values()) for by_stage in self.by_stage]
        gap = _mean(sums, _middle(sums)) / _mean(self.whole, _middle(self.whole)) - 1
        return 100 * abs(gap) <= GREATEST_GAP / 2 or passed >= _MOST_TIMES * seconds

    def _clocked(self) -> None:
        with self.clock.on(self.variant.regions):
            self._iterate()
        by_stage, calls = self.clock.take()
        silent = {region.stage for region in self.variant.regions} - set(by_stage)
        if silent:  # a layer was called by another method, and its time went to the stage around it
            raise RuntimeError(f"no time was taken of {', '.join(sorted(silent))} in {self.name}")
        self.by_stage.append(by_stage)
        self.calls = [*self.calls, tuple(calls)][-_KEPT_ITERATIONS:]

    def _iterate(self) -> tuple[float, float]:
        """Return the loss of the next batch, and the seconds that the iteration took."""
        batch = self.variant.prepare(*next(self.batches))
        begun = time.perf_counter()
        loss = self.variant.iterate(*batch)
        return loss, time.perf_counter() - begun

    def _record(self, first_loss: float, waited_percent: float | None) -> Run:
        optimizer, n_rows = type(self.variant.optimizer).__name__, self.variant.n_rows()
        times = _spread(self.whole, _middle(self.whole))
        first, third = (float(1e3 * x) for x in np.quantile(self.whole, [0.25, 0.75]))
        n, calls = len(self.whole), tuple(self.calls)
        mean, least, greatest = times
        return Run(
            self.name,
            self.case,
            optimizer,
            stages=self._stages(),
            whole_ms=mean,
            least_ms=least,
            greatest_ms=greatest,
            n_iterations=n,
            first_loss=first_loss,
            n_rows=n_rows,
            calls=calls,
            quartiles_ms=(first, third),
            waited_percent=waited_percent,
        )

    def _stages(self) -> tuple[Stage, ...]:
        costs = traffic.costs(self.case, self.name, self.variant.n_rows())
        names = sorted(self.by_stage[0], key=lambda name: STAGES.index(stages_in(name)[0]))
        middle = _middle([sum(by_stage.values()) for by_stage in self.by_stage])
        spreads = {name: _spread([by_stage[name] for by_stage in self.by_stage], middle) for name in names}
        total = sum(ms for ms, _, _ in spreads.values())
        return tuple(Stage(name, *spreads[name], 100 * spreads[name][0] / total, costs[name].n_bytes) for name in names)


def _middle(seconds: list[float]) -> Array:
    """Which iterations are neither among the fastest quarter nor among the slowest."""
    n_beyond = (len(seconds) + 1) // 4
    return np.argsort(seconds)[n_beyond : len(seconds) - n_beyond]


def _mean(seconds: list[float], chosen: Array) -> float:
    return float(np.mean(np.take(seconds, chosen)))


def _spread(seconds: list[float], chosen: Array) -> tuple[float, float, float]:
    """Mean over the chosen iterations, least and greatest of all, in milliseconds."""
    return 1e3 * _mean(seconds, chosen), 1e3 * min(seconds), 1e3 * max(seconds)
