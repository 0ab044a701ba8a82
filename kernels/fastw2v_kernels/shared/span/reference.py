"""The computations of the span kernels in NumPy: the same random numbers, and one gradient step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import KEEP_DRAW, NEGATIVE_DRAW, WINDOW_DRAW, alias_draw, random_bits, uniform
from fastw2v_kernels.shared.span.inputs import NO_WEIGHTS, Sampler, TokenSource
from fastw2v_kernels.shared.span.paths import Paths

FloatMatrix = NDArray[Any]  # float32, or float64 where the reference serves as truth


def draw(key: np.uint64, token_pos: int | Int64, number: int | Int64) -> Float64:
    """Return uniform numbers of an epoch's stream, for one position and draw or arrays of them; see `random_bits`."""
    with np.errstate(over="ignore"):
        return np.asarray(uniform(random_bits(key, token_pos, number)))


def kept_positions(tokens: TokenSource) -> list[Int64]:
    """Return the positions of the tokens that survive subsampling in this epoch, for each sentence."""
    is_kept = draw(tokens.key, np.arange(len(tokens.ids)), KEEP_DRAW) < tokens.keep[tokens.ids]
    return [begin + np.flatnonzero(is_kept[begin:end]) for begin, end in pairwise(tokens.starts)]


def windows(tokens: TokenSource, begin: int, end: int) -> Iterator[tuple[int, Int32]]:
    """Yield the token position of every centre from begin to end, and the rows of its contexts; none for weight 0."""
    for sentence in kept_positions(tokens):
        for i, pos in enumerate(sentence):
            if begin <= pos < end:
                reach = tokens.window
                if tokens.shrink_windows:
                    reach = 1 + int(draw(tokens.key, pos, WINDOW_DRAW) * tokens.window)
                contexts = np.concatenate([sentence[max(i - reach, 0) : i], sentence[i + 1 : i + 1 + reach]])
                yield pos, tokens.ids[contexts if weight_of(tokens, pos) > 0 else []]


def weight_of(tokens: TokenSource, token_pos: int) -> float:
    """Return the weight of the centre at a position, which is 1 without weights."""
    return 1.0 if tokens.weight is NO_WEIGHTS else float(tokens.weight[token_pos])


def batches(begin: int, end: int, n_tokens: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the batches of a span, which end at multiples of `n_tokens`."""
    cuts = [begin, *range((begin // n_tokens + 1) * n_tokens, end, n_tokens), end]
    yield from pairwise(cuts)


def draw_targets(sampler: Sampler, positive: int, token_pos: int, *, ordinal: int) -> list[int]:
    """Return the rows of w_out for the `ordinal`-th example at `token_pos`: the positive, then its negatives."""
    numbers = NEGATIVE_DRAW + ordinal * sampler.negative + np.arange(sampler.negative)
    uniforms = draw(sampler.key, token_pos, numbers)
    return [positive, *(alias_draw(u, sampler.alias_prob, sampler.alias_id) for u in uniforms)]


def gradients(
    x: FloatMatrix, w_out: FloatMatrix, targets: list[int], *, lr: float
) -> tuple[FloatMatrix, FloatMatrix, float]:
    """Return the moves of the input rows `x`, those of the rows w_out[targets], and the loss, for one gradient step.

    With scores s = x w_out[targets]^T and labels y (1 for the first target, the positive, and 0 for the others):
    loss = sum of log(1 + exp(s)) - y s, and both moves follow from the error coefficients lr (y - sigmoid(s)).
    A negative that equals the positive is masked (Mikolov et al. 2013, "Distributed representations of words and
    phrases and their compositionality", equation 4).
    """
    error_coef, loss = error_coefs(x, w_out, targets, lr=lr)
    return error_coef @ w_out[targets], error_coef.T @ x, loss


def train_pairs(
    w_in: FloatMatrix,
    w_out: FloatMatrix,
    rows: Int32,
    sets: list[list[int]],
    *,
    lr: float,
    rate_in: Float32 | None,
) -> float:
    """Train each input row against a set of targets of its own, and return the loss.

    All scores come first. Then the pairs move in turn and, within a pair, the targets move in turn, as in word2vec.c:
    each move of a target, and of the input row by it, is that of `gradients` for the target as the ones before left it.
    """
    found = [error_coefs(w_in[[row]], w_out, targets, lr=lr) for row, targets in zip(rows, sets)]
    for row, targets, (error_coef, _) in zip(rows, sets, found):
        x = w_in[row].copy()
        move = np.zeros_like(x)
        for target, coef in zip(targets, error_coef[0]):
            move += coef * w_out[target]
            w_out[target] += coef * x
        move_rows(w_in, np.array([row]), move[None], rate_in)
    return sum(loss for _, loss in found)


def error_coefs(x: FloatMatrix, w_out: FloatMatrix, targets: list[int], *, lr: float) -> tuple[FloatMatrix, float]:
    """Return the error coefficient of each row of `x` and each target, and the loss; see `gradients`."""
    positive, *negatives = targets
    label = np.array([1.0] + [0.0] * len(negatives), x.dtype)
    mask = np.array([1.0] + [row != positive for row in negatives], x.dtype)
    scores = x @ w_out[targets].T
    error_coef = mask * (label - 1 / (1 + np.exp(-scores))) * x.dtype.type(lr)
    loss = float(np.sum(mask * (np.logaddexp(0, scores) - label * scores), dtype=np.float64))
    return error_coef, loss


def path_gradients(
    x: FloatMatrix, w_node: FloatMatrix, paths: Paths, centre_id: int, *, lr: float
) -> tuple[FloatMatrix, FloatMatrix, Int32, float]:
    """Return the moves of the input rows `x`, those of the nodes on the path to a word, these nodes, and the loss.

    With scores s = x w_node[nodes]^T and labels y (1 minus the bit of the code): loss = sum of log(1 + exp(s)) - y s,
    and both moves follow from the error coefficients lr (y - sigmoid(s)).
    """
    steps = paths.steps[paths.starts[centre_id] : paths.starts[centre_id + 1]]
    nodes, label = steps >> 1, (1 - (steps & 1)).astype(x.dtype)
    scores = x @ w_node[nodes].T
    error_coef = (label - 1 / (1 + np.exp(-scores))) * x.dtype.type(lr)
    loss = float(np.sum(np.logaddexp(0, scores) - label * scores, dtype=np.float64))
    return error_coef @ w_node[nodes], error_coef.T @ x, nodes, loss


def move_in_turn(
    matrices: tuple[FloatMatrix, FloatMatrix],
    rows: Int32,
    targets: list[int],
    error_coef: FloatMatrix,
    rate_in: Float32 | None,
) -> None:
    """Move the rows of some contexts one after the other, and the target rows with each of them.

    A context moves by the target rows as the contexts before it have left them, and then they move by the context's row
    as it was before. A row that occurs several times moves once, by the sum of its error coefficients, in the place of
    its first occurrence.
    """
    w_in, w_out = matrices
    inputs, outputs = list(dict.fromkeys(rows)), list(dict.fromkeys(targets))
    coef = np.zeros((len(inputs), len(outputs)), error_coef.dtype)
    places = [inputs.index(row) for row in rows], [outputs.index(row) for row in targets]
    np.add.at(coef, np.ix_(*places), error_coef)
    for c, row in enumerate(inputs):
        x = w_in[row].copy()
        move_rows(w_in, np.array([row], np.int32), coef[c] @ w_out[outputs], rate_in)
        w_out[outputs] += coef[c][:, None] * x


def move_rows(w_in: FloatMatrix, rows: Int32, moves: FloatMatrix, rate_in: Float32 | None) -> None:
    """Add moves to rows of w_in, times the rates of these rows if there are any; a row of rate 0 stays as it is."""
    if rate_in is not None:
        moves = np.broadcast_to(moves, (len(rows), w_in.shape[1]))
        is_moved = rate_in[rows] != 0
        rows, moves = rows[is_moved], moves[is_moved] * rate_in[rows[is_moved], None]
    np.add.at(w_in, rows, moves)
