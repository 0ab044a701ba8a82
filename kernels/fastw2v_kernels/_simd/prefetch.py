"""Prefetches: each asks for cache lines that are read later, and waits for none of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numba.core import types

from fastw2v_kernels._simd import ir as emit
from fastw2v_kernels._simd.ir import LANES, intrinsic
from fastw2v_kernels._simd.memory import strip_of, tile_of

_LINE = 16  # floats in a cache line


@intrinsic
def prefetch(_typing: Any, a: Any, row: Any, col: Any) -> Any:
    """Prefetch the cache line of a[row, col]; a : float32[:, ::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row, col = (emit.int64(context, builder, args[i], sig.args[i]) for i in (1, 2))
        emit.prefetch(builder, emit.pointer(context, builder, sig.args[0], args[0], row, col, 1))
        return context.get_dummy_value()

    return types.void(a, row, col), codegen


def _prefetch_element(cache: int, where: str) -> Any:
    @intrinsic
    def prefetch_element(_typing: Any, a: Any, slot: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            slot = emit.int64(context, builder, args[1], sig.args[1])
            emit.prefetch(builder, emit.element(context, builder, sig.args[0], args[0], slot, 1), cache)
            return context.get_dummy_value()

        return types.void(a, slot), codegen

    prefetch_element.__doc__ = f"Prefetch the cache line of a[slot]{where}; a : a contiguous one-dimensional array."
    return prefetch_element


def _lines(builder: Any, strips: Iterable[Any], col: Any, n_strip: int, cache: int) -> None:
    """Prefetch the lines that begin in strips of `n_strip` vectors; `strips` are their addresses at column `col`.

    So the strips of a row prefetch each of its lines once, where a line has several vectors.
    """
    width = n_strip * LANES
    skipped = builder.and_(builder.neg(col), col.type(_LINE - 1)) if LANES < _LINE else col.type(0)
    for strip in strips:
        for offset in range(0, width, _LINE):
            first = builder.add(skipped, col.type(offset))
            address = builder.gep(strip, [first])
            if offset + _LINE - LANES < width:  # however many columns are skipped
                emit.prefetch(builder, address, cache)
            else:
                with builder.if_then(builder.icmp_signed("<", first, col.type(width))):
                    emit.prefetch(builder, address, cache)


def _prefetch_strip(cache: int, where: str) -> Any:
    @intrinsic
    def prefetch_strip(_typing: Any, a: Any, row: Any, col: Any, shape: Any) -> Any:
        n_strip = shape.shape.n_strip

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            strips = strip_of(context, builder, sig, args, n_strip)[:1]
            _lines(builder, strips, emit.int64(context, builder, args[2], sig.args[2]), n_strip, cache)
            return context.get_dummy_value()

        return types.void(a, row, col, shape), codegen

    prefetch_strip.__doc__ = f"Prefetch the strip of a[row] from `col` on{where}; a : float32[:, ::1]."
    return prefetch_strip


def _prefetch_rows(cache: int, where: str) -> Any:
    @intrinsic
    def prefetch_rows(_typing: Any, rows: Any, col: Any, shape: Any) -> Any:
        n_strip = shape.shape.n_strip

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            strips = tile_of(context, builder, rows, args[0], args[1], sig.args[1], n_strip)[:: max(n_strip, 1)]
            _lines(builder, strips, emit.int64(context, builder, args[1], sig.args[1]), n_strip, cache)
            return context.get_dummy_value()

        return types.void(rows, col, shape), codegen

    prefetch_rows.__doc__ = f"Prefetch a strip of every row from column `col` on{where}."
    return prefetch_rows


# Into the second cache a prefetch waits for no place among the few lines that may be on their way to the first.
_FAR = " into the second cache"
prefetch_element, prefetch_far_element = (
    _prefetch_element(emit.FIRST_CACHE, ""),
    _prefetch_element(emit.SECOND_CACHE, _FAR),
)
prefetch_strip, prefetch_far_strip = _prefetch_strip(emit.FIRST_CACHE, ""), _prefetch_strip(emit.SECOND_CACHE, _FAR)
prefetch_rows, prefetch_far_rows = _prefetch_rows(emit.FIRST_CACHE, ""), _prefetch_rows(emit.SECOND_CACHE, _FAR)
