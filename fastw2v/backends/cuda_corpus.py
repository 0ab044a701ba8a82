"""The corpus as the GPU reads it: there as a whole, or span by span through two buffers while training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from fastw2v.backends.cuda_streams import Staging, new_stream, recorded, to_device
from fastw2v.runtime.devices import is_on_gpu
from fastw2v.schedule import Span
from fastw2v_kernels.shared.rng import KEEP_DRAW, epoch_key, shifted_seed
from fastw2v_kernels.shared.span.reference import draw

if TYPE_CHECKING:
    from fastw2v.encode import Tokens

Array = npt.NDArray[Any]


class Placed(NamedTuple):
    """A span's part of the corpus, and the span's other arguments as they are for it: all on the device."""

    ids: Array
    starts: Array
    begin: int
    end: int
    lr_first: float
    seed: int


class CorpusOnDevice(Protocol):
    """Gives each span its tokens."""

    def place(self, span: Span, stream: Any) -> Placed:  # noqa: ANN401
        """Return the span's tokens, which what is queued on `stream` from now on may read."""

    def used(self, done: Any) -> None:  # noqa: ANN401
        """Note the event after which the tokens placed last are not read any more."""

    def wait(self) -> None:
        """Wait until the host's memory is not read any more."""

    def close(self) -> None:
        """Let go of the arrays."""


class ResidentCorpus:
    """All of it lies on the device."""

    def __init__(self, tokens: Tokens, seed: int) -> None:
        is_there = is_on_gpu(tokens.ids)
        self._ids, self._starts = (a if is_there else to_device(a) for a in (tokens.ids, tokens.starts))
        self._seed = seed

    def place(self, span: Span, stream: Any) -> Placed:  # noqa: ANN401
        """Return the whole."""
        return Placed(self._ids, self._starts, span.begin, span.end, span.lr_first, self._seed)

    def used(self, done: Any) -> None:  # noqa: ANN401
        """Nothing to do: the corpus stays."""

    def wait(self) -> None:
        """Nothing to do: it was copied before training began."""

    def close(self) -> None:
        """Let go of the arrays."""
        del self._ids, self._starts


class StreamedCorpus:
    """Two spans of it lie on the device: one is trained while the other is copied.

    Parameters
    ----------
    tokens : Tokens
        The corpus in the host's memory, or mapped from disk.
    keep : float32[n_vocab]
        Probability that a token survives subsampling, in the host's memory.
    seed, window : int
        As in the configuration.
    """

    def __init__(self, tokens: Tokens, keep: Array, seed: int, window: int) -> None:
        self._tokens, self._keep, self._seed, self._window = tokens, keep, seed, window
        self._copies = new_stream()
        self._slots = [_Slot(), _Slot()]
        self._n_placed = 0

    def place(self, span: Span, stream: Any) -> Placed:  # noqa: ANN401
        """Copy a span and what of its sentences its windows may reach; the copy does not wait for the last span."""
        low, high, starts = part(self._tokens, self._keep, self._seed, self._window, span)
        slot = self._slots[self._n_placed % 2]
        self._n_placed += 1
        slot.free.synchronize()
        ids_there, starts_there = slot.send(self._tokens.ids[low:high], starts, self._copies)
        stream.wait_event(recorded(self._copies))
        seed = shifted_seed(self._seed, span.epoch, low)
        return Placed(
            ids_there, starts_there, span.begin - low, span.end - low, span.lr_first + span.lr_step * low, seed
        )

    def used(self, done: Any) -> None:  # noqa: ANN401
        """Let the buffers be written again after that event."""
        self._slots[(self._n_placed - 1) % 2].free = done

    def wait(self) -> None:
        """Wait for the copies: pinned memory goes back to CuPy's pool with the buffers."""
        self._copies.synchronize()

    def close(self) -> None:
        """Let go of the buffers."""
        self._slots.clear()


class _Slot:
    """Buffers of one span; `free` is the event after which they may be written."""

    def __init__(self) -> None:
        self._ids, self._starts = Staging(np.int32), Staging(np.int64)
        self.free = recorded(new_stream())

    def send(self, ids: Array, starts: Array, stream: Any) -> tuple[Array, Array]:  # noqa: ANN401
        """Copy both to the device."""
        self._ids.reserve(len(ids))
        self._starts.reserve(len(starts))
        return self._ids.send(ids, stream), self._starts.send(starts, stream)


def part(tokens: Tokens, keep: Array, seed: int, window: int, span: Span) -> tuple[int, int, Array]:
    """Return where the part of the corpus that a span needs begins and ends, and its sentences' starts within it.

    The part holds, within their sentences, `window` tokens that survive subsampling before the span and as many after
    it: what the kernel looks back and ahead for.
    """
    starts, key = tokens.starts, epoch_key(seed, span.epoch)
    first, last = np.searchsorted(starts, [span.begin, span.end - 1], side="right") - 1

    def reached(lowest: int, highest: int, step: int) -> int:
        """Bound of the part of lowest..highest with `window` survivors, the least at its end (step -1) or begin (1)."""
        n = 4 * window
        while True:
            n = min(n, highest - lowest)
            begin = highest - n if step < 0 else lowest
            positions = np.arange(begin, begin + n)
            kept = positions[draw(key, positions, KEEP_DRAW) < keep[tokens.ids[begin : begin + n]]]
            if len(kept) >= window:
                return int(kept[-window] if step < 0 else kept[window - 1] + 1)
            if n == highest - lowest:
                return lowest if step < 0 else highest
            n *= 4

    low = reached(int(starts[first]), span.begin, -1)
    high = reached(span.end, int(starts[last + 1]), 1)
    return low, high, np.clip(starts[first : last + 2], low, high) - low
