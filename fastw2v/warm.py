"""Compile ahead of the first use."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np


def warmup(*, sg: int | None = None, compute_loss: bool | None = None, **knobs: Any) -> float:  # noqa: ANN401
    """Compile the kernels of a training run, or load them from the cache, and return the seconds that took.

    Kernels are compiled once for each combination of model, vector_size (in steps of 16), negative and compute_loss,
    and kept on disk. Other knobs make no difference.

    Parameters
    ----------
    sg : 0 or 1, optional
        One model only; default both.
    compute_loss : bool, optional
        With or without the loss only; default both.
    **knobs
        vector_size, negative, ... as for `Word2Vec`.
    """
    from fastw2v.encode import encode_corpus
    from fastw2v.model import Word2Vec

    encode_corpus([["a", "b"]], min_count=1)
    walk = np.zeros((1, 8), np.int64)
    seconds = 0.0
    for model, loss in itertools.product(_both(sg), _both(compute_loss)):
        trained = Word2Vec(walk, sg=model, compute_loss=bool(loss), **(knobs | {"min_count": 1, "epochs": 1}))
        seconds += trained.seconds["compile"]
    return seconds


def _both(choice: int | None) -> tuple[int, ...]:
    return (0, 1) if choice is None else (choice,)
