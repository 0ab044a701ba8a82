"""How a training is laid out on the GPU: what lies there, how long a launch and a warp's chunk of it are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.runtime.devices import TO_HOST, is_on_gpu
from fastw2v.vectors.weights import Weights
from fastw2v.vocab import noise_weights
from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.span.plan_cuda import CHUNK_TOKENS, MAX_WARPS
from fastw2v_kernels.shared.span.shape_cuda import cbow_shape, skipgram_shape

if TYPE_CHECKING:
    from fastw2v.encode import Tokens
    from fastw2v.vocab import Vocab

MOST_SPAN_TOKENS = 1 << 24  # a sixth of a second at 100 million words a second: so long Ctrl-C may wait, three times
_LEAST_STREAMED_TOKENS = 1 << 16
_ID_BYTES, _START_BYTES, _TABLE_BYTES = 4, 8, 4
_RESERVE_BYTES = 1 << 28  # code, stacks of threads, what the driver keeps
_TOKENS_A_WARP = 4096  # a small corpus gets fewer warps: each trains on what others have learnt, not side by side
COPIES = 16  # of a row that may be moved at a time at full rate


class Plan(NamedTuple):
    """Whether the corpus lies on the device as a whole; tokens of a launch; warps that train it at a time, at most."""

    is_resident: bool
    span_tokens: int
    max_warps: int


def check_window(config: TrainConfig) -> None:
    """Raise ValueError if the window is too large for the current GPU."""
    # The padding of rows does not count: lanes have every 32nd column, and rows are padded to 16.
    if config.sg:
        skipgram_shape(config.vector_size, config.negative, config.window, config.shares_negatives)
    else:
        cbow_shape(config.vector_size, config.negative, config.window)


def plan(config: TrainConfig, tokens: Tokens, weights: Weights, free_bytes: int) -> Plan:
    """Lay out a training.

    Parameters
    ----------
    config, tokens, weights
        What to train on; the window and the sizes of the arrays count.
    free_bytes : int
        Memory of the device that can be allocated.

    Raises
    ------
    MemoryError
        It does not hold the weights, the tables and two buffers for a part of the corpus; or those beside a corpus that
        lies there, which is not streamed.
    """
    n_vocab, stride = weights.w_in.shape
    span_tokens = MOST_SPAN_TOKENS
    n_warps = max_warps(tokens.n_tokens)
    window_bytes = n_warps * 8 * (2 * config.window + 3) * stride  # rows for which there is no room on chip, twice
    weights_bytes = weights.w_in.nbytes + weights.w_out.nbytes + 3 * _TABLE_BYTES * n_vocab
    model_bytes = weights_bytes + window_bytes + _RESERVE_BYTES
    corpus_bytes = _ID_BYTES * tokens.n_tokens + _START_BYTES * len(tokens.starts)
    model, is_there = f"a model of two float32 matrices {n_vocab:,} x {stride:,}", is_on_gpu(tokens.ids)
    if is_there:
        cure = f"take a smaller corpus, or {TO_HOST}, from which it is streamed"
        what = f"{model}, beside the {tokens.n_tokens:,} tokens ({corpus_bytes / 1e9:.2f} GB) that lie there,"
        gpu.require_memory(model_bytes, what, cure)
    is_resident = is_there or model_bytes + corpus_bytes <= free_bytes
    if not is_resident:
        bytes_a_token = 2 * (_ID_BYTES + _START_BYTES) * 5 // 4  # two buffers, sentences of one token, some slack
        least_bytes = model_bytes + bytes_a_token * _LEAST_STREAMED_TOKENS
        gpu.require_memory(least_bytes, f"{model}, with buffers for a part of the corpus,")
        span_tokens = min(span_tokens, (free_bytes - model_bytes) // bytes_a_token)
    return Plan(is_resident, span_tokens, min(n_warps, -(-span_tokens // CHUNK_TOKENS)))  # a warp for each chunk


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
    share = np.minimum(kept / max(float(kept.sum()), 1.0), 0.999)
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
