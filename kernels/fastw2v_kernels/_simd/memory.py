"""Loads and stores of SIMD values.

They bypass Numba's bounds check, so with NUMBA_BOUNDSCHECK=1 they check their own accesses.
"""

from __future__ import annotations

from typing import Any

from numba.core import types

from fastw2v_kernels._simd import ir as emit
from fastw2v_kernels._simd.ir import LANES, intrinsic
from fastw2v_kernels._simd.types import Rows, Vecs, vec


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
def load_strip(_typing: Any, a: Any, row: Any, col: Any, shape: Any) -> Any:
    """Vecs of the shape.n_strip vectors of a[row] from `col` on; a : float32[:, ::1]."""
    vecs = Vecs(shape.shape.n_strip)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = strip_of(context, builder, sig, args, vecs.n)
        return emit.pack(builder, context.get_value_type(vecs), [emit.load(builder, p) for p in pointers])

    return vecs(a, row, col, shape), codegen


@intrinsic
def store_strip(_typing: Any, a: Any, row: Any, col: Any, vecs: Any) -> Any:
    """Write a Vecs to a[row] from `col` on; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = strip_of(context, builder, sig, args, vecs.n)
        for pointer, value in zip(pointers, emit.unpack(builder, args[3], vecs.n)):
            emit.store(builder, pointer, value)
        return context.get_dummy_value()

    return types.void(a, row, col, vecs), codegen


def strip_of(context: Any, builder: Any, sig: Any, args: Any, n: int) -> list[Any]:
    """Addresses of `n` vectors of a[row] from `col` on; a, row, col : the first arguments."""
    row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
    first = emit.pointer(context, builder, sig.args[0], args[0], row, col, n * LANES)
    return emit.vectors_from(builder, first, n)


@intrinsic
def copy_ids(_typing: Any, to: Any, to_slot: Any, source: Any, slot: Any) -> Any:
    """to[to_slot : to_slot + LANES] = source[slot : slot + LANES]; to, source : int32[::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        places = []
        for k in (0, 2):
            slot = emit.int64(context, builder, args[k + 1], sig.args[k + 1])
            first = emit.element(context, builder, sig.args[k], args[k], slot, LANES)
            places.append(builder.bitcast(first, emit.VEC.as_pointer()))
        emit.store(builder, places[0], emit.load(builder, places[1]))
        return context.get_dummy_value()

    return types.void(to, to_slot, source, slot), codegen


@intrinsic
def rows_of(_typing: Any, a: Any, ids: Any, r: Any, first: Any, shape: Any) -> Any:
    """Rows ids[r, first : first + shape.n_tile] of a; a : float32[:, ::1], ids : int[:, ::1]."""
    rows = Rows(shape.shape.n_tile)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        r, first = (emit.int64(context, builder, args[i], sig.args[i]) for i in (2, 3))
        slots = [builder.add(first, first.type(k)) for k in range(rows.n)]
        entries = [emit.pointer(context, builder, sig.args[1], args[1], r, slot, 1) for slot in slots]
        return _rows_at(context, builder, rows, sig, args, entries)

    return rows(a, ids, r, first, shape), codegen


@intrinsic
def pair_of(_typing: Any, a: Any, ids: Any, first: Any) -> Any:
    """Rows ids[first] and ids[first + 1] of a; a : float32[:, ::1], ids : int[::1]."""
    rows = Rows(2)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        first = emit.int64(context, builder, args[2], sig.args[2])
        slots = [builder.add(first, first.type(k)) for k in range(rows.n)]
        entries = [emit.element(context, builder, sig.args[1], args[1], slot, 1) for slot in slots]
        return _rows_at(context, builder, rows, sig, args, entries)

    return rows(a, ids, first), codegen


def _rows_at(context: Any, builder: Any, rows: Rows, sig: Any, args: Any, entries: list[Any]) -> Any:
    """The rows of a whose numbers are at these addresses in ids; a, ids : the first arguments."""
    a_ty, ids_ty = sig.args[:2]
    numbers = [emit.int64(context, builder, builder.load(entry), ids_ty.dtype) for entry in entries]
    pointers = [emit.pointer(context, builder, a_ty, args[0], row, row.type(0), 0) for row in numbers]
    return emit.pack(builder, context.get_value_type(rows), [*pointers, emit.n_cols(context, builder, a_ty, args[0])])


def tile_of(context: Any, builder: Any, rows: Rows, value: Any, col: Any, col_ty: Any, n_strip: int) -> list[Any]:
    """Addresses of `n_strip` vectors of every row from column `col` on, row after row."""
    *pointers, n_cols = emit.unpack(builder, value, rows.n + 1)
    col = emit.int64(context, builder, col, col_ty)
    emit.check(context, builder, col, n_strip * LANES, n_cols, "column")
    return [p for row in pointers for p in emit.vectors_from(builder, builder.gep(row, [col]), n_strip)]


@intrinsic
def load_rows(_typing: Any, rows: Any, col: Any, shape: Any) -> Any:
    """Vecs of a strip of every row from column `col` on, row after row."""
    vecs = Vecs(rows.n * shape.shape.n_strip)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = tile_of(context, builder, rows, args[0], args[1], sig.args[1], shape.shape.n_strip)
        vectors = [emit.load(builder, pointer) for pointer in pointers]
        return emit.pack(builder, context.get_value_type(vecs), vectors)

    return vecs(rows, col, shape), codegen


@intrinsic
def add_rows(_typing: Any, rows: Any, col: Any, values: Any) -> Any:
    """Add a Vecs to a strip of every row, one row after the other: a row that is listed twice gets both sums."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = tile_of(context, builder, rows, args[0], args[1], sig.args[1], values.n // rows.n)
        for pointer, value in zip(pointers, emit.unpack(builder, args[2], values.n)):
            emit.store(builder, pointer, builder.fadd(emit.load(builder, pointer), value))
        return context.get_dummy_value()

    return types.void(rows, col, values), codegen


@intrinsic
def store_rows(_typing: Any, rows: Any, col: Any, values: Any) -> Any:
    """Write a Vecs to a strip of every row, the last first: of a row that is listed twice, the first values stay."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = tile_of(context, builder, rows, args[0], args[1], sig.args[1], values.n // rows.n)
        for pointer, value in reversed(list(zip(pointers, emit.unpack(builder, args[2], values.n)))):
            emit.store(builder, pointer, value)
        return context.get_dummy_value()

    return types.void(rows, col, values), codegen


@intrinsic
def fma_both(_typing: Any, a: Any, row: Any, col: Any, tile: Any, x: Any, move: Any, grads: Any, shape: Any) -> Any:
    """(move[j] + sum over k of c[k] * tile[k, j], grads[k, j] + c[k] * x[j]) with c = a[row, col : col + n_tile]."""
    result = types.Tuple((move, grads))

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        first = emit.pointer(context, builder, sig.args[0], args[0], row, col, shape.shape.n_tile)
        tile, x, moves, sums = (emit.unpack(builder, args[i], sig.args[i].n) for i in (3, 4, 5, 6))
        for k in range(shape.shape.n_tile):
            if len(x) > 1:
                emit.barrier(builder)  # one c has a register; LLVM would load all of them, unroll, and spill
            coef = emit.splat(context, builder, builder.load(builder.gep(first, [col.type(k)])), types.float32)
            for j, vector in enumerate(x):
                moves[j] = emit.fma(builder, coef, tile[k * len(x) + j], moves[j])
                sums[k * len(x) + j] = emit.fma(builder, coef, vector, sums[k * len(x) + j])
        values = [emit.pack(builder, context.get_value_type(ty), v) for ty, v in zip(result, (moves, sums))]
        return context.make_tuple(builder, result, values)

    return result(a, row, col, tile, x, move, grads, shape), codegen


@intrinsic
def fma_two(_typing: Any, rows: Any, pair: Any, col: Any, sums: Any, others: Any) -> Any:
    """(sums[k] + rows[k] * pair[0], others[k] + rows[k] * pair[1]) for the vector of every row at column `col`.

    The rows are loaded one after the other, each into the same register.
    """
    result = types.Tuple((sums, others))

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        tiles = zip(sig.args[:2], args[:2])
        pointers, both = (tile_of(context, builder, ty, x, args[2], sig.args[2], 1) for ty, x in tiles)
        vectors = [emit.load(builder, pointer) for pointer in both]
        totals = [emit.unpack(builder, args[i], rows.n) for i in (3, 4)]
        for k, pointer in enumerate(pointers):
            emit.barrier(builder)
            row = emit.load(builder, pointer)
            for total, vector in zip(totals, vectors):
                total[k] = emit.fma(builder, row, vector, total[k])
        values = [emit.pack(builder, context.get_value_type(ty), v) for ty, v in zip(result, totals)]
        return context.make_tuple(builder, result, values)

    return result(rows, pair, col, sums, others), codegen


@intrinsic
def keep_rolled(_typing: Any) -> Any:
    """Keep LLVM from unrolling the loop around this: one that makes few turns, of a number that cannot be predicted."""

    def codegen(context: Any, builder: Any, _sig: Any, _args: Any) -> Any:
        emit.barrier(builder)
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def splats(_typing: Any, a: Any, row: Any, col: Any, shape: Any) -> Any:
    """Vecs whose vector k < shape.n_tile has every lane equal to a[row, col + k]; a : float32[:, ::1]."""
    vecs = Vecs(shape.shape.n_tile)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        first = emit.pointer(context, builder, sig.args[0], args[0], row, col, vecs.n)
        scalars = [builder.load(builder.gep(first, [col.type(k)])) for k in range(vecs.n)]
        return emit.pack(
            builder, context.get_value_type(vecs), [emit.splat(context, builder, x, types.float32) for x in scalars]
        )

    return vecs(a, row, col, shape), codegen
