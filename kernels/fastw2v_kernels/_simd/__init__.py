"""SIMD values for CPU kernels. Kernels import from here, not from the modules of this package.

A `Vec` is LANES float32 values that LLVM keeps in one register. A `Vecs` is `n` of them, and `n` is a compile-time
constant. A *strip* is the piece of one row that is in registers at a time, shape.n_strip vectors; a *tile* is a strip
of each of several rows. Kernels are ordinary Python over these values: arithmetic operators work on them, and the
functions here load, store and combine them. Loops that LLVM vectorises by itself run at less than half the speed, since
they reduce each dot product separately and spill sums to memory.
"""

from fastw2v_kernels._simd.arithmetic import (
    dot,
    fma_rows,
    hsum,
    hsum_pair,
    hsum_single,
    rows_above,
    splat,
    zero_strip,
    zero_tile,
    zeros,
)
from fastw2v_kernels._simd.barrier import wait_for_all
from fastw2v_kernels._simd.ir import LANES, N_REGISTERS
from fastw2v_kernels._simd.memory import (
    add_rows,
    copy_ids,
    fma_both,
    fma_two,
    keep_rolled,
    load,
    load_rows,
    load_strip,
    pair_of,
    rows_of,
    splats,
    store,
    store_rows,
    store_strip,
)
from fastw2v_kernels._simd.prefetch import (
    prefetch,
    prefetch_element,
    prefetch_far_element,
    prefetch_far_rows,
    prefetch_far_strip,
    prefetch_rows,
    prefetch_strip,
)
from fastw2v_kernels._simd.shape import HALF_LANES, Shape, single, small_tile, tail, whole_row
from fastw2v_kernels._simd.types import Rows, Vec, Vecs

__all__ = [
    "HALF_LANES",
    "LANES",
    "N_REGISTERS",
    "Rows",
    "Shape",
    "Vec",
    "Vecs",
    "add_rows",
    "copy_ids",
    "dot",
    "fma_both",
    "fma_rows",
    "fma_two",
    "hsum",
    "hsum_pair",
    "hsum_single",
    "keep_rolled",
    "load",
    "load_rows",
    "load_strip",
    "pair_of",
    "prefetch",
    "prefetch_element",
    "prefetch_far_element",
    "prefetch_far_rows",
    "prefetch_far_strip",
    "prefetch_rows",
    "prefetch_strip",
    "rows_above",
    "rows_of",
    "single",
    "small_tile",
    "splat",
    "splats",
    "store",
    "store_rows",
    "store_strip",
    "tail",
    "wait_for_all",
    "whole_row",
    "zero_strip",
    "zero_tile",
    "zeros",
]
