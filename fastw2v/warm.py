"""Compile ahead of the first use."""

from __future__ import annotations

import itertools
import time
from typing import Any, Unpack

from fastw2v.config import TrainOptions, spell_out_options
from fastw2v.corpus import TextCorpus
from fastw2v.encode import load_encoder
from fastw2v.model import Word2Vec

_TINY = [["a"]]


@spell_out_options
def warmup(*, nn: bool = False, **options: Unpack[TrainOptions]) -> float:
    """Compile the kernels of a training run, or load them from the cache, and return the seconds that took.

    A kernel is compiled once for each combination of the options it depends on, and kept on disk. On the CPU these are
    sg, vector_size (in steps of 16), negative and compute_loss; for skip-gram also negative_sharing and, with shared
    negatives, whether window is above 5. A GPU has its own kernels (give `device`): they depend on the window itself,
    for CBOW also on cbow_mean and cbow_gradient, and not on compute_loss. Other options make no difference.

    Parameters
    ----------
    nn : bool
        Those of the book's layers as well; `fastw2v.nn.warmup` does so for these alone.
    **options
        As for `Word2Vec` later. Without `sg`, both models are compiled; without `compute_loss`, both with the loss and
        without it.
    """
    begun = time.perf_counter()
    load_encoder(TextCorpus((b"a",)))
    for sg, compute_loss in itertools.product(_both(options.get("sg")), _both(options.get("compute_loss"))):
        chosen: dict[str, Any] = {**options, "min_count": 1, "epochs": 1, "sg": sg, "compute_loss": bool(compute_loss)}
        Word2Vec(_TINY, **chosen)
    if nn:
        from fastw2v.nn import warmup as warm_layers

        warm_layers()
    return time.perf_counter() - begun


def _both(choice: int | None) -> tuple[int, ...]:
    return (0, 1) if choice is None else (choice,)
