"""warmup: compile kernels before their first use."""

from __future__ import annotations

import itertools
from typing import Any, Unpack

import numpy as np

from fastw2v.corpus import TextCorpus
from fastw2v.encode import load_encoder
from fastw2v.model import Word2Vec
from fastw2v.options import TrainOptions, spell_out_options
from fastw2v.runtime.stopwatch import stopwatch

_TINY = [["a", "b"]]
_MORE_THAN_SMALL = 100_001, 500  # tokens and words; deterministic=True has its own kernels only for more than 100,000


@spell_out_options
def warmup(*, nn: bool = False, **options: Unpack[TrainOptions]) -> float:
    """Compile the kernels of a training, or load them from the cache.

    Each combination of the options that a kernel depends on is compiled once, and stored on disk. On the CPU these are
    sg, hs, vector_size (in steps of 16), negative, compute_loss and deterministic; for skip-gram also negative_sharing
    and, if that is "window", whether window is above 5. A GPU (give `device`) has other kernels: they depend on the
    window itself, for CBOW also on cbow_mean and cbow_gradient, and not on compute_loss. Other options do not matter.

    Parameters
    ----------
    nn : bool
        Compile the kernels of the book's layers too; `fastw2v.nn.warmup` compiles those alone.
    **options
        The options that `Word2Vec` will have. Without `sg`, the kernels of both models are compiled; without
        `compute_loss`, those with and without the loss.

    Returns
    -------
    float
        Seconds that this took.

    Examples
    --------
    >>> seconds = warmup(sg=1, vector_size=100, compute_loss=False)
    """
    seconds: dict[str, float] = {}
    with stopwatch(seconds, "warmup"):
        load_encoder(TextCorpus((b"a",)))
        corpus = _large() if options.get("deterministic") else _TINY
        for sg, compute_loss in itertools.product(_both(options.get("sg")), _both(options.get("compute_loss"))):
            chosen: dict[str, Any] = {**options, "min_count": 1, "sample": 0, "epochs": 1, "sg": sg}
            Word2Vec(corpus, progress=False, **{**chosen, "compute_loss": bool(compute_loss)})
        if nn:
            from fastw2v.nn import warmup as warm_layers

            warm_layers()
    return seconds["warmup"]


def _large() -> np.ndarray:
    """Return a corpus of one sentence that is not small."""
    n_tokens, n_words = _MORE_THAN_SMALL
    return np.resize(np.arange(n_words), (1, n_tokens))


def _both(choice: int | None) -> tuple[int, ...]:
    return (0, 1) if choice is None else (choice,)
