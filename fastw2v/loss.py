"""The losses of a text under given weights, without training."""

from __future__ import annotations

import math
from itertools import pairwise

from fastw2v.backends import LossBackend, Tally, TrainingData
from fastw2v.backends.windows import with_fitting_window
from fastw2v.config import TrainConfig
from fastw2v.runtime.cleanup import cleanup
from fastw2v.schedule import Span

# Selects random numbers that training does not use, since it counts epochs from 0.
_EPOCH = 1 << 62


def mean_loss(backend: LossBackend, config: TrainConfig, data: TrainingData) -> float:
    """Return the mean loss of the pairs of ``data.tokens``.

    The number depends neither on `workers` nor on `epochs`. On a GPU, threads add up in any order, so its last digits
    may differ from one call to the next.

    Parameters
    ----------
    backend : LossBackend
        Closed at the end.
    config : TrainConfig
        With `compute_loss`.
    data : TrainingData
        Its weights stay as they are, to the byte.

    Raises
    ------
    ValueError
        There is no pair.
    """
    data.weights.check_outputs(hs=config.hs, negative=config.negative)
    with cleanup(backend.close):
        backend.upload(with_fitting_window(config, data.tokens), data)
        n_tokens, size = data.tokens.n_tokens, backend.tally_tokens
        spans = (Span(_EPOCH, begin, min(begin + size, n_tokens), 0.0, 0.0) for begin in range(0, n_tokens, size))
        tallies = backend.tally_each(spans) if n_tokens else []
    n_pairs = sum(tally.pairs for tally in tallies)
    if n_pairs == 0:
        kept = f"{n_tokens} in the vocabulary, {sum(tally.kept for tally in tallies)} kept by sample={config.sample:g}"
        cure = "pass sentences in which known words are neighbours, or lower what sample drops: model.sample = 0"
        raise ValueError(f"the text has no pair of words: {data.tokens.n_raw} words, {kept}; {cure}")
    return math.fsum(tally.loss for tally in tallies) / (n_pairs * data.tokens.mean_weight)


def sentence_losses(backend: LossBackend, config: TrainConfig, data: TrainingData) -> list[Tally]:
    """Return the counts of each sentence of ``data.tokens``; arguments as in `mean_loss`."""
    starts = data.tokens.starts
    with cleanup(backend.close):
        backend.upload(config, data)
        spans = (Span(_EPOCH, int(begin), int(end), 0.0, 0.0) for begin, end in pairwise(starts))
        return backend.tally_each(spans)
