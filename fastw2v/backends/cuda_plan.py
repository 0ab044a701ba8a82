"""The plan of a training on the GPU: a resident or streamed corpus, launches, warps, rates of frequent words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v.backends.base import TrainingData
from fastw2v.config import FastTextConfig, TrainConfig
from fastw2v.runtime.devices import TO_HOST, is_on_gpu
from fastw2v.vocab import Vocab, noise_weights
from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.span.plan_cuda import CHUNK_TOKENS, MAX_WARPS
from fastw2v_kernels.shared.span.shape_cuda import cbow_shape, skipgram_shape
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape, cbow_subword_shape, skipgram_subword_shape
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK

# Tokens in a launch: 0.17 s at 100 million words per second. Ctrl-C waits for three launches at most.
MOST_SPAN_TOKENS = 1 << 24
_LEAST_STREAMED_TOKENS = 1 << 16
_ID_BYTES, _START_BYTES, _TABLE_BYTES = 4, 8, 4
_RESERVE_BYTES = 1 << 28  # for code, the stacks of threads and the driver
_TOKENS_PER_WARP = 4096  # at least: in a small corpus, fewer warps see more of each other's updates
_NUMBERS = {2: "two", 3: "three"}
COPIES = 16  # copies of a row that warps may update at the same time at the full learning rate


class Plan(NamedTuple):
    """The plan of a training.

    Attributes
    ----------
    is_resident : bool
        Whether the whole corpus lies on the device; otherwise it is streamed.
    span_tokens : int
        Tokens in a launch, at most.
    max_warps : int
        Warps that train at the same time, at most.
    """

    is_resident: bool
    span_tokens: int
    max_warps: int


def check_window(config: TrainConfig) -> None:
    """Raise ValueError if the window is too large for the current GPU."""
    # Padding does not matter here: a lane holds every 32nd column, and rows are padded to multiples of 16.
    if isinstance(config, FastTextConfig):
        subword_shape(config, in_groups=True)
        subword_shape(config, in_groups=False)
    elif config.sg:
        is_shared = config.shares_negatives
        skipgram_shape(config.vector_size, config.negative, config.window, share_negatives=is_shared, hs=config.hs)
    else:
        cbow_shape(config.vector_size, config.negative, config.window, hs=config.hs)


def subword_shape(config: TrainConfig, *, in_groups: bool) -> SubwordShape:
    """Return the shape of the kernel of a FastText model; ValueError if the window is too large for the GPU."""
    sizes = config.vector_size, config.negative, config.window
    if not config.sg:
        return cbow_subword_shape(*sizes, hs=config.hs)
    is_shared = config.shares_negatives
    return skipgram_subword_shape(*sizes, share_negatives=is_shared, in_groups=in_groups, hs=config.hs)


def plan(config: TrainConfig, data: TrainingData, free_bytes: int) -> Plan:
    """Plan a training.

    Parameters
    ----------
    config : TrainConfig
        `window` matters.
    data : TrainingData
        The sizes of its arrays matter, and whether the corpus lies on the GPU.
    free_bytes : int
        Memory of the device that can be allocated.

    Raises
    ------
    MemoryError
        The device has too little memory for the model and two buffers of a streamed corpus, or for the model and a
        corpus that is already on the GPU.
    """
    tokens = data.tokens
    n_warps = max_warps(tokens.n_tokens)
    model_bytes = _model_bytes(config, data, n_warps)
    token_bytes = _ID_BYTES + (0 if tokens.weights is None else tokens.weights.itemsize)
    corpus_bytes = token_bytes * tokens.n_tokens + _START_BYTES * len(tokens.starts)
    matrices = (data.weights.w_in, *data.weights.outputs.values())
    sizes = dict.fromkeys(f"{len(matrix):,} x {matrix.shape[1]:,}" for matrix in matrices)
    model = f"a model of {_NUMBERS[len(matrices)]} float32 matrices {' and '.join(sizes)}"
    if is_on_gpu(tokens.ids):
        cure = f"take a smaller corpus, or {TO_HOST}, from which it is streamed"
        what = f"{model}, with the corpus of {tokens.n_tokens:,} tokens ({corpus_bytes / 1e9:.2f} GB) on the GPU,"
        gpu.require_memory(model_bytes, what, cure)
        is_resident = True
    else:
        is_resident = model_bytes + corpus_bytes <= free_bytes
    span_tokens, chunk_tokens = MOST_SPAN_TOKENS, CHUNK_TOKENS
    if data.weights.subwords is not None:
        chunk_tokens = TOKENS_PER_BLOCK
    if not is_resident:
        bytes_per_token = 2 * (token_bytes + _START_BYTES) * 5 // 4  # two buffers, sentences of one token, some slack
        least_bytes = model_bytes + bytes_per_token * _LEAST_STREAMED_TOKENS
        gpu.require_memory(least_bytes, f"{model}, with buffers for a streamed corpus,")
        span_tokens = min(span_tokens, (free_bytes - model_bytes) // bytes_per_token)
        if data.weights.subwords is not None:  # a span ends where a block does
            span_tokens = max(span_tokens // TOKENS_PER_BLOCK, 1) * TOKENS_PER_BLOCK
    n_chunks = -(-span_tokens // chunk_tokens)
    return Plan(is_resident, span_tokens, min(n_warps, n_chunks))


def _model_bytes(config: TrainConfig, data: TrainingData, n_warps: int) -> int:
    """Return the device memory for everything but the corpus."""
    n_vocab, stride = data.weights.w_in.shape
    n_tables = 3 + (data.weights.rate_in is not None)
    matrices = (data.weights.w_in, *data.weights.outputs.values())
    weights_bytes = sum(matrix.nbytes for matrix in matrices) + n_tables * _TABLE_BYTES * n_vocab
    if data.weights.tree is not None:
        path_starts = data.weights.tree.path_starts
        weights_bytes += path_starts.nbytes + _TABLE_BYTES * (n_vocab + int(path_starts[-1]))
    if data.weights.subwords is not None:
        weights_bytes += data.weights.subwords.row_ids.nbytes + data.weights.subwords.row_starts.nbytes
    window_bytes = n_warps * 8 * (2 * config.window + 3) * stride  # rows of a window that do not fit on chip, twice
    return int(weights_bytes + window_bytes + _RESERVE_BYTES)


def max_warps(n_tokens: int) -> int:
    """Return how many warps may train a corpus at the same time."""
    return max(1, min(MAX_WARPS, n_tokens // _TOKENS_PER_WARP))


def rates(
    config: TrainConfig,
    vocab: Vocab,
    keep: Float32,
    *,
    n_warps: int,
    noise_counts: np.ndarray | None = None,
    most_copies: float = COPIES,
) -> tuple[Float32, Float32]:
    """Return factors that lower the learning rate of the most frequent words.

    Warps update copies of a row without seeing each other's updates. With n copies the row moves n times as far as with
    one; beyond some n it oscillates and grows without bound. Only words that occur in nearly every window have so many
    copies. Their factor makes the sum of the updates equal to that of `most_copies`; all other rows are trained as on
    the CPU. `benchmarks/studies/stale.py` measures the effect on quality.

    Parameters
    ----------
    config : TrainConfig
        `window`, `negative` and `ns_exponent` matter.
    vocab : Vocab
    keep : float32[n_vocab]
        Probability that a token survives subsampling.
    n_warps : int
        Warps that train at the same time.
    noise_counts : int64[n_vocab], optional
        As in `TrainingData`. Default: the counts of the words.
    most_copies : float
        Copies of a row that may be updated at the full learning rate.

    Returns
    -------
    rate_in, rate_out : float32[n], float32[m]
        Factors of the first n input rows and m output rows; the factor of all later rows is 1.
    """
    kept = vocab.counts * keep.astype(np.float64)
    share = np.minimum(kept / max(float(kept.sum()), 1.0), 0.999)
    noise = noise_weights(vocab.counts if noise_counts is None else noise_counts, config.ns_exponent)
    n_slots = 2 * config.window + 1
    # A row stays on chip while its word occurs again within a window: for n_slots centres, or longer if it is frequent.
    absent = np.maximum((1 - share) ** n_slots, 1 / CHUNK_TOKENS)
    residence = np.where(share > 0, (1 - absent) / (np.maximum(share, 1e-12) * absent), n_slots)
    copies_in = n_warps * (1 - absent) * np.minimum(residence, CHUNK_TOKENS) / n_slots
    copies_out = n_warps * (share + config.negative * noise / noise.sum())
    return factors(copies_in, most_copies), factors(copies_out, most_copies)


def node_rates(
    vocab: Vocab,
    keep: Float32,
    *,
    path_starts: Int64,
    path_steps: Int32,
    n_warps: int,
    most_copies: float = COPIES,
) -> Float32:
    """Return factors that lower the learning rate of the upper nodes of a tree, float32[n_vocab]; see `rates`.

    Each centre moves all nodes of its path, and so every warp at every time the root.
    """
    kept = vocab.counts * np.minimum(keep, 1.0).astype(np.float64)
    below = np.bincount(path_steps >> 1, np.repeat(kept, np.diff(path_starts)), minlength=len(vocab))
    copies = n_warps * below / max(float(kept.sum()), 1.0)
    return np.minimum(1, most_copies / np.maximum(copies, 1e-9)).astype(np.float32)


def times(slowed: Float32, rates: Float32 | None) -> Float32:
    """Return the product of the factors of the first rows and of the rates of all rows, if there are any."""
    if rates is None:
        return slowed
    product = rates.copy()
    product[: len(slowed)] *= slowed
    return product


def factors(copies: np.ndarray, most_copies: float = COPIES) -> Float32:
    """Return factors of the first rows, up to the last that has more than `most_copies` copies."""
    factors = np.minimum(1, most_copies / np.maximum(copies, 1e-9))
    n_lowered = np.flatnonzero(factors < 1).max(initial=0) + 1
    lowered: Float32 = factors[:n_lowered].astype(np.float32)
    return lowered
