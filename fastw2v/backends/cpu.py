"""The CPU: Hogwild threads over compiled kernels that run without the GIL."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from fastw2v.backends.base import Tally, Weights
from fastw2v.config import TrainConfig
from fastw2v.schedule import Span
from fastw2v_kernels._jit_cpu import n_compiled
from fastw2v_kernels.cbow_ns.cpu import cbow_ns_cpu
from fastw2v_kernels.skipgram_ns.cpu import skipgram_ns_cpu

if TYPE_CHECKING:
    from fastw2v.encode import Tokens
    from fastw2v.vocab import Vocab

logger = logging.getLogger("fastw2v")


class CpuBackend:
    """Threads that update shared weights without locks (Recht et al. 2011, "Hogwild!")."""

    name = "cpu"
    span_tokens = 1 << 16

    def upload(self, config: TrainConfig, vocab: Vocab, tokens: Tokens, weights: Weights) -> None:
        """Bind the kernel to its arrays (nothing is copied) and compile it."""
        alias_prob, alias_id = vocab.alias_table(config.ns_exponent)
        self._kernel = partial(
            skipgram_ns_cpu if config.sg else cbow_ns_cpu,
            w_in=weights.w_in,
            w_out=weights.w_out,
            ids=tokens.ids,
            starts=tokens.starts,
            keep=vocab.keep_probabilities(config.sample),
            alias_prob=alias_prob,
            alias_id=alias_id,
            seed=config.seed,
            window=config.window,
            negative=config.negative,
            shrink_windows=bool(config.shrink_windows),
            with_loss=bool(config.compute_loss),
            **_mode(config),
        )
        self._tallies = np.zeros((config.n_workers, 3))
        self._compile(config)

    def train(self, spans: Iterable[Span], on_done: Callable[[int], None]) -> None:
        """Train all spans, each thread taking the next; after Ctrl-C, or an error in one, the others stop as well."""
        crew = _Crew(self._train_span, iter(spans), on_done)
        threads = [threading.Thread(target=crew.work, args=(tally,)) for tally in self._tallies]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            crew.stop.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        if crew.error is not None:
            raise crew.error

    def tally(self) -> Tally:
        """Sum over the threads."""
        loss, pairs, kept = self._tallies.sum(axis=0)
        self._tallies[:] = 0
        return Tally(float(loss), int(pairs), int(kept))

    def download(self) -> None:
        """Nothing to do: the kernels work on the model's own arrays."""

    def _train_span(self, span: Span, tally: np.ndarray) -> None:
        epoch, begin, end, lr_first, lr_step = span
        self._kernel(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step, tally=tally)

    def _compile(self, config: TrainConfig) -> None:
        begun, n_before = time.perf_counter(), n_compiled()
        self._train_span(Span(0, 0, 0, 0.0, 0.0), self._tallies[0])
        if n_compiled() > n_before:
            logger.info(
                "compiled the %s kernel for vector_size %d, negative %d in %.1f s; it is kept for later runs",
                "skip-gram" if config.sg else "CBOW",
                config.vector_size,
                config.negative,
                time.perf_counter() - begun,
            )


class _Crew:
    """What the threads of one `train` share."""

    def __init__(
        self, train_span: Callable[[Span, np.ndarray], None], spans: Iterator[Span], on_done: Callable[[int], None]
    ) -> None:
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self._train_span = train_span
        self._spans = spans
        self._on_done = on_done
        self._lock = threading.Lock()

    def work(self, tally: np.ndarray) -> None:
        """Train one span after the other until there are none, or until told to stop."""
        try:
            while not self.stop.is_set():
                with self._lock:
                    span = next(self._spans, None)
                if span is None:
                    return
                self._train_span(span, tally)
                with self._lock:
                    self._on_done(span.end - span.begin)
        except BaseException as error:  # carried to the thread that called `train`
            self.error = error
            self.stop.set()


def _mode(config: TrainConfig) -> dict[str, Any]:
    if config.sg:
        return {"share_negatives": config.shares_negatives}
    return {"mean_context": bool(config.cbow_mean), "mean_gradient": config.divides_gradient}
