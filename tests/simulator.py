"""Additions to Numba's CUDA simulator: lanes that exchange values, blocks that wait without spinning, shared arrays."""

import sys
import threading
from types import SimpleNamespace

import numpy as np

from fastw2v_kernels._jit import cuda as cuda_jit

WARP = 32
_SECONDS = 60  # a lane that never comes to a meeting is an error on the GPU too


class Meeting:
    """Where a number of threads exchange values."""

    def __init__(self, n_threads):
        self.barrier, self._n_exchanges = threading.Barrier(n_threads), [0] * n_threads
        self._values = [None] * n_threads, [None] * n_threads

    def exchange(self, place, value):
        """Return the values of all threads, by place."""
        # Two lists in turn: who is fast writes to the other, and does not come back to this one before all have read.
        values = self._values[self._n_exchanges[place] % 2]
        self._n_exchanges[place] += 1
        values[place] = value
        self.barrier.wait(_SECONDS)
        return values


class RunningKernel:
    """What kernels and their helpers see as `cuda`: the launch that is under way.

    The simulator swaps it into a function's module at each call, which two threads in two helpers undo for each other.
    """

    def __getattr__(self, name):
        from numba.cuda.simulator import kernel

        return getattr(kernel._get_kernel_context(), name)


def exchange(value):
    """Return the values of the lanes of this thread's warp."""
    thread = threading.current_thread()
    warp, lane = divmod(thread.thread_id, WARP)
    return thread._manager.warps[warp].exchange(lane, value)


_asking = threading.Lock()


def shared_array(memory, shape, dtype, *, alignment=None):
    """The array of a block for the line that asks. The simulator's own gives two where two threads ask at once."""
    caller = sys._getframe(1)
    with _asking:
        return memory._allocations.setdefault((caller.f_code.co_filename, caller.f_lineno), np.empty(shape, dtype))


PRIMITIVES = {
    "syncthreads": lambda cuda: threading.current_thread()._manager.barrier.wait(_SECONDS),
    "shfl_xor_sync": lambda cuda, mask, value, lanes: exchange(value)[cuda.laneid ^ lanes],
    "shfl_sync": lambda cuda, mask, value, source: exchange(value)[source],
    "ballot_sync": lambda cuda, mask, predicate: sum(bool(p) << lane for lane, p in enumerate(exchange(predicate))),
    "syncwarp": lambda cuda: exchange(None),
    "any_sync": lambda cuda, mask, predicate: any(exchange(predicate)),
}


LIBDEVICE = SimpleNamespace(
    float_as_int=lambda value: np.float32(value).view(np.int32),
    int_as_float=lambda bits: np.int32(bits).view(np.float32),
)


def run_block(manager, grid_point, *args):
    """Run the threads of a block to their end, and raise an exception of one of them."""
    from numba.cuda.simulator.kernel import BlockThread

    places = list(np.ndindex(*manager._block_dim))
    meetings = manager.warps = [Meeting(WARP) for _ in range(len(places) // WARP)]
    manager.barrier = threading.Barrier(len(places))
    errors = []

    def run_thread():
        try:
            with np.errstate(all="ignore"):  # NumPy warns where processors wrap around or give NaN
                manager._f(*args)
        except Exception as error:
            errors.append(error)
            for barrier in (manager.barrier, *(meeting.barrier for meeting in meetings)):
                barrier.abort()

    threads = [BlockThread(run_thread, manager, grid_point, place, debug=False) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def install():
    """Add to the simulator the primitives that kernels use."""
    from numba.cuda.simulator import kernel, kernelapi

    for name, primitive in PRIMITIVES.items():
        setattr(kernelapi.FakeCUDAModule, name, primitive)
    kernelapi.FakeCUDAModule.libdevice = LIBDEVICE
    kernelapi.FakeCUDAShared.array = shared_array
    kernel.BlockManager.run = run_block
    cuda_jit.cuda = RunningKernel()
    cuda_jit.inline_cuda = lambda function: function
    sys.setswitchinterval(1e-4)  # threads wait for one another all the time
