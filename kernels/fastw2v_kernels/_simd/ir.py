"""LLVM code for the SIMD values: addresses, loads, stores, shuffles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending
from numba.core import cgutils, config, types

from fastw2v_kernels._simd.instruction_set import INSTRUCTIONS, IS_FUSED

LANES, N_REGISTERS = INSTRUCTIONS.n_lanes, INSTRUCTIONS.n_registers

FLOAT = ir.FloatType()
VEC = ir.VectorType(FLOAT, LANES)
INT32 = ir.IntType(32)
BOUNDSCHECK = bool(config.BOUNDSCHECK)  # type: ignore[attr-defined]
FIRST_CACHE, SECOND_CACHE = 3, 2  # where a prefetch puts a line
FLAGS = ("reassoc", "contract", "nsz")


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Numba's decorator, for the type checker: kernels call the result without the typing context."""
    return extending.intrinsic(function)  # type: ignore[no-any-return]


def int64(context: Any, builder: ir.IRBuilder, value: ir.Value, ty: types.Type) -> ir.Value:
    return context.cast(builder, value, ty, types.int64)


def check(context: Any, builder: ir.IRBuilder, start: ir.Value, width: int, size: ir.Value, axis: str) -> None:
    """Raise IndexError unless 0 <= start and start + width <= size, when NUMBA_BOUNDSCHECK is set."""
    if not BOUNDSCHECK:
        return
    end = builder.add(start, start.type(width))
    outside = builder.or_(
        builder.icmp_signed("<", start, start.type(0)),
        builder.icmp_signed(">", end, size),
    )
    with builder.if_then(outside, likely=False):
        context.call_conv.return_user_exc(builder, IndexError, (f"SIMD access outside the array's {axis}s",))


def pointer(
    context: Any, builder: ir.IRBuilder, ty: types.Array, value: ir.Value, row: ir.Value, col: ir.Value, width: int
) -> ir.Value:
    """Address of element (row, col) of a C-contiguous matrix, `width` elements of which will be touched."""
    array = context.make_array(ty)(context, builder, value)
    n_rows, n_cols = cgutils.unpack_tuple(builder, array.shape)
    check(context, builder, row, 1, n_rows, "row")
    check(context, builder, col, width, n_cols, "column")
    return builder.gep(array.data, [builder.add(builder.mul(row, n_cols), col)])


def element(
    context: Any, builder: ir.IRBuilder, ty: types.Array, value: ir.Value, slot: ir.Value, width: int
) -> ir.Value:
    """Address of an element of a contiguous vector, `width` elements of which will be touched."""
    array = context.make_array(ty)(context, builder, value)
    (size,) = cgutils.unpack_tuple(builder, array.shape)
    check(context, builder, slot, width, size, "element")
    return builder.gep(array.data, [slot])


def n_cols(context: Any, builder: ir.IRBuilder, ty: types.Array, value: ir.Value) -> ir.Value:
    """Columns of a matrix."""
    return cgutils.unpack_tuple(builder, context.make_array(ty)(context, builder, value).shape)[1]


def load(builder: ir.IRBuilder, pointer: ir.Value) -> ir.Value:
    return builder.load(builder.bitcast(pointer, VEC.as_pointer()), align=4)


def store(builder: ir.IRBuilder, pointer: ir.Value, value: ir.Value) -> None:
    builder.store(value, builder.bitcast(pointer, VEC.as_pointer()), align=4)


def prefetch(builder: ir.IRBuilder, pointer: ir.Value, locality: int = FIRST_CACHE) -> None:
    """Prefetch the cache line at an address: into all caches, or into all but the first."""
    byte_pointer = ir.IntType(8).as_pointer()
    signature = ir.FunctionType(ir.VoidType(), [byte_pointer, INT32, INT32, INT32])
    function = cgutils.get_or_insert_function(builder.module, signature, "llvm.prefetch.p0i8")
    builder.call(function, [builder.bitcast(pointer, byte_pointer), INT32(0), INT32(locality), INT32(1)])


def barrier(builder: ir.IRBuilder) -> None:
    """Keep LLVM from moving loads across this point, and from unrolling the loop around it."""
    nothing = ir.InlineAsm(ir.FunctionType(ir.VoidType(), []), "", "", True)
    builder.call(nothing, [], attrs=("convergent", "nounwind"))


def vectors_from(builder: ir.IRBuilder, pointer: ir.Value, n: int) -> list[ir.Value]:
    """Addresses of the `n` vectors that follow one another from `pointer` on."""
    return [builder.gep(pointer, [ir.IntType(64)(LANES * k)]) for k in range(n)]


def splat(context: Any, builder: ir.IRBuilder, value: ir.Value, ty: types.Type) -> ir.Value:
    scalar = context.cast(builder, value, ty, types.float32)
    single = builder.insert_element(ir.Constant(VEC, ir.Undefined), scalar, INT32(0))
    return shuffle(builder, single, single, [0] * LANES)


def shuffle(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, lanes: list[int]) -> ir.Value:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT32, len(lanes)), lanes))


def fma(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
    name = f"llvm.{'fma' if IS_FUSED else 'fmuladd'}.v{LANES}f32"  # a missing instruction would be a call of libm
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(VEC, [VEC] * 3), name)
    return builder.call(function, [a, b, c])


def pack(builder: ir.IRBuilder, ty: ir.Type, values: list[ir.Value]) -> ir.Value:
    packed = ir.Constant(ty, ir.Undefined)
    for k, value in enumerate(values):
        packed = builder.insert_value(packed, value, k)
    return packed


def unpack(builder: ir.IRBuilder, vecs: ir.Value, n: int) -> list[ir.Value]:
    return [builder.extract_value(vecs, k) for k in range(n)]


def merge(
    builder: ir.IRBuilder, u: ir.Value | None, v: ir.Value | None, low: list[int], high: list[int]
) -> ir.Value | None:
    """Fold u and v to half their partial sums each, side by side in one vector."""
    if u is None:
        return None
    other = ir.Constant(VEC, None) if v is None else v
    return builder.fadd(shuffle(builder, u, other, low), shuffle(builder, u, other, high), flags=FLAGS)


def transpose_steps() -> list[tuple[list[int], list[int]]]:
    """Lane numbers of each folding step, v's after u's: first within quads (one cheap instruction), then across."""
    v = LANES
    within = [((0, v, 1, v + 1), (2, v + 2, 3, v + 3)), ((0, 1, v, v + 1), (2, 3, v + 2, v + 3))]
    quads = range(0, LANES, 4)
    steps = [([q + k for q in quads for k in low], [q + k for q in quads for k in high]) for low, high in within]
    segment = LANES // 4  # quads that still have to be folded into one
    while segment > 1:
        kept = [q for q in range(LANES // 2) if q % segment < segment // 2]  # u's quads, then v's
        low, high = ([4 * (q + shift) + k for q in kept for k in range(4)] for shift in (0, segment // 2))
        steps.append((low, high))
        segment //= 2
    return steps
