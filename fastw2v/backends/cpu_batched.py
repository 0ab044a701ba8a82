"""The CPU backend whose results do not depend on the number of threads: all train the same small batches together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from fastw2v.backends.base import Tally, TrainingData
from fastw2v.backends.cpu import span_tokens
from fastw2v.backends.kernel_options import kernel_name, kernel_options
from fastw2v.config import TrainConfig
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.meeting import Meeting
from fastw2v.runtime.worker_pool import ItemQueue, run_workers
from fastw2v.schedule import Span
from fastw2v_kernels.cbow_ns_batched.cpu import cbow_batch, cbow_ns_batched_cpu
from fastw2v_kernels.shared.memory import aligned
from fastw2v_kernels.shared.threads import available_cores
from fastw2v_kernels.skipgram_ns_batched.cpu import skipgram_batch, skipgram_ns_batched_cpu

_MOST_BATCH_TOKENS = int(os.environ.get("DET_M", 512))


class BatchedCpuBackend:
    """Threads that divide each batch of tokens among them, and wait for each other twice in it."""

    name = "cpu"
    span_tokens = 1 << 16

    def upload(self, config: TrainConfig, data: TrainingData) -> None:
        vocab, tokens, weights = data
        alias_prob, alias_id = vocab.alias_table(config.ns_exponent)
        options, keep = kernel_options(config), vocab.keep_probabilities(config.sample)
        batch_tokens = _MOST_BATCH_TOKENS
        self._tally = aligned((3,), np.float64)
        self._kernel = partial(
            skipgram_ns_batched_cpu if config.sg else cbow_ns_batched_cpu,
            w_in=weights.w_in,
            w_out=weights.w_out,
            ids=tokens.ids,
            starts=tokens.starts,
            keep=keep,
            alias_prob=alias_prob,
            alias_id=alias_id,
            rate_in=weights.checked_rates(),
            tally=self._tally,
            batch_tokens=batch_tokens,
            **options,
        )
        self._kernel_name = kernel_name(config)
        self._n_threads = min(config.n_workers, available_cores())
        sizes = {"window": config.window, "negative": config.negative, "batch_tokens": batch_tokens}
        stride = weights.w_in.shape[1]
        self._new_batch = partial(cbow_batch, stride, **sizes)
        if config.sg:
            self._new_batch = partial(skipgram_batch, stride, share_negatives=config.shares_negatives, **sizes)
        self.span_tokens = max(1, span_tokens(config) // batch_tokens) * batch_tokens

    def compile(self) -> None:
        with log_compilation(self._kernel_name):
            self._kernel(**Span(0, 0, 0, 0.0, 0.0)._asdict())

    def train(self, spans: Iterable[Span], on_done: Callable[[int], None]) -> None:
        n = self._n_threads
        batch = self._new_batch(n_threads=n)
        queue = ItemQueue(span for span in spans)
        meeting = Meeting(queue, n)

        def work(thread: int, _queue: ItemQueue[Span]) -> None:
            own = batch._replace(thread=thread)
            while (span := meeting.next()) is not None:
                self._kernel(**span._asdict(), batch=own)
                if thread == 0:
                    on_done(span.end - span.begin)

        run_workers([partial(work, thread) for thread in range(n)], queue)

    def tally(self) -> Tally:
        loss, pairs, kept = self._tally
        self._tally[:] = 0
        return Tally(float(loss), int(pairs), int(kept))

    def download(self) -> None:
        """Do nothing: the kernels work on the model's own arrays."""

    def close(self) -> None:
        """Do nothing: nothing was copied."""
