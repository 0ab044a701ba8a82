"""SIMD values for CPU kernels: the one file that writes LLVM IR.

A `Vec` is LANES float32 values that LLVM keeps in one register; a `Block` is `n` of them, `n` a compile-time constant.
Kernels stay ordinary Python over these values: arithmetic operators work on Vec with Vec or scalar, and the functions
below move data and combine blocks. Auto-vectorised loops lose more than half of the speed to separate reductions and
to accumulators that are spilled to memory; explicit values do not.

Raw loads and stores bypass Numba's bounds check, so they make their own when NUMBA_BOUNDSCHECK is set.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending
from numba.core import cgutils, types
from numba.extending import overload

from fastw2v_kernels import _ir as emit
from fastw2v_kernels._ir import LANES
from fastw2v_kernels._shape import SLOTS, Shape
from fastw2v_kernels._vectors import Block, Rows, Vec, vec

__all__ = ["LANES", "SLOTS", "Block", "Rows", "Shape", "Vec", "add_rows", "dot", "fma_rows", "hsum", "hsum_pair"]
__all__ += ["load", "load_rows", "prefetch", "rows_of", "splat", "splats", "store", "zeros"]


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Numba's decorator, typed by what kernels call: the arguments without the typing context."""
    return extending.intrinsic(function)  # type: ignore[no-any-return]


@intrinsic
def splat(_typing: Any, x: Any) -> Any:
    """Vec with every lane equal to the scalar `x`."""
    return vec(x), lambda context, builder, sig, args: emit.splat(context, builder, args[0], sig.args[0])


@intrinsic
def load(_typing: Any, a: Any, row: Any, col: Any) -> Any:
    """Vec of a[row, col : col + LANES]; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        return emit.load(builder, emit.pointer(context, builder, sig.args[0], args[0], row, col, LANES))

    return vec(a, row, col), codegen


@intrinsic
def store(_typing: Any, a: Any, row: Any, col: Any, value: Any) -> Any:
    """a[row, col : col + LANES] = value; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        emit.store(builder, emit.pointer(context, builder, sig.args[0], args[0], row, col, LANES), args[3])
        return context.get_dummy_value()

    return types.void(a, row, col, value), codegen


@intrinsic
def prefetch(_typing: Any, a: Any, row: Any, col: Any) -> Any:
    """Ask for the cache line of a[row, col] before it is needed; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        pointer = emit.pointer(context, builder, sig.args[0], args[0], row, col, 1)
        byte_pointer = ir.IntType(8).as_pointer()
        signature = ir.FunctionType(ir.VoidType(), [byte_pointer, emit.INT32, emit.INT32, emit.INT32])
        function = cgutils.get_or_insert_function(builder.module, signature, "llvm.prefetch.p0i8")
        builder.call(function, [builder.bitcast(pointer, byte_pointer), emit.INT32(0), emit.INT32(3), emit.INT32(1)])
        return context.get_dummy_value()

    return types.void(a, row, col), codegen


@intrinsic
def zeros(_typing: Any, shape: Any) -> Any:
    """Block of shape.n_tile zero vectors."""
    block = Block(shape.shape.n_tile)
    return block(shape), lambda context, builder, sig, args: ir.Constant(context.get_value_type(block), None)


@intrinsic
def rows_of(_typing: Any, a: Any, ids: Any, r: Any, first: Any, shape: Any) -> Any:
    """Rows ids[r, first : first + shape.n_tile] of a; a : float32[:, ::1], ids : int[:, ::1]."""
    rows = Rows(shape.shape.n_tile)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a_ty, ids_ty = sig.args[:2]
        r, first = (emit.int64(context, builder, args[i], sig.args[i]) for i in (2, 3))
        pointers = []
        for k in range(rows.n):
            slot = builder.add(first, first.type(k))
            entry = builder.load(emit.pointer(context, builder, ids_ty, args[1], r, slot, 1))
            row = emit.int64(context, builder, entry, ids_ty.dtype)
            pointers.append(emit.pointer(context, builder, a_ty, args[0], row, row.type(0), 0))
        n_cols = emit.n_cols(context, builder, a_ty, args[0])
        return emit.pack(builder, context.get_value_type(rows), [*pointers, n_cols])

    return rows(a, ids, r, first, shape), codegen


def _columns_of(context: Any, builder: Any, rows: Rows, value: Any, col: Any, col_ty: Any) -> list[Any]:
    """Addresses of column `col` in every row."""
    *pointers, n_cols = emit.unpack(builder, value, rows.n + 1)
    col = emit.int64(context, builder, col, col_ty)
    emit.check(context, builder, col, LANES, n_cols, "column")
    return [builder.gep(pointer, [col]) for pointer in pointers]


@intrinsic
def load_rows(_typing: Any, rows: Any, col: Any) -> Any:
    """Block whose vector k is columns col : col + LANES of row k."""
    block = Block(rows.n)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = _columns_of(context, builder, rows, args[0], args[1], sig.args[1])
        vectors = [emit.load(builder, pointer) for pointer in pointers]
        return emit.pack(builder, context.get_value_type(block), vectors)

    return block(rows, col), codegen


@intrinsic
def add_rows(_typing: Any, rows: Any, col: Any, values: Any) -> Any:
    """Add values[k] to columns col : col + LANES of row k, k in order: a row that is named twice gets both."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = _columns_of(context, builder, rows, args[0], args[1], sig.args[1])
        for pointer, value in zip(pointers, emit.unpack(builder, args[2], rows.n)):
            emit.store(builder, pointer, builder.fadd(emit.load(builder, pointer), value))
        return context.get_dummy_value()

    return types.void(rows, col, values), codegen


@intrinsic
def splats(_typing: Any, a: Any, row: Any, col: Any, shape: Any) -> Any:
    """Block whose vector k < shape.n_tile has every lane equal to a[row, col + k]; a : float32[:, ::1]."""
    block = Block(shape.shape.n_tile)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        first = emit.pointer(context, builder, sig.args[0], args[0], row, col, block.n)
        scalars = [builder.load(builder.gep(first, [col.type(k)])) for k in range(block.n)]
        return emit.pack(
            builder, context.get_value_type(block), [emit.splat(context, builder, x, types.float32) for x in scalars]
        )

    return block(a, row, col, shape), codegen


@intrinsic
def fma_rows(_typing: Any, block: Any, x: Any, acc: Any) -> Any:
    """Block of block[k] * x + acc[k]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows, sums = emit.unpack(builder, args[0], block.n), emit.unpack(builder, args[2], block.n)
        return emit.pack(
            builder, context.get_value_type(block), [emit.fma(builder, row, args[1], s) for row, s in zip(rows, sums)]
        )

    return block(block, x, acc), codegen


@intrinsic
def dot(_typing: Any, a: Any, b: Any, acc: Any) -> Any:
    """Vec of acc + sum over k of a[k] * b[k]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total = args[2]
        for x, y in zip(emit.unpack(builder, args[0], a.n), emit.unpack(builder, args[1], a.n)):
            total = emit.fma(builder, x, y, total)
        return total

    return vec(a, b, acc), codegen


@intrinsic
def hsum_pair(_typing: Any, a: Any, b: Any) -> Any:
    """Vec whose lane k is the sum of a[k]'s lanes and lane LANES/2 + k that of b[k]'s; other lanes are 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        missing: list[ir.Value | None] = [None] * (SLOTS - a.n)
        vectors = emit.unpack(builder, args[0], a.n) + missing + emit.unpack(builder, args[1], b.n) + missing
        for low, high in emit.transpose_steps():
            vectors = [emit.merge(builder, u, v, low, high) for u, v in zip(vectors[::2], vectors[1::2])]
        return vectors[0]

    return vec(a, b), codegen


@intrinsic
def hsum(_typing: Any, x: Any) -> Any:
    """Sum of a Vec's lanes, float32."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        signature = ir.FunctionType(emit.FLOAT, [emit.FLOAT, emit.VEC])
        function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.vector.reduce.fadd.v{LANES}f32")
        return builder.call(function, [emit.FLOAT(0.0), args[0]], fastmath=emit.FLAGS)

    return types.float32(x), codegen


def _operator(python_operator: Callable[..., Any], instruction: str) -> None:
    """Make a Python operator work on Vec with Vec or scalar."""

    @intrinsic
    def apply(_typing: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            a, b = (x if isinstance(t, Vec) else emit.splat(context, builder, x, t) for x, t in zip(args, sig.args))
            if instruction in ("minnum", "maxnum"):
                name = f"llvm.{instruction}.v{LANES}f32"
                function = cgutils.get_or_insert_function(
                    builder.module, ir.FunctionType(emit.VEC, [emit.VEC, emit.VEC]), name
                )
                return builder.call(function, [a, b], fastmath=("nnan",))
            return getattr(builder, instruction)(a, b, flags=emit.FLAGS)

        return vec(a, b), codegen

    def operate(a: Any, b: Any) -> Any:
        return apply(a, b)

    @overload(python_operator)
    def implement(a: Any, b: Any) -> Any:
        return operate if isinstance(a, Vec) or isinstance(b, Vec) else None


for _python_operator, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
    (min, "minnum"),
    (max, "maxnum"),
):
    _operator(_python_operator, _instruction)
