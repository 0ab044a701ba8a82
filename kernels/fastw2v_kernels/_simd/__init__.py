"""SIMD values for CPU kernels: all that kernels need of SIMD is imported from here.

A `Vec` is LANES float32 values that LLVM keeps in one register; a `Block` is `n` of them, `n` a compile-time constant.
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
from fastw2v_kernels._simd.ir import LANES, N_REGISTERS
from fastw2v_kernels._simd.memory import (
    add_rows,
    copy_ids,
    exchange,
    load,
    load_rows,
    load_strip,
    prefetch,
    prefetch_element,
    prefetch_rows,
    prefetch_strip,
    rows_of,
    splats,
    store,
    store_strip,
)
from fastw2v_kernels._simd.shape import SLOTS, Shape, single, tail
from fastw2v_kernels._simd.types import Block, Rows, Vec

__all__ = [
    "LANES",
    "N_REGISTERS",
    "SLOTS",
    "Block",
    "Rows",
    "Shape",
    "Vec",
    "add_rows",
    "copy_ids",
    "dot",
    "exchange",
    "fma_rows",
    "hsum",
    "hsum_pair",
    "hsum_single",
    "load",
    "load_rows",
    "load_strip",
    "prefetch",
    "prefetch_element",
    "prefetch_rows",
    "prefetch_strip",
    "rows_above",
    "rows_of",
    "single",
    "splat",
    "splats",
    "store",
    "store_strip",
    "tail",
    "zero_strip",
    "zero_tile",
    "zeros",
]
