"""How a training is laid out on the GPU: what lies there, how long a launch and a warp's chunk of it are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastw2v._device import TO_HOST, is_on_gpu
from fastw2v.backends._guard_cuda import CHUNK_TOKENS, max_warps
from fastw2v.backends.base import Weights
from fastw2v.config import TrainConfig
from fastw2v_kernels import _jit_cuda
from fastw2v_kernels.shared.span_shape import cbow_shape, skipgram_shape

if TYPE_CHECKING:
    from fastw2v.encode import Tokens

MOST_SPAN_TOKENS = 1 << 24  # a sixth of a second at 100 million words a second: so long Ctrl-C may wait, three times
_LEAST_STREAMED_TOKENS = 1 << 16
_ID_BYTES, _START_BYTES, _TABLE_BYTES = 4, 8, 4
_RESERVE_BYTES = 1 << 28  # code, stacks of threads, what the driver keeps


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
        _jit_cuda.require_memory(model_bytes, what, cure)
    is_resident = is_there or model_bytes + corpus_bytes <= free_bytes
    if not is_resident:
        bytes_a_token = 2 * (_ID_BYTES + _START_BYTES) * 5 // 4  # two buffers, sentences of one token, some slack
        least_bytes = model_bytes + bytes_a_token * _LEAST_STREAMED_TOKENS
        _jit_cuda.require_memory(least_bytes, f"{model}, with buffers for a part of the corpus,")
        span_tokens = min(span_tokens, (free_bytes - model_bytes) // bytes_a_token)
    return Plan(is_resident, span_tokens, min(n_warps, -(-span_tokens // CHUNK_TOKENS)))  # a warp for each chunk
