"""Moves of input rows that have a factor each; compiled only into kernels that are called with such factors."""

from __future__ import annotations

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import Vecs, store_strip
from fastw2v_kernels.shared.span.inputs import Matrices


@inline_cpu
def move_at_rate(matrices: Matrices, row: int, col: int, x: Vecs, move: Vecs) -> None:
    """Move one strip `x` of an input row by its rate times `move`. A row of rate 0 is not written to."""
    rate = matrices.rate_in[row]  # type: ignore[index]
    if rate != 0:
        store_strip(matrices.w_in, row, col, x + move * rate)
