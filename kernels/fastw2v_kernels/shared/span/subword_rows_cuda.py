"""Sums and moves of the rows of a word on the GPU, by one warp. Each lane has every 32nd column of a row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared.span.rates_cuda import rate_of
from fastw2v_kernels.shared.span.ring_cuda import is_column
from fastw2v_kernels.shared.span.scoring_cuda import load_rows
from fastw2v_kernels.shared.span.state_cuda import Model
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape
from fastw2v_kernels.shared.span.subword_state_cuda import WarpMemory
from fastw2v_kernels.shared.span.subwords import Subwords

_ZERO = np.float32(0)


def row_summer(shape: SubwordShape) -> Callable[..., None]:
    """Return the function of a kernel that sums the rows of a token.

    Returns
    -------
    callable
        `sum_rows(model, subwords, memory, i, slot, scale)` writes the sum of the rows of the i-th token times `scale`
        to vector `slot`, and sets its move to 0. A tile of rows is on its way at a time.
    """
    n_tile, n_cols, n_row, stride = shape.n_tile, shape.n_cols, shape.n_row, shape.stride

    @inline_cuda
    def sum_rows(model: Model, subwords: Subwords, memory: WarpMemory, i: int, slot: int, scale: np.float32) -> None:
        rows = cuda.local.array((n_tile, n_cols), np.float32)
        total = cuda.local.array(n_cols, np.float32)
        recent, vectors, _ = memory
        place = i & (recent.id.shape[0] - 1)
        first, n = recent.first_row[place], recent.n_rows[place]
        for p in range(n_cols):
            total[p] = _ZERO
        for r in range(0, n, n_tile):
            load_rows(rows, model.w_in, subwords.row_ids, first + r, 0, stride)
            for k in range(n_tile):
                is_own = r + k < n  # the rows behind are another word's
                for p in range(n_cols):
                    total[p] += rows[k, p] if is_own else _ZERO
        begin = slot * n_row + np.uint32(cuda.laneid)
        for p in range(n_cols):
            vectors.value[begin + 32 * p] = total[p] * scale
            vectors.move[begin + 32 * p] = _ZERO

    return sum_rows


def row_mover(shape: SubwordShape) -> Callable[..., None]:
    """Return the function of a kernel that moves each row of a token by a vector's move, times the row's rate.

    Returns
    -------
    callable
        `move_rows(model, subwords, memory, i, slot)`, for the i-th token and vector `slot`.
    """
    n_cols, n_row, stride = shape.n_cols, shape.n_row, shape.stride

    @inline_cuda
    def move_rows(model: Model, subwords: Subwords, memory: WarpMemory, i: int, slot: int) -> None:
        recent, vectors, _ = memory
        place, lane = i & (recent.id.shape[0] - 1), np.uint32(cuda.laneid)
        first = recent.first_row[place]
        for r in range(first, first + recent.n_rows[place]):
            row = subwords.row_ids[r]
            rate = rate_of(model.rate_in, row)
            for p in range(n_cols):
                if rate != 0 and is_column(32 * p, stride):
                    move = rate * vectors.move[slot * n_row + 32 * p + lane]
                    cuda.atomic.add(model.w_in, (np.uint32(row), 32 * p + lane), move)

    return move_rows
