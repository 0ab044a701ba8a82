"""Comparison of SIMD values: which of many rows of scores need to be looked at one by one."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from fastw2v_kernels import _ir as emit
from fastw2v_kernels._ir import LANES, intrinsic


@intrinsic
def rows_above(_typing: Any, tile: Any, limits: Any) -> Any:
    """int64 whose bit k is set if a lane of the strip tile[k] is above its lane of limits[k]; NaN is above nothing."""
    n_strip = tile.n // limits.n

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        values, bounds = (emit.unpack(builder, x, ty.n) for x, ty in zip(args, (tile, limits)))
        bits = ir.IntType(64)(0)
        for k, bound in enumerate(bounds):
            above = [builder.fcmp_ordered(">", x, bound) for x in values[k * n_strip : (k + 1) * n_strip]]
            either = above[0]
            for other in above[1:]:
                either = builder.or_(either, other)
            lanes = builder.bitcast(either, ir.IntType(LANES))
            is_above = builder.zext(builder.icmp_unsigned("!=", lanes, lanes.type(0)), ir.IntType(64))
            bits = builder.or_(bits, builder.shl(is_above, is_above.type(k)))
        return bits

    return types.int64(tile, limits), codegen
