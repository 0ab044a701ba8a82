"""Arithmetic of SIMD values: operators, multiply-adds, sums over lanes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin

from fastw2v_kernels._simd import ir as emit
from fastw2v_kernels._simd.ir import LANES, intrinsic
from fastw2v_kernels._simd.shape import HALF_LANES, Shape
from fastw2v_kernels._simd.types import Vec, Vecs, vec


@intrinsic
def splat(_typing: Any, x: Any) -> Any:
    """Vec with every lane equal to the scalar `x`."""
    return vec(x), lambda context, builder, sig, args: emit.splat(context, builder, args[0], sig.args[0])


def _zeros(size: Callable[[Shape], int]) -> Callable[..., Any]:
    @intrinsic
    def zeros(_typing: Any, shape: Any) -> Any:
        vecs = Vecs(size(shape.shape))
        return vecs(shape), lambda context, builder, sig, args: ir.Constant(context.get_value_type(vecs), None)

    return zeros


zeros = _zeros(lambda shape: shape.n_tile)
zero_strip = _zeros(lambda shape: shape.n_strip)
zero_tile = _zeros(lambda shape: shape.n_tile * shape.n_strip)


def _lists(builder: Any, sig: Any, args: Any) -> list[list[Any]]:
    """The vectors of Vec and Vecs arguments."""
    return [[x] if isinstance(ty, Vec) else emit.unpack(builder, x, ty.n) for x, ty in zip(args, sig.args)]


@intrinsic
def fma_rows(_typing: Any, vecs: Any, x: Any, acc: Any) -> Any:
    """Vecs of acc[k, j] + vecs[k] * x[j]; x : Vec, or Vecs of a strip."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows, strip, sums = _lists(builder, sig, args)
        products = [(row, vector) for row in rows for vector in strip]
        return emit.pack(
            builder, context.get_value_type(acc), [emit.fma(builder, r, v, s) for (r, v), s in zip(products, sums)]
        )

    return acc(vecs, x, acc), codegen


@intrinsic
def dot(_typing: Any, a: Any, b: Any, acc: Any) -> Any:
    """Vecs of acc[j] + sum over k of a[k] * b[k, j]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        factors, tile, sums = _lists(builder, sig, args)
        for k, factor in enumerate(factors):
            row = tile[k * acc.n : (k + 1) * acc.n]
            sums = [emit.fma(builder, factor, x, total) for x, total in zip(row, sums)]
        return emit.pack(builder, context.get_value_type(acc), sums)

    return acc(a, b, acc), codegen


def _fold(builder: Any, vectors: list[Any]) -> Any:
    """Vec whose lane k is the sum of the lanes of vector k."""
    for low, high in emit.transpose_steps():
        vectors = [emit.merge(builder, u, v, low, high) for u, v in zip(vectors[::2], vectors[1::2])]
    return vectors[0]


@intrinsic
def hsum_pair(_typing: Any, a: Any, b: Any) -> Any:
    """Vec whose lane k is the sum of a[k]'s lanes and lane LANES/2 + k that of b[k]'s; other lanes are 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        missing: list[Any] = [None] * (HALF_LANES - a.n)
        return _fold(
            builder, [*emit.unpack(builder, args[0], a.n), *missing, *emit.unpack(builder, args[1], b.n), *missing]
        )

    return vec(a, b), codegen


@intrinsic
def hsum_single(_typing: Any, a: Any) -> Any:
    """Vec whose lane k is the sum of a[k]'s lanes; other lanes are 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _fold(builder, [*emit.unpack(builder, args[0], a.n), *[None] * (LANES - a.n)])

    return vec(a), codegen


@intrinsic
def hsum(_typing: Any, x: Any) -> Any:
    """Sum of a Vec's lanes, float32."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        signature = ir.FunctionType(emit.FLOAT, [emit.FLOAT, emit.VEC])
        function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.vector.reduce.fadd.v{LANES}f32")
        return builder.call(function, [emit.FLOAT(0.0), args[0]], fastmath=emit.FLAGS)

    return types.float32(x), codegen


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


class _Arithmetic(AbstractTemplate):  # type: ignore[misc]
    """Typing of an operator with a Vec or Vecs on at least one side; the result is a Vecs if either side is."""

    def generic(self, args: Any, _kws: Any) -> Any:
        if len(args) == 2 and any(isinstance(ty, Vec | Vecs) for ty in args):
            return signature(next((ty for ty in args if isinstance(ty, Vecs)), vec), *args)
        return None


def _operator(python_operator: Callable[..., Any], instruction: str) -> None:
    """Define a Python operator for Vec or Vecs with its own type, with Vec or with a scalar.

    This uses Numba's low-level interface: `overload` would compile a function for each pair of types, and Numba would
    search these overloads for operators of plain numbers too.
    """

    def combine(builder: Any, x: Any, y: Any) -> Any:
        if instruction not in ("minnum", "maxnum"):
            return getattr(builder, instruction)(x, y, flags=emit.FLAGS)
        function_type = ir.FunctionType(emit.VEC, [emit.VEC, emit.VEC])
        function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{instruction}.v{LANES}f32")
        return builder.call(function, [x, y], fastmath=("nnan",))

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        result = sig.return_type
        operands = [_vectors(context, builder, x, ty, result) for x, ty in zip(args, sig.args)]
        values = [combine(builder, x, y) for x, y in zip(*operands)]
        return values[0] if result is vec else emit.pack(builder, context.get_value_type(result), values)

    infer_global(python_operator)(type(f"_Arithmetic_{instruction}", (_Arithmetic,), {}))
    for simd in (Vec, Vecs):
        for other in (Vec, Vecs, types.Number):
            lower_builtin(python_operator, simd, other)(codegen)
            lower_builtin(python_operator, other, simd)(codegen)


def _vectors(context: Any, builder: Any, x: Any, ty: Any, like: Any) -> list[Any]:
    """Vectors of an operand, as many as `like` has: those of a Vecs, or copies of a Vec or of a scalar."""
    if isinstance(ty, Vecs):
        return emit.unpack(builder, x, ty.n)
    return [x if isinstance(ty, Vec) else emit.splat(context, builder, x, ty)] * (
        like.n if isinstance(like, Vecs) else 1
    )


for _python_operator, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
    (min, "minnum"),
    (max, "maxnum"),
):
    _operator(_python_operator, _instruction)
