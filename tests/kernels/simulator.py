"""What Numba's CUDA simulator lacks: the primitives by which the lanes of a warp exchange values."""

import sys
import threading

import numpy as np

WARP = 32
_SECONDS = 60  # a lane that never comes is an error on the GPU too


class Warps:
    """A meeting point for each warp of a block."""

    def __init__(self):
        self._lock = threading.Lock()
        self._meetings = {}

    def exchange(self, value):
        """Return the values of all lanes, and the lane that asks."""
        warp, lane = divmod(threading.current_thread().thread_id, WARP)
        with self._lock:
            barrier, values = self._meetings.setdefault(warp, (threading.Barrier(WARP), [None] * WARP))
        values[lane] = value
        barrier.wait(_SECONDS)
        seen = list(values)
        barrier.wait(_SECONDS)
        return seen, lane


def install():
    """Add the primitives to the module that kernels see as `cuda`, and let threads behave like a GPU's."""
    from numba.cuda.simulator import kernel, kernelapi

    def exchange(module, value):
        return module.__dict__.setdefault("warps", Warps()).exchange(value)

    def shfl_xor_sync(module, _mask, value, lane_mask):
        values, lane = exchange(module, value)
        return values[lane ^ lane_mask]

    def shfl_sync(module, _mask, value, source):
        return exchange(module, value)[0][source]

    def ballot_sync(module, _mask, predicate):
        return sum(bool(value) << lane for lane, value in enumerate(exchange(module, predicate)[0]))

    def any_sync(module, _mask, predicate):
        return any(exchange(module, predicate)[0])

    def syncwarp(module, _mask=None):
        exchange(module, None)

    for primitive in (shfl_xor_sync, shfl_sync, ballot_sync, any_sync, syncwarp):
        setattr(kernelapi.FakeCUDAModule, primitive.__name__, primitive)

    run = kernel.BlockThread.run

    def run_quietly(thread):
        with np.errstate(all="ignore"):  # NumPy warns where processors wrap around or give NaN
            run(thread)

    kernel.BlockThread.run = run_quietly
    sys.setswitchinterval(1e-4)  # six times faster: threads wait for one another all the time
