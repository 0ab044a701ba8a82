"""Factors for the moves of input rows; compiled only into kernels that are called with such factors."""

from __future__ import annotations

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import Vecs, store_strip
from fastw2v_kernels.shared.arguments import check_read
from fastw2v_kernels.shared.array_types import Float32
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices


def with_rates(matrices: Matrices, rate_in: Float32 | None) -> Matrices | RatedMatrices:
    """Return the matrices with the rates, if there are any.

    Only their type and length are checked: a look at the values would cost a pass over them for each span.
    """
    if rate_in is None:
        return matrices
    check_read("rate_in", rate_in, matrices.w_in.shape[:1])
    return RatedMatrices(*matrices, rate_in)


@inline_cpu
def move_at_rate(matrices: Matrices | RatedMatrices, row: int, col: int, x: Vecs, move: Vecs) -> None:
    """Move one strip `x` of an input row by its rate times `move`. A row of rate 0 is not written to."""
    rate = matrices.rate_in[row]  # type: ignore[union-attr]
    if rate != 0:
        store_strip(matrices.w_in, row, col, x + move * rate)
