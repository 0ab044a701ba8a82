"""Loads, stores and prefetches of SIMD values.

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
        pointers = _strip_of(context, builder, sig, args, vecs.n)
        return emit.pack(builder, context.get_value_type(vecs), [emit.load(builder, p) for p in pointers])

    return vecs(a, row, col, shape), codegen


@intrinsic
def store_strip(_typing: Any, a: Any, row: Any, col: Any, vecs: Any) -> Any:
    """Write a Vecs to a[row] from `col` on; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = _strip_of(context, builder, sig, args, vecs.n)
        for pointer, value in zip(pointers, emit.unpack(builder, args[3], vecs.n)):
            emit.store(builder, pointer, value)
        return context.get_dummy_value()

    return types.void(a, row, col, vecs), codegen


@intrinsic
def prefetch(_typing: Any, a: Any, row: Any, col: Any) -> Any:
    """Prefetch the cache line of a[row, col]; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        emit.prefetch(builder, emit.pointer(context, builder, sig.args[0], args[0], row, col, 1))
        return context.get_dummy_value()

    return types.void(a, row, col), codegen


@intrinsic
def prefetch_element(_typing: Any, a: Any, slot: Any) -> Any:
    """Prefetch the cache line of a[slot]; a : a contiguous one-dimensional array."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        slot = emit.int64(context, builder, args[1], sig.args[1])
        emit.prefetch(builder, emit.element(context, builder, sig.args[0], args[0], slot, 1))
        return context.get_dummy_value()

    return types.void(a, slot), codegen


@intrinsic
def prefetch_strip(_typing: Any, a: Any, row: Any, col: Any, shape: Any) -> Any:
    """Prefetch the strip of a[row] from `col` on; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        for pointer in _strip_of(context, builder, sig, args, shape.shape.n_strip):
            emit.prefetch(builder, pointer)
        return context.get_dummy_value()

    return types.void(a, row, col, shape), codegen


@intrinsic
def prefetch_far_strip(_typing: Any, a: Any, row: Any, col: Any, shape: Any) -> Any:
    """Prefetch the strip of a[row] from `col` on into the second cache; a : float32[:, ::1].

    It waits for no place among the few lines that may be on their way to the first cache.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        for pointer in _strip_of(context, builder, sig, args, shape.shape.n_strip):
            emit.prefetch(builder, pointer, emit.SECOND_CACHE)
        return context.get_dummy_value()

    return types.void(a, row, col, shape), codegen


def _strip_of(context: Any, builder: Any, sig: Any, args: Any, n: int) -> list[Any]:
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


def _tile_of(context: Any, builder: Any, rows: Rows, value: Any, col: Any, col_ty: Any, n_strip: int) -> list[Any]:
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
        pointers = _tile_of(context, builder, rows, args[0], args[1], sig.args[1], shape.shape.n_strip)
        vectors = [emit.load(builder, pointer) for pointer in pointers]
        return emit.pack(builder, context.get_value_type(vecs), vectors)

    return vecs(rows, col, shape), codegen


@intrinsic
def add_rows(_typing: Any, rows: Any, col: Any, values: Any) -> Any:
    """Add a Vecs to a strip of every row, one row after the other: a row that is listed twice gets both sums."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = _tile_of(context, builder, rows, args[0], args[1], sig.args[1], values.n // rows.n)
        for pointer, value in zip(pointers, emit.unpack(builder, args[2], values.n)):
            emit.store(builder, pointer, builder.fadd(emit.load(builder, pointer), value))
        return context.get_dummy_value()

    return types.void(rows, col, values), codegen


@intrinsic
def store_rows(_typing: Any, rows: Any, col: Any, values: Any) -> Any:
    """Write a Vecs to a strip of every row, the last first: of a row that is listed twice, the first values stay."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = _tile_of(context, builder, rows, args[0], args[1], sig.args[1], values.n // rows.n)
        for pointer, value in reversed(list(zip(pointers, emit.unpack(builder, args[2], values.n)))):
            emit.store(builder, pointer, value)
        return context.get_dummy_value()

    return types.void(rows, col, values), codegen


def _prefetch_rows(cache: int, where: str) -> Any:
    @intrinsic
    def prefetch_rows(_typing: Any, rows: Any, col: Any, shape: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            n_strip = shape.shape.n_strip
            for pointer in _tile_of(context, builder, rows, args[0], args[1], sig.args[1], n_strip):
                emit.prefetch(builder, pointer, cache)
            return context.get_dummy_value()

        return types.void(rows, col, shape), codegen

    prefetch_rows.__doc__ = f"Prefetch a strip of every row from column `col` on{where}."
    return prefetch_rows


prefetch_rows = _prefetch_rows(emit.FIRST_CACHE, "")
prefetch_far_rows = _prefetch_rows(emit.SECOND_CACHE, " into the second cache")


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
def fma_two(_typing: Any, rows: Any, col: Any, x: Any, y: Any, sums: Any, others: Any) -> Any:
    """(sums[k] + rows[k] * x, others[k] + rows[k] * y) of the vector of every row at column `col`; x, y : Vec.

    The rows are loaded one after the other, each into the same register.
    """
    result = types.Tuple((sums, others))

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointers = _tile_of(context, builder, rows, args[0], args[1], sig.args[1], 1)
        totals = [emit.unpack(builder, args[i], rows.n) for i in (4, 5)]
        for k, pointer in enumerate(pointers):
            emit.barrier(builder)
            row = emit.load(builder, pointer)
            for total, vector in zip(totals, args[2:4]):
                total[k] = emit.fma(builder, row, vector, total[k])
        values = [emit.pack(builder, context.get_value_type(ty), v) for ty, v in zip(result, totals)]
        return context.make_tuple(builder, result, values)

    return result(rows, col, x, y, sums, others), codegen


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
