"""CUDA streams, and pinned memory for copies that run while the GPU computes. The simulator does all work at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import Array
from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels._jit import gpu_memory


class SimulatedStream:
    """A stream whose work is done at once; it is its own event."""

    def record(self, event: object = None) -> SimulatedStream:
        """Return the event after all work so far."""
        return self

    def wait_event(self, event: object) -> None:
        """Wait on the device: no work is pending."""

    def synchronize(self) -> None:
        """Wait on the host: no work is pending."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def new_stream() -> Any:  # noqa: ANN401 - CuPy is not there for the type checker
    """Return a stream of the current GPU that does not wait for other streams."""
    return SimulatedStream() if gpu.IS_SIMULATED else gpu.array_module().cuda.Stream(non_blocking=True)


def recorded(stream: Any) -> Any:  # noqa: ANN401
    """Return an event after all work that the stream has been given; a host thread that waits for it sleeps."""
    if gpu.IS_SIMULATED:
        return stream.record()
    return stream.record(gpu.array_module().cuda.Event(block=True, disable_timing=True))


def wait_for_caller(stream: Any) -> None:  # noqa: ANN401
    """Make the stream wait, on the device, for all work of CuPy's current stream so far."""
    if not gpu.IS_SIMULATED:
        stream.wait_event(recorded(gpu.array_module().cuda.get_current_stream()))


def to_device(values: Array) -> Array:
    """Copy a host array to the GPU in the current stream."""
    xp = gpu.array_module()
    if gpu.IS_SIMULATED:
        return xp.array(values)  # type: ignore[no-any-return]
    there = xp.empty(values.shape, values.dtype)
    there.set(values)  # `cupy.array` would first make a copy of the same size in pinned memory
    return there  # type: ignore[no-any-return]


def free_pools(stream: Any) -> None:  # noqa: ANN401
    """Let CuPy return its free memory to the system: that of the stream, and all pinned memory."""
    if not gpu.IS_SIMULATED:
        cupy = gpu.array_module()
        gpu_memory.give_back(cupy, stream)
        cupy.get_default_pinned_memory_pool().free_all_blocks()


class StagingBuffer:
    """An array on the device and one of the same size in pinned host memory, through which values are copied.

    Parameters
    ----------
    dtype : dtype
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._host = self._device = np.empty(0, self._dtype)

    def reserve(self, n: int) -> None:
        """Make room for `n` elements. The device must have finished with the values sent before.

        Raises
        ------
        MemoryError
            The device has too little memory left.
        """
        if n > len(self._host):
            self._host = self._device = np.empty(0, self._dtype)  # free the old arrays before the new ones are made
            room = n + n // 8
            gpu.require_memory(room * self._dtype.itemsize, f"room for {n:,} tokens or sentences of the corpus")
            self._host = _pinned(room, self._dtype)
            self._device = gpu.array_module().empty(room, self._dtype)
            gpu.synchronize()  # the new array may be memory that kernels of this stream still use

    def send(self, values: Array, stream: Any) -> Array:  # noqa: ANN401
        """Copy values to the device in `stream`, and return the array there."""
        host, device = self._host[: len(values)], self._device[: len(values)]
        host[:] = values
        if gpu.IS_SIMULATED:
            device[:] = host
        else:
            device.set(host, stream=stream)  # type: ignore[attr-defined]
        return device


def _pinned(n: int, dtype: np.dtype[Any]) -> Array:
    """Return an array in pinned host memory, from which the GPU copies without the host's help."""
    if gpu.IS_SIMULATED:
        return np.empty(n, dtype)
    memory = gpu.array_module().cuda.alloc_pinned_memory(n * dtype.itemsize)
    return np.frombuffer(memory, dtype, n)
