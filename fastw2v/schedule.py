"""The schedule: which tokens a call trains, and at what learning rate. It depends on the options and n_tokens alone."""

from __future__ import annotations

from collections.abc import Iterator

from fastw2v.config import TrainConfig
from fastw2v_kernels.shared.span.inputs import Span

__all__ = ["Span", "spans"]


def spans(
    config: TrainConfig, n_tokens: int, epoch: int, *, span_tokens: int, first_epoch: int = 0, begin: int = 0
) -> Iterator[Span]:
    """Cut an epoch into spans of `span_tokens`.

    The learning rate falls linearly from alpha to min_alpha over epochs x tokens. It is a function of the position, so
    it depends neither on `span_tokens` nor on which thread trains first.

    Parameters
    ----------
    config : TrainConfig
        `alpha`, `min_alpha` and `epochs` matter.
    n_tokens : int
        Tokens in an epoch.
    epoch : int
        Epoch of this training, from 0 to ``config.epochs - 1``.
    span_tokens : int
        Tokens in a span; the last may have fewer.
    first_epoch : int
        Epochs that the model was trained for before this training; their random numbers are not used again.
    begin : int
        Tokens of the epoch that have been trained.

    Examples
    --------
    >>> [(span.begin, span.end) for span in spans(TrainConfig(), 10, 0, span_tokens=4)]
    [(0, 4), (4, 8), (8, 10)]
    """
    fall = (config.alpha - config.min_alpha) / config.epochs
    lr_first, lr_step = config.alpha - fall * epoch, -fall / max(n_tokens, 1)
    for first in range(begin, n_tokens, span_tokens):
        yield Span(first_epoch + epoch, first, min(first + span_tokens, n_tokens), lr_first, lr_step)
