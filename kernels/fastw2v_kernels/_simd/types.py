"""Numba types of SIMD values, and their types in LLVM."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import models, register_model

from fastw2v_kernels._simd.ir import FLOAT, LANES, VEC


class Vec(types.Type):  # type: ignore[misc]
    """LANES float32 values in a register."""

    def __init__(self) -> None:
        super().__init__(name=f"Vec({LANES})")


class Vecs(types.Type):  # type: ignore[misc]
    """`n` vectors, `n` known when the kernel is compiled."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(name=f"Vecs({n}, {LANES})")


class Rows(types.Type):  # type: ignore[misc]
    """Addresses of `n` rows of a float32 matrix, in registers, and the number of columns."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(name=f"Rows({n})")


vec = Vec()


@register_model(Vec)
class _VecModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Vec) -> None:
        super().__init__(dmm, fe_type, VEC)


@register_model(Vecs)
class _VecsModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Vecs) -> None:
        super().__init__(dmm, fe_type, ir.ArrayType(VEC, fe_type.n))


@register_model(Rows)
class _RowsModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Rows) -> None:
        pointers = [FLOAT.as_pointer()] * fe_type.n
        super().__init__(dmm, fe_type, ir.LiteralStructType([*pointers, ir.IntType(64)]))
