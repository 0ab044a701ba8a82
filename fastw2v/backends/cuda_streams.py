"""Queues of a GPU, and memory of the host that it copies from while it computes; in the simulator all is at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels._jit import gpu_memory

Array = npt.NDArray[Any]


class SimulatedStream:
    """A queue whose work is done when it is asked for; its own event."""

    def record(self, event: object = None) -> SimulatedStream:
        """Return the event of all work so far."""
        return self

    def wait_event(self, event: object) -> None:
        """Wait on the device: nothing is under way."""

    def synchronize(self) -> None:
        """Wait on the host: nothing is under way."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def new_stream() -> Any:  # noqa: ANN401 - CuPy is not there for the type checker
    """Return a queue of the current GPU that waits for no other."""
    return SimulatedStream() if gpu.IS_SIMULATED else gpu.array_module().cuda.Stream(non_blocking=True)


def recorded(stream: Any) -> Any:  # noqa: ANN401
    """Return an event that comes when the stream has done all that it was given; who waits for it sleeps."""
    if gpu.IS_SIMULATED:
        return stream.record()
    return stream.record(gpu.array_module().cuda.Event(block=True, disable_timing=True))


def wait_for_caller(stream: Any) -> None:  # noqa: ANN401
    """Let the device begin a stream's work after all that the caller's current stream was given so far."""
    if not gpu.IS_SIMULATED:
        stream.wait_event(recorded(gpu.array_module().cuda.get_current_stream()))


def to_device(values: Array) -> Array:
    """Copy an array of the host in the current stream; CuPy's `array` would pin as much of the host's memory first."""
    xp = gpu.array_module()
    if gpu.IS_SIMULATED:
        return xp.array(values)  # type: ignore[no-any-return]
    there = xp.empty(values.shape, values.dtype)
    there.set(values)
    return there  # type: ignore[no-any-return]


def give_back(stream: Any) -> None:  # noqa: ANN401
    """Let CuPy's pools return what a stream's arrays on the current GPU, and copies from the host, have left free."""
    if not gpu.IS_SIMULATED:
        cupy = gpu.array_module()
        gpu_memory.give_back(cupy, stream)
        cupy.get_default_pinned_memory_pool().free_all_blocks()


class Staging:
    """An array on the device, and its twin in pinned memory of the host; both grow when they must.

    Parameters
    ----------
    dtype : dtype
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._host = self._device = np.empty(0, self._dtype)

    def reserve(self, n: int) -> None:
        """Make room for `n` elements. The device must be done with those there are."""
        if n > len(self._host):
            self._host = self._device = np.empty(0, self._dtype)  # before the new ones are made
            room = n + n // 8
            gpu.require_memory(room * self._dtype.itemsize, f"room for {n:,} tokens or sentences of the corpus")
            self._host = _pinned(room, self._dtype)
            self._device = gpu.array_module().empty(room, self._dtype)
            gpu.synchronize()  # CuPy lends anew what is freed; kernels of this stream may still use it

    def send(self, values: Array, stream: Any) -> Array:  # noqa: ANN401
        """Copy values to the device, in the order of `stream`; return them there."""
        host, device = self._host[: len(values)], self._device[: len(values)]
        host[:] = values
        if gpu.IS_SIMULATED:
            device[:] = host
        else:
            device.set(host, stream=stream)  # type: ignore[attr-defined]
        return device


def _pinned(n: int, dtype: np.dtype[Any]) -> Array:
    """Return an array of the host's that the GPU can copy from by itself."""
    if gpu.IS_SIMULATED:
        return np.empty(n, dtype)
    memory = gpu.array_module().cuda.alloc_pinned_memory(n * dtype.itemsize)
    return np.frombuffer(memory, dtype, n)
