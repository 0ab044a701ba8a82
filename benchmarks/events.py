"""Time calls on a GPU by device events before and after each call, not by the clock.

Where the GPU finishes before the host has launched the rest of a call, the time is that of the launches. Calls are made
one after the other without waiting, as in training; the simulator has no events, and gives times of the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from fastw2v_kernels._jit import cuda as gpu

Call = Callable[[], object]


def seconds_of_calls(call: Call, n: int, setup: Call = lambda: None) -> list[float]:
    """Seconds of each of `n` calls on the current GPU, with `setup` before each of them, not timed."""
    if gpu.IS_SIMULATED:
        return [by_clock(call, setup) for _ in range(n)]
    cuda = gpu.array_module().cuda
    pairs = [(cuda.Event(), cuda.Event()) for _ in range(n)]
    for first, last in pairs:
        setup()
        first.record()
        call()
        last.record()
    gpu.synchronize()
    return [cuda.get_elapsed_time(first, last) / 1e3 for first, last in pairs]


def by_clock(call: Call, setup: Call = lambda: None) -> float:
    """Seconds of a call by the clock, without its setup."""
    setup()
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def gpu_name() -> str:
    """Name of the current GPU."""
    if gpu.IS_SIMULATED:
        return "simulator"
    runtime = gpu.array_module().cuda.runtime
    return str(runtime.getDeviceProperties(runtime.getDevice())["name"].decode())
