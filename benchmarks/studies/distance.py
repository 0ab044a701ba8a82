"""Measure the distance of two cores: the time until a cache line written by one core has reached the other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels._simd import ir as emit
from fastw2v_kernels.shared.array_types import Int64

N_TURNS = 200_000


@intrinsic
def _read(_typing: Any, a: Any) -> Any:  # noqa: ANN401 - Numba's own types
    """Read a[0] from memory shared with the other thread; a : int64[::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ANN401
        pointer = emit.element(context, builder, sig.args[0], args[0], context.get_constant(types.int64, 0), 1)
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(a), codegen


@intrinsic
def _write(_typing: Any, a: Any, value: Any) -> Any:  # noqa: ANN401
    """Write a[0] = value so that the other thread sees it; a : int64[::1]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ANN401
        pointer = emit.element(context, builder, sig.args[0], args[0], context.get_constant(types.int64, 0), 1)
        builder.store_atomic(context.cast(builder, args[1], sig.args[1], types.int64), pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(a, value), codegen


# The kernel cache sees changes in the package's sources, not here: after a change empty it.
@jit_cpu
def _alternate_kernel(shared: Int64, first: int, n_turns: int) -> None:
    for turn in range(first, 2 * n_turns, 2):
        while _read(shared) != turn:
            pass
        _write(shared, turn + 1)


def line_ns() -> float:
    """Nanoseconds that a cache line takes from one thread to another, on two cores."""
    shared = np.zeros(1, np.int64)
    _alternate_kernel(shared, 0, 0)
    with ThreadPoolExecutor(2) as pool:
        begun = time.perf_counter()
        for future in [pool.submit(_alternate_kernel, shared, first, N_TURNS) for first in (0, 1)]:
            future.result()
        return 1e9 * (time.perf_counter() - begun) / (2 * N_TURNS)


if __name__ == "__main__":
    print(f"a cache line takes from one core to another: {line_ns():.0f} ns")
