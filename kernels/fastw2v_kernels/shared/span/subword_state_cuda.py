"""Named tuples of the subword kernels on the GPU: the memory of a warp, and the tokens that it trains next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64, UInt32


class RecentTokens(NamedTuple):
    """The kept tokens around the centres. The i-th of a chunk is in slot i modulo the length of the arrays.

    id : int32[n_tokens], vocabulary rows
    pos, sentence : int64[n_tokens], positions in the corpus, and the numbers of their sentences
    first_row, n_rows : int64[n_tokens], int32[n_tokens], where the list of a word's rows begins, and their number
    """

    id: Int32
    pos: Int64
    sentence: Int64
    first_row: Int64
    n_rows: Int32


class Vectors(NamedTuple):
    """Vectors on chip: hidden vectors, or the sums of tokens' rows, and the moves of each; each lane has its columns.

    value, move : float32[n_vectors * n_row]
    """

    value: Float32
    move: Float32


class SubwordBuffers(NamedTuple):
    """Buffers for a gradient step of a warp, in shared memory.

    slot : uint32[n_group], the vectors that are hidden vectors
    bounds : int32[n_group, 3], the positives of each centre: tokens low to high except one, whose number is the third
    rates : float32[n_group, 2], learning rate and weight of each centre
    drawn : uint32[n_drawn], rows of tokens and negatives, which may repeat
    target : uint32[n_targets], different rows, and any row in the places behind them
    positive : float32[n_nodes], on how many paths a node is where its decision is 1; of nodes alone
    negative : float32[n_targets], on how many paths it is where its decision is 0; of a word, how often it was drawn
    error_coef : float32[n_group, DOTS], scores of a tile, then error coefficients, by centre and target
    """

    slot: UInt32
    bounds: Int32
    rates: Float32
    drawn: UInt32
    target: UInt32
    positive: Float32
    negative: Float32
    error_coef: Float32


class WarpMemory(NamedTuple):
    """All memory of a warp."""

    recent: RecentTokens
    vectors: Vectors
    step: SubwordBuffers


class TokenGroup(NamedTuple):
    """Tokens begin to end of a chunk, which are trained next; `n_read` tokens are in memory.

    first : int, the number of the first centre of the chunk
    """

    begin: int
    end: int
    n_read: int
    first: int


@inline_cuda
def set_positives(step: SubwordBuffers, c: int, low: int, high: int, skipped: int) -> None:
    """Set the positives of a centre, which all lanes have read; they see it behind the next `syncwarp`."""
    cuda.syncwarp()
    if np.uint32(cuda.laneid) == 0:
        step.bounds[c, 0] = low
        step.bounds[c, 1] = high
        step.bounds[c, 2] = skipped
