"""The corpus as the GPU reads it: resident as a whole, or streamed span by span through two buffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from fastw2v.backends.cuda_streams import StagingBuffer, new_stream, recorded, to_device
from fastw2v.encode import Tokens
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.devices import is_on_gpu
from fastw2v.schedule import Span
from fastw2v_kernels.shared.rng import KEEP_DRAW, epoch_key, shifted_seed
from fastw2v_kernels.shared.span.reference import draw

Survivors = Callable[[int, int], Array]


class SpanOnDevice(NamedTuple):
    """Arguments of a kernel for one span: tokens on the device, and positions relative to them."""

    ids: Array
    starts: Array
    begin: int
    end: int
    lr_first: float
    seed: int
    centre_weight: Array | None


class CorpusOnDevice(Protocol):
    """Brings the tokens of each span to the device.

    For each span, in order: `load`, then the launch, then `release_after` with the event after the launch.
    """

    def load(self, span: Span, stream: Any) -> SpanOnDevice:  # noqa: ANN401
        """Return the span's arguments; work given to `stream` from now on finds its tokens on the device."""

    def release_after(self, done: Any) -> None:  # noqa: ANN401
        """Let the tokens loaded last be overwritten after this event."""

    def wait(self) -> None:
        """Wait on the host until no copy reads its memory."""

    def close(self) -> None:
        """Free the arrays."""


class ResidentCorpus:
    """The whole corpus on the device."""

    def __init__(self, tokens: Tokens, seed: int) -> None:
        is_there = is_on_gpu(tokens.ids)
        self._ids, self._starts = (a if is_there else to_device(a) for a in (tokens.ids, tokens.starts))
        self._weights = None if tokens.weights is None else to_device(tokens.weights)
        self._seed = seed

    def load(self, span: Span, stream: Any) -> SpanOnDevice:  # noqa: ANN401
        """Return the whole corpus."""
        arrays = self._ids, self._starts
        return SpanOnDevice(*arrays, span.begin, span.end, span.lr_first, self._seed, self._weights)

    def release_after(self, done: Any) -> None:  # noqa: ANN401
        """Do nothing: the corpus stays."""

    def wait(self) -> None:
        """Do nothing: the corpus was copied before training began."""

    def close(self) -> None:
        """Free the arrays."""
        del self._ids, self._starts, self._weights


class StreamedCorpus:
    """Two buffers on the device: one span is trained while the next is copied.

    Parameters
    ----------
    tokens : Tokens
        The corpus in host memory, or mapped from disk.
    keep : float32[n_vocab]
        Probability that a token survives subsampling, in host memory.
    seed, window : int
        As in the configuration.
    align : int
        What is sent begins at a multiple of this.
    """

    def __init__(self, tokens: Tokens, keep: Array, seed: int, *, window: int, align: int = 1) -> None:
        self._tokens, self._keep, self._seed, self._window, self._align = tokens, keep, seed, window, align
        self._copies = new_stream()
        self._buffers = [_SpanBuffer(), _SpanBuffer()]
        self._n_loaded = 0

    def load(self, span: Span, stream: Any) -> SpanOnDevice:  # noqa: ANN401
        """Copy the span and the context of its windows; the span before may still be training."""
        options = {"seed": self._seed, "window": self._window, "align": self._align}
        low, high, starts = with_context(span, self._tokens, self._keep, **options)
        buffer = self._buffers[self._n_loaded % 2]
        self._n_loaded += 1
        buffer.is_free.synchronize()
        weights = None if self._tokens.weights is None else self._tokens.weights[low:high]
        part = Tokens(self._tokens.ids[low:high], starts, weights=weights)
        ids_there, starts_there, weights_there = buffer.send(part, self._copies)
        stream.wait_event(recorded(self._copies))
        seed = shifted_seed(self._seed, span.epoch, low)
        lr_first = span.lr_first + span.lr_step * low
        arrays = ids_there, starts_there
        return SpanOnDevice(*arrays, span.begin - low, span.end - low, lr_first, seed, weights_there)

    def release_after(self, done: Any) -> None:  # noqa: ANN401
        """Let the buffer filled last be overwritten after this event."""
        self._buffers[(self._n_loaded - 1) % 2].is_free = done

    def wait(self) -> None:
        """Wait for the copies: the pinned memory that they read is freed with the buffers."""
        self._copies.synchronize()

    def close(self) -> None:
        """Free the buffers."""
        self._buffers.clear()


class _SpanBuffer:
    """Room for tokens, sentence starts and weights of a span; they may be overwritten after the event `is_free`."""

    def __init__(self) -> None:
        self._ids, self._starts = StagingBuffer(np.int32), StagingBuffer(np.int64)
        self._weights = StagingBuffer(np.float32)
        self.is_free = recorded(new_stream())

    def send(self, tokens: Tokens, stream: Any) -> tuple[Array, Array, Array | None]:  # noqa: ANN401
        """Copy ids, starts and weights to the device, and return the arrays there."""
        self._ids.reserve(len(tokens.ids))
        self._starts.reserve(len(tokens.starts))
        there = self._ids.send(tokens.ids, stream), self._starts.send(tokens.starts, stream)
        if tokens.weights is None:
            return *there, None
        self._weights.reserve(len(tokens.weights))
        return *there, self._weights.send(tokens.weights, stream)


def with_context(
    span: Span, tokens: Tokens, keep: Array, *, seed: int, window: int, align: int = 1
) -> tuple[int, int, Array]:
    """Find the tokens that a kernel reads to train a span: the span, and the context of its first and last words.

    The context ends with the sentence, or after `window` words that survive subsampling. More is read before it, from
    the multiple of `align` on.

    Returns
    -------
    low, high : int
        The tokens are ``tokens.ids[low:high]``.
    starts : int64[n]
        Where the sentences start in ``tokens.ids[low:high]``, and the end of the last.
    """
    starts, key = tokens.starts, epoch_key(seed, span.epoch)
    first, last = np.searchsorted(starts, [span.begin, span.end - 1], side="right") - 1

    def survivors(begin: int, end: int) -> Array:
        """Positions in begin..end of the words that survive subsampling."""
        positions = np.arange(begin, end)
        return np.asarray(positions[draw(key, positions, KEEP_DRAW) < keep[tokens.ids[begin:end]]])

    low = _context_begin(survivors, window, sentence_begin=int(starts[first]), span_begin=span.begin)
    high = _context_end(survivors, window, span_end=span.end, sentence_end=int(starts[last + 1]))
    if low % align:
        low -= low % align
        first = np.searchsorted(starts, low, side="right") - 1
    return low, high, np.clip(starts[first : last + 2], low, high) - low


def _context_begin(survivors: Survivors, window: int, *, sentence_begin: int, span_begin: int) -> int:
    """Return the position of the `window`-th survivor before a span, or where its sentence begins."""
    n = 4 * window
    while True:
        begin = max(sentence_begin, span_begin - n)
        found = survivors(begin, span_begin)
        if len(found) >= window:
            return int(found[-window])
        if begin == sentence_begin:
            return begin
        n *= 4


def _context_end(survivors: Survivors, window: int, *, span_end: int, sentence_end: int) -> int:
    """Return the position after the `window`-th survivor behind a span, or where its sentence ends."""
    n = 4 * window
    while True:
        end = min(sentence_end, span_end + n)
        found = survivors(span_end, end)
        if len(found) >= window:
            return int(found[window - 1]) + 1
        if end == sentence_end:
            return end
        n *= 4
