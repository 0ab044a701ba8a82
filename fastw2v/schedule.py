"""Which tokens to train when, and at what learning rate: a pure function of (config, n_tokens)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fastw2v.config import TrainConfig


class Span(NamedTuple):
    """Tokens begin to end. `epoch` picks the random numbers; at position p the rate is lr_first + lr_step * p."""

    epoch: int
    begin: int
    end: int
    lr_first: float
    lr_step: float


def spans(config: TrainConfig, n_tokens: int, epoch: int, span_tokens: int, first_epoch: int = 0) -> Iterator[Span]:
    """Cut an epoch into spans of at most `span_tokens`, fewer where that gives every worker several.

    The learning rate falls linearly from alpha to min_alpha over epochs x tokens. It goes by the position, so it
    depends neither on how the corpus is cut nor on which thread comes first.

    Parameters
    ----------
    config : TrainConfig
        alpha, min_alpha, epochs and workers count.
    n_tokens : int
        Tokens in an epoch.
    epoch : int
        Which of config.epochs, from 0.
    span_tokens : int
        Most tokens in a span.
    first_epoch : int
        Epochs that the model was trained for before this training: their random numbers are not used again.
    """
    fall = (config.alpha - config.min_alpha) / config.epochs
    lr_first, lr_step = config.alpha - fall * epoch, -fall / max(n_tokens, 1)
    size = max(1, min(span_tokens, -(-n_tokens // (4 * config.n_workers))))
    for begin in range(0, n_tokens, size):
        yield Span(first_epoch + epoch, begin, min(begin + size, n_tokens), lr_first, lr_step)
