"""The CPU: Hogwild threads over compiled kernels that run without the GIL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fastw2v.backends.base import Tally
from fastw2v.backends.kernel_options import kernel_name, kernel_options
from fastw2v.config import TrainConfig
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.worker_pool import ItemQueue, run_workers
from fastw2v.schedule import Span
from fastw2v.vectors.weights import Weights
from fastw2v_kernels.cbow_ns.cpu import cbow_ns_cpu
from fastw2v_kernels.shared.memory import aligned
from fastw2v_kernels.skipgram_ns.cpu import skipgram_ns_cpu

if TYPE_CHECKING:
    from fastw2v.encode import Tokens
    from fastw2v.vocab import Vocab

# Multiplications and additions in a span, about: some 30 ms of a fast core, so that Ctrl-C is heard at once.
_SPAN_WORK = 1 << 28
_MOST_TOKENS = 1 << 16


class CpuBackend:
    """Threads that update shared weights without locks (Recht et al. 2011, "Hogwild!")."""

    name = "cpu"
    span_tokens = _MOST_TOKENS

    def upload(self, config: TrainConfig, vocab: Vocab, tokens: Tokens, weights: Weights) -> None:
        """Bind the kernel to its arrays; nothing is copied."""
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
            **kernel_options(config),
        )
        self._kernel_name = kernel_name(config)
        self._tallies = [aligned((3,), np.float64) for _ in range(config.n_workers)]
        self.span_tokens = min(span_tokens(config), max(1, -(-tokens.n_tokens // (4 * config.n_workers))))

    def compile(self) -> None:
        """Compile the kernel, or load it from the cache."""
        with log_compilation(self._kernel_name):
            self._train_span(Span(0, 0, 0, 0.0, 0.0), self._tallies[0])

    def train(self, spans: Iterable[Span], on_done: Callable[[int], None]) -> None:
        """Train all spans, each thread taking the next; after Ctrl-C, or an error in one, the others stop as well."""
        lock = threading.Lock()

        def work(tally: np.ndarray, source: ItemQueue[Span]) -> None:
            while (numbered := source.next()) is not None:
                span = numbered[1]
                self._train_span(span, tally)
                with lock:
                    on_done(span.end - span.begin)

        run_workers([partial(work, tally) for tally in self._tallies], ItemQueue(span for span in spans))

    def tally(self) -> Tally:
        """Sum over the threads."""
        loss, pairs, kept = np.sum(self._tallies, axis=0)
        for tally in self._tallies:
            tally[:] = 0
        return Tally(float(loss), int(pairs), int(kept))

    def download(self) -> None:
        """Nothing to do: the kernels work on the model's own arrays."""

    def close(self) -> None:
        """Nothing to do: nothing was copied."""

    def _train_span(self, span: Span, tally: np.ndarray) -> None:
        epoch, begin, end, lr_first, lr_step = span
        self._kernel(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step, tally=tally)


def span_tokens(config: TrainConfig) -> int:
    """Most tokens in a span: 65,536, or fewer where rows are long and windows wide."""
    n_targets = 1 + config.negative
    n_rows = n_targets * config.window if config.sg else n_targets + config.window
    return min(_MOST_TOKENS, max(256, _SPAN_WORK // (n_rows * config.vector_size)))
