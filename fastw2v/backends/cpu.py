"""The CPU backend: Hogwild threads over compiled kernels that run without the GIL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from fastw2v.backends.base import Tally, TrainingData
from fastw2v.backends.kernel_options import kernel_name, kernel_options
from fastw2v.backends.subword_groups import trains_in_groups
from fastw2v.config import TrainConfig
from fastw2v.encode import Tokens
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.worker_pool import ItemQueue, run_workers
from fastw2v.schedule import Span
from fastw2v_kernels.cbow_hs.cpu import cbow_hs_cpu
from fastw2v_kernels.cbow_ns.cpu import cbow_ns_cpu
from fastw2v_kernels.cbow_subword_hs.cpu import cbow_subword_hs_cpu
from fastw2v_kernels.cbow_subword_ns.cpu import cbow_subword_ns_cpu
from fastw2v_kernels.shared.memory import aligned
from fastw2v_kernels.shared.rng import shifted_seed
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK
from fastw2v_kernels.skipgram_hs.cpu import skipgram_hs_cpu
from fastw2v_kernels.skipgram_ns.cpu import skipgram_ns_cpu
from fastw2v_kernels.skipgram_subword_hs.cpu import skipgram_subword_hs_cpu
from fastw2v_kernels.skipgram_subword_ns.cpu import skipgram_subword_ns_cpu

# About how many multiply-adds a span takes: 30 ms of a fast core, so that Ctrl-C is obeyed at once.
_SPAN_WORK = 1 << 28
_MOST_TOKENS = 1 << 16
_MEAN_PATH = 12  # nodes, about, of a word in a text
_SMALL_TOKENS = 100_000  # about 0.1 s of one core in an epoch
NO_TOKENS = Span(0, 0, 0, 0.0, 0.0)
_SPANS_PER_WORKER = 4  # at least, so that no worker idles for long while the last spans are trained


class CpuBackend:
    """Threads that update shared weights without locks (Recht et al. 2011, "Hogwild!")."""

    name = "cpu"
    span_tokens, n_workers = _MOST_TOKENS, 1
    tally_tokens = 1 << 13

    def upload(self, config: TrainConfig, data: TrainingData) -> None:
        """Bind the kernel to its arrays; nothing is copied.

        Raises
        ------
        TypeError, ValueError
            The rates of the weights are wrong; see `Weights.checked_rates`.
        """
        arrays, n_tokens = corpus_arrays(config, data), data.tokens.n_tokens
        kernel = span_kernel(config, with_subwords=data.weights.subwords is not None)
        self._kernel = partial(kernel, **arrays, **kernel_options(config))
        self._kernel_name, self._tokens, self._seed = kernel_name(config), data.tokens, config.seed
        self.n_workers = 1 if is_small(n_tokens) else config.n_workers
        self._tallies = [aligned((3,), np.float64) for _ in range(self.n_workers)]
        tokens_for_all = -(-n_tokens // (_SPANS_PER_WORKER * self.n_workers))
        self._align = 1 if data.weights.subwords is None else TOKENS_PER_BLOCK
        self.span_tokens = -(-min(span_tokens(config), max(1, tokens_for_all)) // self._align) * self._align

    def compile(self) -> None:
        """Compile the kernel, or load it from the cache."""
        with log_compilation(self._kernel_name):
            self._train_span(NO_TOKENS, self._tallies[0])

    def train(
        self, spans: Iterable[Span], on_done: Callable[[int], None], on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Train all spans; each worker takes the next one from a queue. After Ctrl-C or an error, all workers stop."""
        lock = threading.Lock()

        def work(tally: np.ndarray, queue: ItemQueue[Span]) -> None:
            while (item := queue.next()) is not None:
                span = item[1]
                self._train_span(span, tally)
                with lock:
                    on_done(span.end - span.begin)

        run_workers([partial(work, tally) for tally in self._tallies], ItemQueue(span for span in spans), on_wait)

    def tally_each(self, spans: Iterable[Span]) -> list[Tally]:
        """Return the counts of each span, by kernels that do not write to the weights."""
        counts: dict[int, Tally] = {}

        def work(queue: ItemQueue[Span]) -> None:
            tally = aligned((3,), np.float64)
            while (item := queue.next()) is not None:
                tally[:] = 0
                self._kernel(**self._span_arguments(item[1]), tally=tally, moves_rows=False)
                counts[item[0]] = _tally_of(tally)

        with log_compilation(f"{self._kernel_name}, without training"):
            self._kernel(**self._span_arguments(NO_TOKENS), tally=self._tallies[0], moves_rows=False)
        run_workers([work] * len(self._tallies), ItemQueue(span for span in spans))
        return [counts[i] for i in sorted(counts)]

    def tally(self) -> Tally:
        """Return the sum of the workers' counts, and set them to 0."""
        total = _tally_of(np.sum(self._tallies, axis=0))
        for tally in self._tallies:
            tally[:] = 0
        return total

    def download(self) -> None:
        """Do nothing: the kernels work on the model's own arrays."""

    def close(self) -> None:
        """Do nothing: nothing was copied."""

    def _train_span(self, span: Span, tally: np.ndarray) -> None:
        self._kernel(**self._span_arguments(span), tally=tally)

    def _span_arguments(self, span: Span) -> dict[str, Any]:
        return span_arguments(self._tokens, span, self._seed, align=self._align)


def span_kernel(config: TrainConfig, *, with_subwords: bool = False) -> Callable[..., None]:
    """Return the operation that trains a span; `with_subwords`, for weights with rows of n-grams."""
    if with_subwords and config.hs:
        return skipgram_subword_hs_cpu if config.sg else cbow_subword_hs_cpu
    if with_subwords:
        return skipgram_subword_ns_cpu if config.sg else cbow_subword_ns_cpu
    if config.hs:
        return skipgram_hs_cpu if config.sg else cbow_hs_cpu
    return skipgram_ns_cpu if config.sg else cbow_ns_cpu


def _tally_of(counts: np.ndarray) -> Tally:
    loss, pairs, kept = counts
    return Tally(float(loss), int(pairs), int(kept))


def is_small(n_tokens: int) -> bool:
    """Whether a corpus is so small that one worker trains it, whatever `workers` says; so one seed gives one result."""
    return n_tokens <= _SMALL_TOKENS


def corpus_arrays(config: TrainConfig, data: TrainingData) -> dict[str, Any]:
    """Return the arguments of a kernel that follow from the corpus, the same for every span: weights, rates, tables.

    Raises
    ------
    TypeError, ValueError
        The rates of the weights are wrong; see `Weights.checked_rates`.
    """
    vocab, tokens, weights = data
    arrays: dict[str, Any] = {
        "w_in": weights.w_in,
        "keep": vocab.keep_probabilities(config.sample),
        "centre_weight": tokens.weights,
        **data.output_tables(config),
        **data.weights.outputs,
    }
    if weights.subwords is None:
        return arrays | {"rate_in": weights.checked_rates()}
    arrays |= {"row_ids": weights.subwords.row_ids, "row_starts": weights.subwords.row_starts}
    if config.hs or not config.sg:
        return arrays
    return arrays | {"in_groups": trains_in_groups(weights.subwords, vocab.counts * arrays["keep"])}


def span_arguments(tokens: Tokens, span: Span, seed: int, *, align: int = 1) -> dict[str, Any]:
    """Return the arguments of a kernel that name a span and its tokens, which may be made only now.

    The kernel gets an excerpt of the corpus, and draws what it would draw in the whole.

    Parameters
    ----------
    tokens : Tokens
    span : Span
        Of positions in the corpus.
    seed : int
        Of the training.
    align : int
        The excerpt begins at a multiple of this.
    """
    ids, starts, first = tokens.part(span.begin, span.end, align=align)
    arguments = {"ids": ids, "starts": starts, **span._asdict()}
    if first:
        arguments |= {"begin": span.begin - first, "end": span.end - first}
        arguments |= {"lr_first": span.lr_first + span.lr_step * first, "seed": shifted_seed(seed, span.epoch, first)}
    return arguments


def span_tokens(config: TrainConfig) -> int:
    """Return the most tokens in a span: 65,536, or fewer where rows are long or windows wide."""
    n_targets = 1 + config.negative + _MEAN_PATH * config.hs
    n_rows = n_targets * config.window if config.sg else n_targets + config.window
    return min(_MOST_TOKENS, max(256, _SPAN_WORK // (n_rows * config.vector_size)))
