"""What a device must offer to the trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fastw2v.config import TrainConfig
from fastw2v.schedule import Span
from fastw2v.vectors.weights import Weights

if TYPE_CHECKING:
    from fastw2v.encode import Tokens
    from fastw2v.vocab import Vocab


class Tally(NamedTuple):
    """Counts of an epoch: sum of losses (0 unless asked for), pairs (CBOW: examples) and tokens kept."""

    loss: float
    pairs: int
    kept: int


class Backend(Protocol):
    """One device. A trainer uploads and compiles once, trains span after span, and downloads in the end at least."""

    name: str
    span_tokens: int

    def upload(self, config: TrainConfig, vocab: Vocab, tokens: Tokens, weights: Weights) -> None:
        """Take corpus, tables and weights to the device; `span_tokens` is then what suits them."""

    def compile(self) -> None:
        """Compile the kernels for what was uploaded, or load them from the cache."""

    def train(self, spans: Iterable[Span], on_done: Callable[[int], None]) -> None:
        """Train all spans; `on_done(n_tokens)` is called as they end. Ctrl-C ends it after the spans in flight."""

    def tally(self) -> Tally:
        """Return what has been counted since the last call, and begin anew."""

    def download(self) -> None:
        """Bring the weights as they are by now back to where they were uploaded from; training may go on."""

    def close(self) -> None:
        """Let go of what was uploaded, also where `upload` has failed; nothing is asked of it after that."""
