"""Compile ahead of the first use."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np

from fastw2v._clock import announced
from fastw2v._encode_device import is_on_device
from fastw2v.corpus import Corpus, TextCorpus
from fastw2v.encode import encode_corpus

_TEXT, _LISTS = TextCorpus((b"a",)), [["a"]]


def warmup(
    *,
    sg: int | None = None,
    compute_loss: bool | None = None,
    nn: bool = False,
    **knobs: Any,  # noqa: ANN401
) -> float:
    """Compile the kernels of a training run, or load them from the cache, and return the seconds that took.

    A kernel is compiled once for each combination of what it depends on, and kept on disk. That is sg, vector_size (in
    steps of 16), negative and compute_loss; for skip-gram negative_sharing too, and of shared negatives whether window
    is above 5. A GPU has kernels of its own (give `device`), which depend on the window itself, for CBOW on cbow_mean
    and cbow_gradient too, and not on compute_loss. Other knobs make no difference.

    Parameters
    ----------
    sg : 0 or 1, optional
        One model only; default both.
    compute_loss : bool, optional
        With or without the loss only; default both.
    nn : bool
        Those of the book's layers as well; `fastw2v.nn.warmup` does so for these alone.
    **knobs
        vector_size, negative, window, ... as for `Word2Vec` later.
    """
    from fastw2v.model import Word2Vec

    begun = time.perf_counter()
    load_encoder(_TEXT)
    for model, loss in itertools.product(_both(sg), _both(compute_loss)):
        Word2Vec(_LISTS, sg=model, compute_loss=bool(loss), **(knobs | {"min_count": 1, "epochs": 1}))
    if nn:
        from fastw2v.nn import warmup as warm_layers

        warm_layers()
    return time.perf_counter() - begun


def load_encoder(corpus: Corpus) -> None:
    """Compile what reads this kind of corpus, or load it from the cache."""
    from fastw2v_kernels.encode.cpu import rehash_slots
    from fastw2v_kernels.encode.merge import find_words

    if is_on_device(corpus):
        return
    with announced("the encoder"):
        if isinstance(corpus, TextCorpus):
            slots, starts, found = np.zeros(1, np.uint64), np.zeros(1, np.int64), np.zeros(1, np.int64)
            rehash_slots(slots, np.zeros(2, np.uint64))  # what a large vocabulary needs
            find_words(slots, slots, starts, slots, slots, starts, 0, found)  # what several blocks and threads need
            encode_corpus(_TEXT, min_count=1)[1].close()
        else:
            encode_corpus(_LISTS, min_count=1)[1].close()


def _both(choice: int | None) -> tuple[int, ...]:
    return (0, 1) if choice is None else (choice,)
