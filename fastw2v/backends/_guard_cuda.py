"""How many warps may train at a time, and how fast the rows move that many of them hold: what keeps quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastw2v._noise import noise_weights
from fastw2v.config import TrainConfig
from fastw2v_kernels._types import Float32
from fastw2v_kernels.shared.plan_cuda import CHUNK_TOKENS as CHUNK_TOKENS  # the trainer launches with it, too
from fastw2v_kernels.shared.plan_cuda import MAX_WARPS

if TYPE_CHECKING:
    from fastw2v.vocab import Vocab

_TOKENS_A_WARP = 4096  # a small corpus gets fewer warps: each trains on what others have learnt, not side by side
COPIES = 16  # of a row that may be moved at a time at full rate


def max_warps(n_tokens: int) -> int:
    """Return how many warps may train a corpus at a time."""
    return max(1, min(MAX_WARPS, n_tokens // _TOKENS_A_WARP))


def rates(
    config: TrainConfig, vocab: Vocab, keep: Float32, n_warps: int, most_copies: float = COPIES
) -> tuple[Float32, Float32]:
    """Return the factors of the moves of the most frequent words' input and output rows.

    n copies of a row, each moved without sight of the others, move it n times as far as one: beyond a certain n it
    oscillates and grows without bound. Few words have so many, those that occur in nearly every window; of their
    updates there are more than enough. So the sum of their moves is held to that of `most_copies`, and every other
    row moves as on the CPU. `benchmarks/stale.py` measures what comes of it, README has the table: "What
    keeps quality on a GPU".

    Parameters
    ----------
    config, vocab
        What is trained.
    keep : float32[n_vocab]
        Probability that a token survives subsampling.
    n_warps : int
        Warps that train at a time.
    most_copies : float
        Copies of a row that may be moved at a time at full rate.

    Returns
    -------
    rate_in, rate_out : float32[n], float32[m]
        Of the first n and m rows; all later ones move at full rate.
    """
    kept = vocab.counts * keep.astype(np.float64)
    share = np.minimum(kept / max(kept.sum(), 1), 0.999)
    noise = noise_weights(vocab.counts, config.ns_exponent)
    n_slots = 2 * config.window + 1
    # A row is on chip for as long as its word comes again within a window: n_slots centres, or more where it is hot.
    absent = np.maximum((1 - share) ** n_slots, 1 / CHUNK_TOKENS)
    residence = np.where(share > 0, (1 - absent) / (np.maximum(share, 1e-12) * absent), n_slots)
    copies_in = n_warps * (1 - absent) * np.minimum(residence, CHUNK_TOKENS) / n_slots
    copies_out = n_warps * (share + config.negative * noise / noise.sum())
    return _rates(copies_in, most_copies), _rates(copies_out, most_copies)


def _rates(copies: np.ndarray, most_copies: float) -> Float32:
    factors = np.minimum(1, most_copies / np.maximum(copies, 1e-9))
    n_slow = np.flatnonzero(factors < 1).max(initial=0) + 1
    slowed: Float32 = factors[:n_slow].astype(np.float32)
    return slowed
