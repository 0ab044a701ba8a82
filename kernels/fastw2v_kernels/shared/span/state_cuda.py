"""Named tuples of the span kernels on the GPU: their inputs, and the memory of a warp."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Int32, Int64, UInt32


class Recent(NamedTuple):
    """The kept tokens around the centre. The i-th of a stretch is in slot i modulo the length of the arrays.

    id : int32[n_tokens], vocabulary rows
    pos : int64[n_tokens], positions in the corpus
    """

    id: Int32
    pos: Int64


class Stretch(NamedTuple):
    """Tokens begin to end of the sentence first to stop: the tokens of a chunk that are in one sentence."""

    begin: int
    end: int
    first: int
    stop: int


class Model(NamedTuple):
    """The matrices, and how they are trained; arrays as in `skipgram_ns_reference`.

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
    """Buffers for a gradient step of a warp, in shared memory.

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
    """Rows of the words in the window, one row for each different word.

    value, base : float32[n_slots * n_row], the rows now, and when they were read
    word : int32[n_slot_groups], on each lane: the words in slots lane, lane + 32, ...; -1 if the slot is free
    """

    value: Float32
    base: Float32
    word: Int32
