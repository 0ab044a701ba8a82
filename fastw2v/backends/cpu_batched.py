"""The CPU backend whose results do not depend on the number of threads: all train the same mini-batches together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from fastw2v.backends.base import Tally, TrainingData
from fastw2v.backends.cpu import NO_TOKENS, corpus_arrays, span_arguments, span_tokens
from fastw2v.backends.kernel_options import kernel_name, kernel_options
from fastw2v.config import TrainConfig
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.meeting import Meeting
from fastw2v.runtime.worker_pool import ItemQueue, run_workers
from fastw2v.schedule import Span
from fastw2v.vocab import Vocab, noise_weights
from fastw2v_kernels.cbow_ns_batched.cpu import cbow_batch, cbow_ns_batched_cpu
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.memory import aligned
from fastw2v_kernels.shared.span.batch_cpu import Batch
from fastw2v_kernels.shared.span.checks import MOST_BATCH_TOKENS
from fastw2v_kernels.shared.threads import available_cores
from fastw2v_kernels.skipgram_ns_batched.cpu import skipgram_batch, skipgram_ns_batched_cpu

# Uses of a row in a batch, at the default learning rate; see `batch_tokens`.
_MOST_USES = {"skip-gram": 6, "CBOW": 4}
_ALPHA = 0.025


class BatchedCpuBackend:
    """Threads that divide each mini-batch of tokens among them, and wait for each other twice in it.

    The kernels (`skipgram_ns_batched`, `cbow_ns_batched`) give the same bits for any number of threads. A span ends
    where a batch ends, so the results do not depend on where spans are cut either.
    """

    name = "cpu"
    span_tokens, n_workers = MOST_BATCH_TOKENS, 1

    def upload(self, config: TrainConfig, data: TrainingData) -> None:
        """Bind the kernel to its arrays; nothing is copied.

        Raises
        ------
        TypeError, ValueError
            The rates of the weights are wrong; see `Weights.checked_rates`.
        """
        arrays = corpus_arrays(config, data)
        n_tokens = batch_tokens(config, data.vocab, arrays["keep"])
        self._tally = aligned((3,), np.float64)
        self._kernel = partial(
            skipgram_ns_batched_cpu if config.sg else cbow_ns_batched_cpu,
            **arrays,
            **kernel_options(config),
            tally=self._tally,
            batch_tokens=n_tokens,
        )
        self._kernel_name = kernel_name(config)
        self._arguments = partial(span_arguments, data.tokens, seed=config.seed, align=n_tokens)
        # A thread without a core of its own would only make the others wait.
        self.n_workers = min(config.n_workers, available_cores())
        self._batch = _new_batch(config, data.weights.w_in.shape[1], n_tokens, n_threads=self.n_workers)
        self.span_tokens = max(span_tokens(config) // n_tokens, 1) * n_tokens

    def compile(self) -> None:
        """Compile the kernel, or load it from the cache."""
        with log_compilation(self._kernel_name):
            self._kernel(**self._arguments(NO_TOKENS))

    def train(
        self, spans: Iterable[Span], on_done: Callable[[int], None], on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Train all spans, each by all threads together. After Ctrl-C or an error, they stop at the end of a span."""
        queue = ItemQueue(self._arguments(span) for span in spans)
        meeting = Meeting(queue, self._batch.n_threads)

        def work(thread: int, _queue: ItemQueue[dict[str, Any]]) -> None:
            batch = self._batch._replace(thread=thread)
            while (span := meeting.next()) is not None:
                self._kernel(**span, batch=batch)
                if thread == 0:
                    on_done(span["end"] - span["begin"])

        run_workers([partial(work, thread) for thread in range(self._batch.n_threads)], queue, on_wait)

    def tally(self) -> Tally:
        """Return the counts, and set them to 0."""
        loss, pairs, kept = self._tally
        self._tally[:] = 0
        return Tally(float(loss), int(pairs), int(kept))

    def download(self) -> None:
        """Do nothing: the kernels work on the model's own arrays."""

    def close(self) -> None:
        """Do nothing: nothing was copied."""


def _new_batch(config: TrainConfig, stride: int, n_tokens: int, *, n_threads: int) -> Batch:
    """Return the memory that the threads share."""
    window, negative = config.window, config.negative
    if not config.sg:
        return cbow_batch(stride, window=window, negative=negative, batch_tokens=n_tokens, n_threads=n_threads)
    return skipgram_batch(
        stride,
        window=window,
        negative=negative,
        share_negatives=config.shares_negatives,
        batch_tokens=n_tokens,
        n_threads=n_threads,
    )


def batch_tokens(config: TrainConfig, vocab: Vocab, keep: Float32) -> int:
    """Return how many tokens a mini-batch may have.

    The steps of a batch do not see each other's moves when they are scored. Where most of them move the same few rows,
    their sum goes too far, and training diverges. What matters is how often the row of an average use is used in the
    batch. Six uses at alpha=0.025 are a third of what makes skip-gram diverge, on corpora of 10 to 100 words as on film
    reviews; with CBOW it learns more slowly from as many.

    Parameters
    ----------
    config : TrainConfig
        `alpha`, `window`, `negative`, `ns_exponent`, `sg` and `shrink_windows` matter.
    vocab : Vocab
    keep : float32[n_vocab]
        Probability that a token survives subsampling.
    """
    kept = vocab.counts * np.minimum(keep, 1.0).astype(np.float64)
    share = kept / max(float(vocab.counts.sum()), 1.0)  # of all tokens
    noise = noise_weights(vocab.counts, config.ns_exponent)
    n_contexts = config.window + 1 if config.shrink_windows else 2 * config.window
    uses_in = n_contexts * share
    uses_out = share + config.negative * share.sum() * noise / noise.sum()
    per_token = max(float((uses**2).sum() / max(uses.sum(), 1e-12)) for uses in (uses_in, uses_out))
    most = _MOST_USES["skip-gram" if config.sg else "CBOW"] * _ALPHA / config.alpha
    return int(min(max(most / max(per_token, 1e-12), 1), MOST_BATCH_TOKENS))
