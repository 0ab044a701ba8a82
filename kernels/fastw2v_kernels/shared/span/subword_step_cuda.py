"""One gradient step of hidden vectors on the GPU, by one warp: the vectors on chip against rows that are listed once.

All scores of a row are computed before it moves, and the hidden vectors stay until the step ends. So a tile of rows is
read, scored and moved at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.span.rates_cuda import rate_of
from fastw2v_kernels.shared.span.ring_cuda import is_column
from fastw2v_kernels.shared.span.scoring_cuda import load_rows, score
from fastw2v_kernels.shared.span.shape_cuda import DOTS
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape
from fastw2v_kernels.shared.span.subword_state_cuda import RecentTokens, SubwordBuffers, Vectors, WarpMemory

_ZERO, _ONE = np.float32(0), np.float32(1)


@inline_cuda
def _terms_of_word(
    recent: RecentTokens, step: SubwordBuffers, c: int, target: int, share: np.float32
) -> tuple[np.float32, np.float32]:
    """Return how often a word is a positive of a centre, and how much it counts as a negative of the others."""
    n = n_equal = 0
    for j in range(step.bounds[c, 0], step.bounds[c, 1]):
        is_positive = j != step.bounds[c, 2]
        n += is_positive
        n_equal += is_positive & (recent.id[j & (recent.id.shape[0] - 1)] == step.target[target])
    return np.float32(n_equal), np.float32(n - n_equal) * step.negative[target] * share


@inline_cuda
def _terms_of_node(
    recent: RecentTokens, step: SubwordBuffers, c: int, target: int, share: np.float32
) -> tuple[np.float32, np.float32]:
    """Return on how many paths the decision at a node is 1, and on how many it is 0."""
    return step.positive[target], step.negative[target]


def _coefs_setter(is_path: bool, share: float) -> Callable[..., float]:
    """Return the function of a kernel that turns scores into error coefficients."""
    terms, share_of_one = _terms_of_node if is_path else _terms_of_word, np.float32(share)

    @inline_cuda
    def set_error_coefs(memory: WarpMemory, n_centres: int, t: int, n: int, with_loss: bool) -> float:
        """Set the coefficients of a tile, divided among the lanes; return the loss of this lane's scores."""
        recent, _, step = memory
        loss = 0.0
        for pair in range(int(np.uint32(cuda.laneid)), n_centres * DOTS, 32):
            c = pair // DOTS
            k = pair - c * DOTS
            error_coef = _ZERO
            if t + k < n:
                number = step.error_coef[c, k]
                n_positive, n_negative = terms(recent, step, c, t + k, share_of_one)
                decay = np.float32(math.exp(-abs(number)))  # at most 1, so that no score overflows
                likely, unlikely = _ONE / (_ONE + decay), decay / (_ONE + decay)
                is_up = number >= 0
                error_coef = n_positive * (unlikely if is_up else likely)
                error_coef = (error_coef - n_negative * (likely if is_up else unlikely)) * step.rates[c, 0]
                if with_loss:
                    log = np.float32(math.log1p(decay))
                    wrong = n_negative if is_up else n_positive
                    loss += step.rates[c, 1] * ((n_positive + n_negative) * log + wrong * abs(number))
            step.error_coef[c, k] = error_coef
        return loss

    return set_error_coefs


@inline_cuda
def _add_moves(
    moves: Float32, matrix: Float32, rates: Float32, step: SubwordBuffers, t: int, n: int, first_col: int, stride: int
) -> None:
    """Add the moves to the rows of the tile from target `t` on, times their rates."""
    for k in range(moves.shape[0]):
        if t + k < n:
            row = step.target[t + k]
            rate = rate_of(rates, row)
            for p in range(moves.shape[1]):
                if is_column(first_col + 32 * p, stride):
                    col = first_col + 32 * p + np.uint32(cuda.laneid)
                    cuda.atomic.add(matrix, (row, col), rate * moves[k, p])


def _vector_mover(shape: SubwordShape) -> Callable[..., None]:
    """Return the function of a kernel that adds up the moves of hidden vectors and of a tile's rows."""
    n_tile, n_strip, n_row = shape.n_tile, shape.n_strip, shape.n_row

    @inline_cuda
    def move_vectors(
        rows: Float32, moves: Float32, vectors: Vectors, step: SubwordBuffers, n_centres: int, strip: int
    ) -> None:
        """Do so for the columns of a strip."""
        first_col = 32 * n_strip * strip
        for k in range(n_tile):
            for p in range(n_strip):
                moves[k, p] = _ZERO
        for c in range(n_centres):
            begin = step.slot[c] * n_row + first_col + np.uint32(cuda.laneid)
            for p in range(n_strip):
                if first_col + 32 * p < n_row:
                    x, move = vectors.value[begin + 32 * p], vectors.move[begin + 32 * p]
                    for k in range(n_tile):
                        error_coef = step.error_coef[c, k]
                        move += error_coef * rows[k, n_strip * strip + p]
                        moves[k, p] += error_coef * x
                    vectors.move[begin + 32 * p] = move

    return move_vectors


def subword_step(shape: SubwordShape, *, is_path: bool) -> Callable[..., float]:
    """Return the function of a kernel that makes one gradient step.

    Parameters
    ----------
    shape : SubwordShape
        Sizes to compile for.
    is_path : bool
        Whether the rows are nodes of paths, as `list_nodes` lists them; False for those of `list_words`.

    Returns
    -------
    callable
        `train(matrix, rates, memory, n_centres, n, with_loss)` for the n rows of `matrix` in step.target, whose moves
        have factors; it adds the moves of the hidden vectors, and returns this lane's share of the loss.
    """
    n_tile, n_cols, n_strip, n_strips, stride = (
        shape.n_tile,
        shape.n_cols,
        shape.n_strip,
        shape.n_strips,
        shape.stride,
    )
    set_error_coefs, move_vectors = _coefs_setter(is_path, shape.share), _vector_mover(shape)

    @inline_cuda
    def train(matrix: Float32, rates: Float32, memory: WarpMemory, n_centres: int, n: int, with_loss: bool) -> float:
        rows = cuda.local.array((n_tile, n_cols), np.float32)
        sums = cuda.local.array(DOTS, np.float32)
        moves = cuda.local.array((n_tile, n_strip), np.float32)
        _, vectors, step = memory
        loss = 0.0
        for t in range(0, n, n_tile):
            load_rows(rows, matrix, step.target, t, 0, stride)
            score(rows, sums, vectors.value, step.slot, step.error_coef, n_centres, 0)
            cuda.syncwarp()
            loss += set_error_coefs(memory, n_centres, t, n, with_loss)
            cuda.syncwarp()
            for s in range(n_strips):
                move_vectors(rows, moves, vectors, step, n_centres, s)
                _add_moves(moves, matrix, rates, step, t, n, 32 * n_strip * s, stride)
            cuda.syncwarp()
        return loss

    return train
