"""What a warp knows and keeps while it walks over a span of tokens on the GPU."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Int32, Int64, UInt32


class Recent(NamedTuple):
    """The kept tokens around the centre: the i-th of a stretch in slot i, modulo the arrays' length.

    id : int32[n_tokens], vocabulary rows
    pos : int64[n_tokens], positions in the corpus
    """

    id: Int32
    pos: Int64


class Stretch(NamedTuple):
    """Tokens begin to end, which one warp trains at a time, of the sentence first to stop."""

    begin: int
    end: int
    first: int
    stop: int


class Model(NamedTuple):
    """What is trained and how; arrays as in `skipgram_ns_reference`.

    key : uint64, the epoch's random stream
    """

    w_in: Float32
    w_out: Float32
    alias_prob: Float32
    alias_id: Int32
    key: np.uint64
    lr_first: float
    lr_step: float
    with_loss: bool
    rate_in: Float32
    rate_out: Float32


class WarpBuffers(NamedTuple):
    """Working memory of a warp's gradient step, in shared memory.

    slot : uint32[n_slots], ring slots of the input rows, each once
    weight : float32[n_slots], how often each occurs
    target : uint32[n_targets], output rows: the positive, and the negatives
    error_coef : float32[n_inputs, n_coef], scores, then lr * (label - sigmoid(score)), by input row and target
    """

    slot: UInt32
    weight: Float32
    target: UInt32
    error_coef: Float32


class Ring(NamedTuple):
    """Rows of the words in the window, those occurring twice once.

    value, base : float32[n_slots * n_row], rows as they are now and as they were read
    word : int32[n_slot_groups], of this lane: the word in slot lane, lane + 32, ...; -1 where the slot is free
    """

    value: Float32
    base: Float32
    word: Int32
