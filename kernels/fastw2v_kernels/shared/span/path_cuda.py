"""One gradient step of hierarchical softmax on the GPU, by one warp: input rows on chip against the nodes of a path.

A path is scored and moved in tiles of as many nodes as registers hold. All scores are computed before a row moves, and
the moves of the input rows are added up over the tiles before they are made.
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
from fastw2v_kernels.shared.span.shape_cuda import DOTS, SpanShape
from fastw2v_kernels.shared.span.state_cuda import Model, Ring, WarpBuffers

_ZERO, _ONE = np.float32(0), np.float32(1)


@inline_cuda
def _list_nodes(model: Model, step: WarpBuffers, centre_id: int) -> int:
    """List the nodes of the path to a word, and the last of them to fill a tile; return the length of the path."""
    first = model.paths.starts[centre_id]
    n = np.int32(model.paths.starts[centre_id + 1] - first)
    for k in range(np.uint32(cuda.laneid), min(n + DOTS, step.node.shape[0]), 32):
        if n > 0:
            step.node[k] = model.paths.steps[first + min(k, n - 1)] >> 1
    return n  # type: ignore[return-value]


@inline_cuda
def _set_error_coefs(model: Model, step: WarpBuffers, centre_id: int, n_inputs: int, n: int, lr: np.float32) -> float:
    """Turn scores into error coefficients, divided among the lanes; return the loss of this lane's scores."""
    first, n_padded = model.paths.starts[centre_id], min(n + DOTS, step.node.shape[0])
    loss = 0.0
    for pair in range(np.uint32(cuda.laneid), n_inputs * n_padded, 32):
        c = pair // n_padded
        k = pair - c * n_padded
        error_coef = _ZERO
        if k < n:
            number, weight = step.node_coef[c, k], step.weight[c]
            is_positive = model.paths.steps[first + k] & 1 == 0
            is_right = (number >= 0) == is_positive
            decay = np.float32(math.exp(-abs(number)))  # at most 1, so that no score overflows
            error = (decay if is_right else _ONE) / (_ONE + decay)
            error_coef = (error if is_positive else -error) * (weight * lr)
            if model.with_loss:
                loss += weight * (np.float32(math.log1p(decay)) + (_ZERO if is_right else abs(number)))
        step.node_coef[c, k] = error_coef
    return loss


@inline_cuda
def _move_nodes(moves: Float32, model: Model, step: WarpBuffers, t: int, n: int, first_col: int, stride: int) -> None:
    """Add the moves to the nodes of the tile from node `t` on."""
    for k in range(moves.shape[0]):
        if t + k < n:
            row = step.node[t + k]
            rate = rate_of(model.rate_node, row)
            for p in range(moves.shape[1]):
                if is_column(first_col + 32 * p, stride):
                    move = rate * moves[k, p]
                    cuda.atomic.add(model.w_node, (row, first_col + 32 * p + np.uint32(cuda.laneid)), move)


@inline_cuda
def clear_row(ring: Ring, begin: int, n_strip: int) -> None:
    """Set a strip of a row on chip to 0."""
    for p in range(n_strip):
        ring.value[begin + 32 * p + np.uint32(cuda.laneid)] = _ZERO


def _input_mover(n_row: int, n_strip: int, replace: bool) -> Callable[..., None]:
    """Function of a kernel that adds up the moves of input rows over the tiles of a path, and makes them at last."""

    @inline_cuda
    def move_inputs(
        rows: Float32, moves: Float32, ring: Ring, step: WarpBuffers, n_inputs: int, t: int, n: int, first_col: int
    ) -> None:
        """Add the moves of the input rows from column `first_col` on, and those of the nodes from node `t` on."""
        lane = np.uint32(cuda.laneid)
        for c in range(n_inputs):
            begin = step.slot[c] * n_row + first_col + lane
            for p in range(n_strip):
                if first_col + 32 * p < n_row:
                    x = ring.value[begin + 32 * p]
                    move = step.move[c, 32 * p + lane] if t > 0 else _ZERO
                    for k in range(rows.shape[0]):
                        error_coef = step.node_coef[c, t + k]
                        move += error_coef * rows[k, p]
                        moves[k, p] += error_coef * x
                    if t + rows.shape[0] < n:
                        step.move[c, 32 * p + lane] = move
                    else:
                        ring.value[begin + 32 * p] = move if replace else x + move

    return move_inputs


def path_step(shape: SpanShape, replace: bool) -> Callable[..., float]:
    """Return the function of a kernel that makes one gradient step against a path.

    Parameters
    ----------
    shape : SpanShape
        Sizes to compile for.
    replace : bool
        True to replace input rows by their moves, False to add the moves.

    Returns
    -------
    callable
        `train(model, ring, step, centre_id, n_inputs, lr)` for the rows in step.slot; returns this lane's share of the
        loss.
    """
    n_tile, n_cols, n_strip, n_row, stride = (
        shape.n_nodes,
        shape.n_cols,
        shape.n_node_strip,
        shape.n_row,
        shape.stride,
    )
    n_strips, move_inputs = -(-n_cols // n_strip), _input_mover(n_row, n_strip, replace)

    @inline_cuda
    def train(model: Model, ring: Ring, step: WarpBuffers, centre_id: int, n_inputs: int, lr: np.float32) -> float:
        rows = cuda.local.array((n_tile, n_cols), np.float32)
        sums = cuda.local.array(DOTS, np.float32)
        strip = cuda.local.array((n_tile, n_strip), np.float32)
        moves = cuda.local.array((n_tile, n_strip), np.float32)
        n = _list_nodes(model, step, centre_id)
        cuda.syncwarp()
        for t in range(0, n, n_tile):
            load_rows(rows, model.w_node, step.node, t, 0, stride)
            score(rows, sums, ring.value, step.slot, step.node_coef, n_inputs, t)
            cuda.syncwarp()
        loss = _set_error_coefs(model, step, centre_id, n_inputs, n, lr)
        cuda.syncwarp()
        for s in range(n_strips):
            first_col = 32 * n_strip * s
            if replace and n == 0:  # of a tree of one word
                clear_row(ring, step.slot[0] * n_row + first_col, n_strip)
            for t in range(0, n, n_tile):
                load_rows(strip, model.w_node, step.node, t, first_col, stride)
                for k in range(n_tile):
                    for p in range(n_strip):
                        moves[k, p] = _ZERO
                move_inputs(strip, moves, ring, step, n_inputs, t, n, first_col)
                _move_nodes(moves, model, step, t, n, first_col, stride)
        cuda.syncwarp()
        return loss

    return train
