"""The CUDA backend: one launch trains a whole span; launches are queued so that the GPU never waits for the host."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from fastw2v.backends import cuda_plan
from fastw2v.backends.base import Tally, TrainingData
from fastw2v.backends.cuda_corpus import CorpusOnDevice, ResidentCorpus, StreamedCorpus
from fastw2v.backends.cuda_kernels import span_kernel
from fastw2v.backends.cuda_streams import free_pools, new_stream, recorded, to_device, wait_for_caller
from fastw2v.backends.cuda_subwords import group_option, subword_rates
from fastw2v.backends.kernel_options import kernel_name, kernel_options
from fastw2v.config import TrainConfig
from fastw2v.runtime import bars
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.devices import current_device, on_device
from fastw2v.runtime.worker_pool import run_threads
from fastw2v.schedule import Span
from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels.shared.span.plan_cuda import CHUNK_TOKENS
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK

logger = logging.getLogger("fastw2v")
# One launch runs, one is ready, and the host prepares a third in the meantime. Ctrl-C waits for these.
_QUEUED = 3


class CudaBackend:
    """One GPU: warps that update shared weights by atomic additions, each in a chunk of the corpus.

    Parameters
    ----------
    index : int, optional
        Number of the GPU; default: the one that CuPy uses.
    """

    name, n_workers = "cuda", 1
    span_tokens = tally_tokens = cuda_plan.MOST_SPAN_TOKENS

    def __init__(self, index: int | None = None) -> None:
        self._index = current_device() if index is None else index
        with on_device(self._index):
            self._stream = new_stream()

    def upload(self, config: TrainConfig, data: TrainingData) -> None:
        """Copy weights and tables, and the corpus if it fits.

        Raises
        ------
        TypeError, ValueError
            The window is too large for this GPU, or the rates of the weights are wrong (see `Weights.checked_rates`);
            nothing has been allocated.
        MemoryError
            The GPU has too little memory left; nothing has been allocated.
        """
        self._weights = data.weights
        with on_device(self._index):
            wait_for_caller(self._stream)  # the caller's stream may still be writing the corpus
        with self._on_stream():
            cuda_plan.check_window(config)
            plan = cuda_plan.plan(config, data, gpu.free_memory())
            tables = _tables(config, data, plan.max_warps)
            self._rate_names = [name for name in tables if name in ("rate_out", "rate_node")]
            self._has_subwords = data.weights.subwords is not None
            self._w_in = to_device(data.weights.w_in)
            self._outputs = {name: to_device(matrix) for name, matrix in data.weights.outputs.items()}
            self._tally, self._is_weighted = to_device(np.zeros(3)), data.tokens.weights is not None
            self._corpus = _corpus_on_device(config, data, is_resident=plan.is_resident)
            self._kernel = partial(
                span_kernel(config, with_subwords=self._has_subwords),
                **{name: to_device(table) for name, table in tables.items()},
                **kernel_options(config),
                **group_option(config, data, tables["keep"]),
                chunk_tokens=TOKENS_PER_BLOCK if self._has_subwords else CHUNK_TOKENS,
                max_warps=plan.max_warps,
            )
            self._stream.synchronize()
        self.span_tokens = self.tally_tokens = plan.span_tokens
        self._kernel_name = kernel_name(config)
        where = "on the GPU" if plan.is_resident else "streamed to the GPU"
        logger.info("the corpus is %s; at most %d warps train at a time", where, plan.max_warps)

    def compile(self) -> None:
        """Compile the kernel by training two tokens with weights of one word."""
        bars.note(f"compiling {self._kernel_name} for the GPU, which takes a few seconds")
        xp, begun = gpu.array_module(), time.perf_counter()
        with self._on_stream():
            row = partial(xp.zeros, (1, self._w_in.shape[1]), np.float32)
            tables = {name: xp.ones(1, np.float32) for name in ("keep", "rate_in", *self._rate_names)}
            if "w_out" in self._outputs:
                tables |= {"alias_prob": xp.ones(1, np.float32), "alias_id": xp.zeros(1, np.int32)}
            if "w_node" in self._outputs:
                tables |= {"path_starts": xp.zeros(2, np.int64), "path_steps": xp.zeros(0, np.int32)}
            if self._has_subwords:
                tables |= {"row_ids": xp.zeros(1, np.int32), "row_starts": xp.asarray(np.array([0, 1]))}
            self._kernel(
                **{name: row() for name in ("w_in", *self._outputs)},
                ids=xp.zeros(2, np.int32),
                starts=xp.asarray(np.array([0, 2])),
                **tables,
                **Span(epoch=0, begin=0, end=2, lr_first=0.0, lr_step=0.0)._asdict(),
                tally=xp.zeros(3),
                centre_weight=xp.ones(2, np.float32) if self._is_weighted else None,
            )
            self._stream.synchronize()
        bars.note("")
        logger.info("compiled %s for the GPU in %.1f s", self._kernel_name, time.perf_counter() - begun)

    def train(
        self, spans: Iterable[Span], on_done: Callable[[int], None], on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Train all spans in order; after Ctrl-C, training ends with the launches that are queued."""
        stop = threading.Event()
        run_threads([partial(self._train_spans, spans, on_done, stop)], stop, on_wait)

    def tally_each(self, spans: Iterable[Span]) -> list[Tally]:
        """Return the counts of each span, by training the device's copy of the weights at a rate of 0."""
        return [self._tally_of(span) for span in spans]

    def _tally_of(self, span: Span) -> Tally:
        self.train([span], lambda n_tokens: None)
        return self.tally()

    def tally(self) -> Tally:
        """Return the device's counts, and set them to 0."""
        with self._on_stream():
            loss, pairs, kept = _copy_to(np.empty(3), self._tally)
            self._tally[:] = 0
        return Tally(float(loss), int(pairs), int(kept))

    def download(self) -> None:
        """Copy the weights into the model's own arrays; the input rows on the GPU become `weights.on_device`."""
        with self._on_stream():
            _copy_to(self._weights.w_in, self._w_in)
            for name, matrix in self._outputs.items():
                _copy_to(self._weights.outputs[name], matrix)
        if not self._has_subwords:  # whose vectors are means of rows, which are made on the host
            self._weights.on_device = self._w_in

    def close(self) -> None:
        """Free the memory of this stream, except for the input rows if the model holds them."""
        with self._on_stream():
            for name in ("_outputs", "_tally", "_kernel", *(["_w_in"] if self._weights.on_device is None else [])):
                self.__dict__.pop(name, None)  # missing after an upload that failed
            if "_corpus" in self.__dict__:
                self._corpus.close()
            free_pools(self._stream)

    @contextmanager
    def _on_stream(self) -> Iterator[None]:
        """Use this GPU and this stream within the block, whatever the caller uses."""
        with on_device(self._index), self._stream:
            yield

    def _train_spans(self, spans: Iterable[Span], on_done: Callable[[int], None], stop: threading.Event) -> None:
        queue: deque[tuple[Any, int]] = deque()

        def wait_for_oldest() -> None:
            event, n_tokens = queue.popleft()
            event.synchronize()
            on_done(n_tokens)

        with self._on_stream(), cleanup(self._wait):
            for span in spans:
                if stop.is_set():
                    break
                queue.append((self._launch(span), span.end - span.begin))
                if len(queue) == _QUEUED:
                    wait_for_oldest()
            while queue:
                wait_for_oldest()

    def _wait(self) -> None:
        """Wait until the GPU neither trains nor copies; only then may the arrays be freed."""
        with cleanup(self._corpus.wait):
            self._stream.synchronize()

    def _launch(self, span: Span) -> Any:  # noqa: ANN401
        """Queue the training of a span; return the event of its end."""
        loaded = self._corpus.load(span, self._stream)
        self._kernel(
            w_in=self._w_in,
            **self._outputs,
            epoch=span.epoch,
            lr_step=span.lr_step,
            tally=self._tally,
            **loaded._asdict(),
        )
        done = recorded(self._stream)
        self._corpus.release_after(done)
        return done


def _corpus_on_device(config: TrainConfig, data: TrainingData, *, is_resident: bool) -> CorpusOnDevice:
    if is_resident:
        return ResidentCorpus(data.tokens, config.seed)
    keep = data.vocab.keep_probabilities(config.sample)
    align = 1 if data.weights.subwords is None else TOKENS_PER_BLOCK
    return StreamedCorpus(data.tokens, keep, config.seed, window=config.window, align=align)


def _tables(config: TrainConfig, data: TrainingData, max_warps: int) -> dict[str, Array]:
    """Return the kernel's tables of the vocabulary, on the host."""
    keep = data.vocab.keep_probabilities(config.sample)
    subwords, tables = data.weights.subwords, {"keep": keep}
    if subwords is None:
        noise_counts = data.noise_counts()
        slowed_in, rate_out = cuda_plan.rates(config, data.vocab, keep, n_warps=max_warps, noise_counts=noise_counts)
    else:
        slowed_in, rate_out = subword_rates(config, data, keep, subwords=subwords, n_warps=max_warps)
        tables |= {"row_ids": subwords.row_ids, "row_starts": subwords.row_starts}
    tables["rate_in"] = cuda_plan.times(slowed_in, data.weights.checked_rates())
    tables |= data.output_tables(config)
    if "alias_prob" in tables:
        tables["rate_out"] = rate_out
    if "path_steps" in tables:
        tables["rate_node"] = cuda_plan.node_rates(
            data.vocab,
            keep,
            path_starts=tables["path_starts"],
            path_steps=tables["path_steps"],
            n_warps=max_warps,
        )
    return tables


def _copy_to(host: Array, array: Any) -> Array:  # noqa: ANN401
    """Copy a device array into a host array, and return the host array."""
    if isinstance(array, np.ndarray):
        host[...] = array
    else:
        array.get(out=host)
    return host
