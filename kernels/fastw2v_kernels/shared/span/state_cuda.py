"""Named tuples of the span kernels on the GPU: their inputs, and the memory of a warp."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Int32, Int64, UInt32
from fastw2v_kernels.shared.span.checks import checked_noise
from fastw2v_kernels.shared.span.paths import Paths


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
    rate_in, rate_out, rate_node : float32[n], factors for the moves of the first n rows; see `rates_cuda`

    Arrays that a kernel does not look at may be any of the same type.
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
    w_node: Float32
    paths: Paths
    rate_node: Float32


def no_path(w_out: Float32, starts: Int64, alias_id: Int32, alias_prob: Float32) -> dict[str, Any]:
    """Return the arguments of `Model` for a kernel without hierarchical softmax, which does not look at them."""
    return {"w_node": w_out, "paths": Paths(starts, alias_id), "rate_node": alias_prob}


def noise_or(
    negative: int,
    w_out: Float32 | None,
    alias_prob: Float32 | None,
    alias_id: Int32 | None,
    *,
    w_node: Float32,
    keep: Float32,
    path_steps: Int32,
) -> dict[str, Any]:
    """Return the arguments of `Model` for negatives; without any, arrays that the kernel does not look at."""
    if negative == 0:
        return {"w_out": w_node, "alias_prob": keep, "alias_id": path_steps}
    alias_prob, alias_id, w_out = checked_noise(w_node.shape[0], alias_prob, alias_id, w_out)
    return {"w_out": w_out, "alias_prob": alias_prob, "alias_id": alias_id}


class WarpBuffers(NamedTuple):
    """Buffers for a gradient step of a warp, in shared memory.

    slot : uint32[n_slots], ring slots of the input rows, each once
    weight : float32[n_slots], how often each occurs
    target : uint32[n_targets], output rows: the positive, and the negatives
    target_weight : float32[n_targets], how often each counts: 0 for a negative that was listed before
    error_coef : float32[n_inputs, n_coef], scores, then lr * (label - sigmoid(score)), by input row and target
    node, node_coef : uint32[...], float32[n_path_inputs, ...], the nodes of a path in place of targets
    move : float32[n_path_inputs, 32 * n_node_strip], moves of input rows so far
    """

    slot: UInt32
    weight: Float32
    target: UInt32
    target_weight: Float32
    error_coef: Float32
    node: UInt32
    node_coef: Float32
    move: Float32


class Ring(NamedTuple):
    """Rows of the words in the window, one row for each different word.

    value, base : float32[n_slots * n_row], the rows now, and when they were read
    word : int32[n_slot_groups], on each lane: the words in slots lane, lane + 32, ...; -1 if the slot is free
    """

    value: Float32
    base: Float32
    word: Int32
