"""The GPU: whole spans of the corpus by one launch each, queued so that it never waits for the host."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastw2v.backends import cuda_plan
from fastw2v.backends.base import Tally
from fastw2v.backends.cuda_corpus import CorpusOnDevice, ResidentCorpus, StreamedCorpus
from fastw2v.backends.cuda_streams import give_back, new_stream, recorded, to_device, wait_for_caller
from fastw2v.backends.kernel_options import kernel_name, kernel_options
from fastw2v.config import TrainConfig
from fastw2v.runtime.cleanup import cleanup
from fastw2v.runtime.devices import current_device, on_device
from fastw2v.runtime.worker_pool import run_threads
from fastw2v.schedule import Span
from fastw2v.vectors.weights import Weights
from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels.shared.span.plan_cuda import CHUNK_TOKENS

if TYPE_CHECKING:
    from fastw2v.encode import Tokens
    from fastw2v.vocab import Vocab

Array = npt.NDArray[Any]
logger = logging.getLogger("fastw2v")
# Launches that are queued: one runs, one is ready, and the host has the time of a third to come back. Ctrl-C ends
# after those.
_QUEUED = 3


class CudaBackend:
    """One GPU: warps that update shared weights by atomic additions, each in a chunk of the corpus.

    Parameters
    ----------
    index : int, optional
        Number of the GPU; default: the one that CuPy uses.
    """

    name = "cuda"
    span_tokens = cuda_plan.MOST_SPAN_TOKENS

    def __init__(self, index: int | None = None) -> None:
        self._index = current_device() if index is None else index
        with on_device(self._index):
            self._stream = new_stream()

    def upload(self, config: TrainConfig, vocab: Vocab, tokens: Tokens, weights: Weights) -> None:
        """Copy weights and tables, and the corpus if it fits.

        Raises
        ------
        ValueError
            The window is too large for a warp of this GPU.
        MemoryError
            The GPU has too little memory left. Nothing has been allocated in either case.
        """
        self._weights = weights
        keep, alias = vocab.keep_probabilities(config.sample), vocab.alias_table(config.ns_exponent)
        with on_device(self._index):
            wait_for_caller(self._stream)  # the corpus may be its work, and not there yet
        with self._here():
            cuda_plan.check_window(config)
            plan = cuda_plan.plan(config, tokens, weights, gpu.free_memory())
            self._w_in, self._w_out = to_device(weights.w_in), to_device(weights.w_out)
            self._tally = to_device(np.zeros(3))
            self._corpus: CorpusOnDevice = (
                ResidentCorpus(tokens, config.seed)
                if plan.is_resident
                else StreamedCorpus(tokens, keep, config.seed, config.window)
            )
            tables = {"keep": keep, "alias_prob": alias[0], "alias_id": alias[1]}
            tables["rate_in"], tables["rate_out"] = cuda_plan.rates(config, vocab, keep, plan.max_warps)
            self._kernel = partial(
                _span_kernel(config),
                **{name: to_device(table) for name, table in tables.items()},
                **kernel_options(config),
                chunk_tokens=CHUNK_TOKENS,
                max_warps=plan.max_warps,
            )
            self._stream.synchronize()
        self.span_tokens = plan.span_tokens
        self._kernel_name = kernel_name(config)
        where = "on the GPU" if plan.is_resident else "streamed to the GPU"
        logger.info("the corpus is %s; at most %d warps train at a time", where, plan.max_warps)

    def compile(self) -> None:
        """Compile the kernel, by a span of two tokens on weights of one word."""
        xp, begun = gpu.array_module(), time.perf_counter()
        with self._here():
            row = partial(xp.zeros, (1, self._w_in.shape[1]), np.float32)
            tables = {name: xp.ones(1, np.float32) for name in ("keep", "alias_prob", "rate_in", "rate_out")}
            self._kernel(
                w_in=row(),
                w_out=row(),
                ids=xp.zeros(2, np.int32),
                starts=xp.asarray(np.array([0, 2])),
                **tables,
                alias_id=xp.zeros(1, np.int32),
                epoch=0,
                begin=0,
                end=2,
                lr_first=0.0,
                lr_step=0.0,
                tally=xp.zeros(3),
            )
            self._stream.synchronize()
        logger.info("compiled %s for the GPU in %.1f s", self._kernel_name, time.perf_counter() - begun)

    def train(self, spans: Iterable[Span], on_done: Callable[[int], None]) -> None:
        """Train all spans one after the other, in the order of the queue; Ctrl-C ends it after those in the queue."""
        stop = threading.Event()
        run_threads([partial(self._work, spans, on_done, stop)], stop)

    def tally(self) -> Tally:
        """Read the device's sums."""
        with self._here():
            loss, pairs, kept = _copy_to(np.empty(3), self._tally)
            self._tally[:] = 0
        return Tally(float(loss), int(pairs), int(kept))

    def download(self) -> None:
        """Copy the weights into the model's own arrays; it keeps the input rows on the GPU as well."""
        with self._here():
            _copy_to(self._weights.w_in, self._w_in)
            _copy_to(self._weights.w_out, self._w_out)
        self._weights.on_device = self._w_in

    def close(self) -> None:
        """Let go of all but input rows that the model keeps, and let CuPy's pool not keep it for a queue that ends."""
        with self._here():
            for name in ("_w_out", "_tally", "_kernel", *(["_w_in"] if self._weights.on_device is None else [])):
                self.__dict__.pop(name, None)  # the upload may have failed
            if "_corpus" in self.__dict__:
                self._corpus.close()
            give_back(self._stream)

    @contextmanager
    def _here(self) -> Iterator[None]:
        """Work on this GPU and in this queue, whatever the caller's are."""
        with on_device(self._index), self._stream:
            yield

    def _work(self, spans: Iterable[Span], on_done: Callable[[int], None], stop: threading.Event) -> None:
        queue: deque[tuple[Any, int]] = deque()

        def wait_for_oldest() -> None:
            event, n_tokens = queue.popleft()
            event.synchronize()
            on_done(n_tokens)

        with self._here(), cleanup(self._drain):
            for span in spans:
                if stop.is_set():
                    break
                queue.append((self._launch(span), span.end - span.begin))
                if len(queue) == _QUEUED:
                    wait_for_oldest()
            while queue:
                wait_for_oldest()

    def _drain(self) -> None:
        """Wait until the GPU neither trains nor copies: what it works on may be freed then."""
        with cleanup(self._corpus.wait):
            self._stream.synchronize()

    def _launch(self, span: Span) -> Any:  # noqa: ANN401
        """Queue a span; return the event of its end."""
        placed = self._corpus.place(span, self._stream)
        self._kernel(
            w_in=self._w_in,
            w_out=self._w_out,
            epoch=span.epoch,
            lr_step=span.lr_step,
            tally=self._tally,
            **placed._asdict(),
        )
        done = recorded(self._stream)
        self._corpus.used(done)
        return done


def _span_kernel(config: TrainConfig) -> Callable[..., None]:
    """Return the operation that trains a span, imported when it is needed: it brings CUDA's packages."""
    if config.sg:
        from fastw2v_kernels.skipgram_ns.cuda import skipgram_ns_cuda

        return skipgram_ns_cuda
    from fastw2v_kernels.cbow_ns.cuda import cbow_ns_cuda

    return cbow_ns_cuda


def _copy_to(host: Array, array: Any) -> Array:  # noqa: ANN401
    """Copy an array of the device into one of the host's, and return that."""
    if isinstance(array, np.ndarray):
        host[...] = array
    else:
        array.get(out=host)
    return host
