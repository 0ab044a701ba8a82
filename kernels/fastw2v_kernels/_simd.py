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

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic, models, overload, register_model

__all__ = ["LANES", "Block", "Vec", "add_rows", "dot", "fma", "fma_rows", "hsum", "hsum_pair", "load", "load_rows", "prefetch"]
__all__ += ["splat", "splats", "store", "zeros"]

# 16 lanes with AVX-512, else 8: one AVX2 register, or two of NEON and SSE.
LANES = 16 if llvm.get_host_cpu_features().get("avx512f") else 8

_FLOAT = ir.FloatType()
_VEC = ir.VectorType(_FLOAT, LANES)
_INT32 = ir.IntType(32)
_FLAGS = ("reassoc", "contract", "nsz")


class Vec(types.Type):  # type: ignore[misc]
    """LANES float32 values in a register."""

    def __init__(self) -> None:
        super().__init__(name=f"Vec({LANES})")


class Block(types.Type):  # type: ignore[misc]
    """`n` vectors, `n` known when the kernel is compiled."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(name=f"Block({n}, {LANES})")


vec = Vec()


@register_model(Vec)
class _VecModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Vec) -> None:  # noqa: ANN401
        super().__init__(dmm, fe_type, _VEC)


@register_model(Block)
class _BlockModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Block) -> None:  # noqa: ANN401
        super().__init__(dmm, fe_type, ir.ArrayType(_VEC, fe_type.n))


def _int64(context: Any, builder: ir.IRBuilder, value: ir.Value, ty: types.Type) -> ir.Value:
    return context.cast(builder, value, ty, types.int64)


def _check(context: Any, builder: ir.IRBuilder, start: ir.Value, width: int, size: ir.Value, axis: str) -> None:
    """Raise IndexError unless 0 <= start and start + width <= size, when NUMBA_BOUNDSCHECK is set."""
    if not config.BOUNDSCHECK:
        return
    end = builder.add(start, start.type(width))
    outside = builder.or_(
        builder.icmp_signed("<", start, start.type(0)),
        builder.icmp_signed(">", end, size),
    )
    with builder.if_then(outside, likely=False):
        context.call_conv.return_user_exc(builder, IndexError, (f"SIMD access outside the array's {axis}s",))


def _pointer(
    context: Any, builder: ir.IRBuilder, ty: types.Array, value: ir.Value, row: ir.Value, col: ir.Value, width: int
) -> ir.Value:
    """Address of element (row, col) of a C-contiguous matrix, `width` elements of which will be touched."""
    array = context.make_array(ty)(context, builder, value)
    n_rows, n_cols = cgutils.unpack_tuple(builder, array.shape)
    _check(context, builder, row, 1, n_rows, "row")
    _check(context, builder, col, width, n_cols, "column")
    return builder.gep(array.data, [builder.add(builder.mul(row, n_cols), col)])


def _load(builder: ir.IRBuilder, pointer: ir.Value) -> ir.Value:
    return builder.load(builder.bitcast(pointer, _VEC.as_pointer()), align=4)


def _store(builder: ir.IRBuilder, pointer: ir.Value, value: ir.Value) -> None:
    builder.store(value, builder.bitcast(pointer, _VEC.as_pointer()), align=4)


def _splat(context: Any, builder: ir.IRBuilder, value: ir.Value, ty: types.Type) -> ir.Value:
    scalar = context.cast(builder, value, ty, types.float32)
    single = builder.insert_element(ir.Constant(_VEC, ir.Undefined), scalar, _INT32(0))
    return _shuffle(builder, single, single, [0] * LANES)


def _shuffle(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, lanes: list[int]) -> ir.Value:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INT32, len(lanes)), lanes))


def _fma(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
    name = f"llvm.fma.v{LANES}f32"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_VEC, [_VEC] * 3), name)
    return builder.call(function, [a, b, c])


def _rows(context: Any, builder: ir.IRBuilder, sig: Any, args: Any, n: int) -> list[ir.Value]:
    """Addresses of a[rows[r, first + k], col] for k < n; arguments (a, rows, r, first, n, col, ...)."""
    a_ty, rows_ty = sig.args[:2]
    r, first, col = (_int64(context, builder, args[i], sig.args[i]) for i in (2, 3, 5))
    pointers = []
    for k in range(n):
        slot = builder.add(first, first.type(k))
        entry = builder.load(_pointer(context, builder, rows_ty, args[1], r, slot, 1))
        row = _int64(context, builder, entry, rows_ty.dtype)
        pointers.append(_pointer(context, builder, a_ty, args[0], row, col, LANES))
    return pointers


@intrinsic
def splat(_typing: Any, x: Any) -> Any:
    """Vec with every lane equal to the scalar `x`."""
    return vec(x), lambda context, builder, sig, args: _splat(context, builder, args[0], sig.args[0])


@intrinsic
def load(_typing: Any, a: Any, row: Any, col: Any) -> Any:
    """Vec of a[row, col : col + LANES]; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (_int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        return _load(builder, _pointer(context, builder, sig.args[0], args[0], row, col, LANES))

    return vec(a, row, col), codegen


@intrinsic
def store(_typing: Any, a: Any, row: Any, col: Any, value: Any) -> Any:
    """a[row, col : col + LANES] = value; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (_int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        _store(builder, _pointer(context, builder, sig.args[0], args[0], row, col, LANES), args[3])
        return context.get_dummy_value()

    return types.void(a, row, col, value), codegen


@intrinsic
def prefetch(_typing: Any, a: Any, row: Any, col: Any) -> Any:
    """Ask for the cache line of a[row, col] before it is needed; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (_int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        pointer = _pointer(context, builder, sig.args[0], args[0], row, col, 1)
        byte_pointer = ir.IntType(8).as_pointer()
        signature = ir.FunctionType(ir.VoidType(), [byte_pointer, _INT32, _INT32, _INT32])
        function = cgutils.get_or_insert_function(builder.module, signature, "llvm.prefetch.p0i8")
        builder.call(function, [builder.bitcast(pointer, byte_pointer), _INT32(0), _INT32(3), _INT32(1)])
        return context.get_dummy_value()

    return types.void(a, row, col), codegen


@intrinsic(prefer_literal=True)
def zeros(_typing: Any, n: Any) -> Any:
    """Block of `n` zero vectors; `n` is a compile-time constant."""
    block = Block(n.literal_value)
    return block(n), lambda context, builder, sig, args: ir.Constant(context.get_value_type(block), None)


@intrinsic(prefer_literal=True)
def load_rows(_typing: Any, a: Any, rows: Any, r: Any, first: Any, n: Any, col: Any) -> Any:
    """Block whose vector k is a[rows[r, first + k], col : col + LANES]; a : float32[:, ::1], rows : int[:, ::1]."""
    block = Block(n.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = _rows(context, builder, sig, args, block.n)
        return _pack(context, builder, block, [_load(builder, pointer) for pointer in pointers])

    return block(a, rows, r, first, n, col), codegen


@intrinsic(prefer_literal=True)
def add_rows(_typing: Any, a: Any, rows: Any, r: Any, first: Any, n: Any, col: Any, values: Any) -> Any:
    """a[rows[r, first + k], col : col + LANES] += values[k], k in order: a row that is named twice gets both."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = _rows(context, builder, sig, args, values.n)
        for pointer, value in zip(pointers, _unpack(builder, args[6], values.n)):
            _store(builder, pointer, builder.fadd(_load(builder, pointer), value))
        return context.get_dummy_value()

    return types.void(a, rows, r, first, n, col, values), codegen


@intrinsic(prefer_literal=True)
def splats(_typing: Any, a: Any, row: Any, col: Any, n: Any) -> Any:
    """Block whose vector k has every lane equal to a[row, col + k]; a : float32[:, ::1]."""
    block = Block(n.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (_int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        first = _pointer(context, builder, sig.args[0], args[0], row, col, block.n)
        scalars = [builder.load(builder.gep(first, [col.type(k)])) for k in range(block.n)]
        return _pack(context, builder, block, [_splat(context, builder, x, types.float32) for x in scalars])

    return block(a, row, col, n), codegen


def _pack(context: Any, builder: ir.IRBuilder, block: Block, vectors: list[ir.Value]) -> ir.Value:
    packed = ir.Constant(context.get_value_type(block), ir.Undefined)
    for k, value in enumerate(vectors):
        packed = builder.insert_value(packed, value, k)
    return packed


def _unpack(builder: ir.IRBuilder, block: ir.Value, n: int) -> list[ir.Value]:
    return [builder.extract_value(block, k) for k in range(n)]


@intrinsic
def fma(_typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c, rounded once."""
    return vec(a, b, c), lambda context, builder, sig, args: _fma(builder, *args)


@intrinsic
def fma_rows(_typing: Any, block: Any, x: Any, acc: Any) -> Any:
    """Block of block[k] * x + acc[k]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows, sums = _unpack(builder, args[0], block.n), _unpack(builder, args[2], block.n)
        return _pack(context, builder, block, [_fma(builder, row, args[1], s) for row, s in zip(rows, sums)])

    return block(block, x, acc), codegen


@intrinsic
def dot(_typing: Any, a: Any, b: Any, acc: Any) -> Any:
    """Vec of acc + sum over k of a[k] * b[k]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total = args[2]
        for x, y in zip(_unpack(builder, args[0], a.n), _unpack(builder, args[1], a.n)):
            total = _fma(builder, x, y, total)
        return total

    return vec(a, b, acc), codegen


@intrinsic
def hsum_pair(_typing: Any, a: Any, b: Any) -> Any:
    """Vec whose lane k is the sum of a[k]'s lanes and lane LANES/2 + k that of b[k]'s; other lanes are 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        missing: list[ir.Value | None] = [None] * (LANES // 2 - a.n)
        vectors = _unpack(builder, args[0], a.n) + missing + _unpack(builder, args[1], b.n) + missing
        for low, high in _transpose_steps():
            vectors = [_merge(builder, u, v, low, high) for u, v in zip(vectors[::2], vectors[1::2])]
        return vectors[0]

    return vec(a, b), codegen


@intrinsic
def hsum(_typing: Any, x: Any) -> Any:
    """Sum of a Vec's lanes, float32."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        signature = ir.FunctionType(_FLOAT, [_FLOAT, _VEC])
        function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.vector.reduce.fadd.v{LANES}f32")
        return builder.call(function, [_FLOAT(0.0), args[0]], fastmath=_FLAGS)

    return types.float32(x), codegen


def _merge(
    builder: ir.IRBuilder, u: ir.Value | None, v: ir.Value | None, low: list[int], high: list[int]
) -> ir.Value | None:
    """Fold u and v to half their partial sums each, side by side in one vector."""
    if u is None:
        return None
    other = ir.Constant(_VEC, None) if v is None else v
    return builder.fadd(_shuffle(builder, u, other, low), _shuffle(builder, u, other, high), flags=_FLAGS)


def _transpose_steps() -> list[tuple[list[int], list[int]]]:
    """Lane numbers (v's lanes follow u's) of each folding step: within quads first (one cheap instruction), then across."""
    steps = []
    for low, high in (((0, LANES, 1, LANES + 1), (2, LANES + 2, 3, LANES + 3)), ((0, 1, LANES, LANES + 1), (2, 3, LANES + 2, LANES + 3))):
        steps.append(tuple([q + lane for q in range(0, LANES, 4) for lane in half] for half in (low, high)))
    segment = LANES // 4  # quads that still have to be folded into one
    while segment > 1:
        quads = [q for q in range(LANES // 2) if q % segment < segment // 2]  # u's quads, then v's
        halves = ([4 * (q + shift) + lane for q in quads for lane in range(4)] for shift in (0, segment // 2))
        steps.append(tuple(halves))
        segment //= 2
    return steps


def _operator(python_operator: Callable[..., Any], instruction: str) -> None:
    """Make a Python operator work on Vec with Vec or scalar."""

    @intrinsic
    def emit(_typing: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            a, b = (x if isinstance(t, Vec) else _splat(context, builder, x, t) for x, t in zip(args, sig.args))
            if instruction in ("minnum", "maxnum"):
                name = f"llvm.{instruction}.v{LANES}f32"
                function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_VEC, [_VEC, _VEC]), name)
                return builder.call(function, [a, b], fastmath=("nnan",))
            return getattr(builder, instruction)(a, b, flags=_FLAGS)

        return vec(a, b), codegen

    def operate(a: Any, b: Any) -> Any:
        return emit(a, b)

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
