"""What span kernels compute, in NumPy: sampling by the same counters, one gradient step for each example."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import KEEP_DRAW, NEGATIVE_DRAW, WINDOW_DRAW, alias_draw, random_bits, uniform

FloatMatrix = NDArray[Any]  # float32, or float64 where the reference serves as truth


def draw(seed: int, epoch: int, token_pos: int | Int64, number: int | Int64) -> Float64:
    """Uniform numbers of an epoch's stream, for one position and purpose or an array of either: see `random_bits`."""
    with np.errstate(over="ignore"):
        key = random_bits(np.uint64(seed), epoch, 0)
        return np.asarray(uniform(random_bits(key, token_pos, number)))


def kept_positions(ids: Int32, starts: Int64, keep: Float32, seed: int, epoch: int) -> list[Int64]:
    """Positions of the tokens that survive subsampling in this epoch, sentence by sentence."""
    is_kept = draw(seed, epoch, np.arange(len(ids)), KEEP_DRAW) < keep[ids]
    return [begin + np.flatnonzero(is_kept[begin:end]) for begin, end in pairwise(starts)]


def windows(
    ids: Int32,
    starts: Int64,
    keep: Float32,
    *,
    begin: int,
    end: int,
    seed: int,
    epoch: int,
    window: int,
    shrink: bool,
) -> Iterator[tuple[int, Int32]]:
    """Yield every centre's token position in begin to end, and the rows of its contexts."""
    for sentence in kept_positions(ids, starts, keep, seed, epoch):
        for i, pos in enumerate(sentence):
            if begin <= pos < end:
                reach = 1 + int(draw(seed, epoch, pos, WINDOW_DRAW) * window) if shrink else window
                contexts = np.concatenate([sentence[max(i - reach, 0) : i], sentence[i + 1 : i + 1 + reach]])
                yield pos, ids[contexts]


def draw_negatives(
    alias_prob: Float32, alias_id: Int32, seed: int, epoch: int, token_pos: int, ordinal: int, negative: int
) -> list[int]:
    """Rows of the negatives of the `ordinal`-th example at `token_pos`."""
    numbers = NEGATIVE_DRAW + ordinal * negative + np.arange(negative)
    return [alias_draw(u, alias_prob, alias_id) for u in draw(seed, epoch, token_pos, numbers)]


def gradients(
    x: FloatMatrix, w_out: FloatMatrix, positive: int, negatives: list[int], lr: float
) -> tuple[FloatMatrix, FloatMatrix, list[int], float]:
    """Moves of input rows `x` and of the target rows, those rows, and the loss, for one set of targets.

    With s = x w_out[targets]^T and y = 1 for the positive, 0 for a negative: loss = sum of log(1 + exp(s)) - y s, and
    both moves follow from coef = lr (y - sigmoid(s)). A negative that equals the positive is masked (Mikolov et al.
    2013, "Distributed representations of words and phrases and their compositionality", equation 4).
    """
    targets = [positive, *negatives]
    label = np.array([1.0] + [0.0] * len(negatives), x.dtype)
    mask = np.array([1.0] + [row != positive for row in negatives], x.dtype)
    scores = x @ w_out[targets].T
    coef = mask * (label - 1 / (1 + np.exp(-scores))) * x.dtype.type(lr)
    loss = float(np.sum(mask * (np.logaddexp(0, scores) - label * scores), dtype=np.float64))
    return coef @ w_out[targets], coef.T @ x, targets, loss
