"""Skip-gram with negative sampling in mini-batches: the same bits for any number of threads."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels import skipgram_ns
from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return the case of `skipgram_ns`, and a batch of 16 tokens."""
    return skipgram_ns.make_case(rng, size) | {"batch_tokens": 16}


OP = Op("skipgram_ns_batched", make_case, updates=("w_in", "w_out", "tally"))
