"""Named tuples that kernels take on either device: the matrices, the corpus as vocabulary rows, the span to train."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Int32, Int64

NO_WEIGHTS = np.ones(1, np.float32)


class Matrices(NamedTuple):
    """The two matrices that training changes in place, float32[n_vocab, stride] each."""

    w_in: Float32
    w_out: Float32


class RatedMatrices(NamedTuple):
    """Like `Matrices`, where each input row has a factor for its moves; kernels with and without are compiled apart.

    rate_in : float32[n_vocab], factor of the moves of each row of w_in
    """

    w_in: Float32
    w_out: Float32
    rate_in: Float32


class TokenSource(NamedTuple):
    """Tokens and sentences of a corpus, and how tokens and windows are drawn; arrays as in `skipgram_ns_reference`.

    key : uint64, the epoch's random stream
    weight : float32[n_tokens], `centre_weight`; kernels without weights do not look at it
    """

    ids: Int32
    starts: Int64
    keep: Float32
    key: np.uint64
    window: int
    shrink_windows: bool
    weight: Float32 = NO_WEIGHTS


class Sampler(NamedTuple):
    """How negatives are drawn: from an alias table, float32[n_vocab] and int32[n_vocab].

    key : uint64, the epoch's random stream
    negative : int, draws for each positive
    """

    alias_prob: Float32
    alias_id: Int32
    key: np.uint64
    negative: int


class Span(NamedTuple):
    """Tokens begin to end, which one call trains. At position p the learning rate is lr_first + lr_step * p.

    epoch : int, selects the random numbers
    """

    epoch: int
    begin: int
    end: int
    lr_first: float
    lr_step: float
