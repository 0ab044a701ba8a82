"""Names of devices, and the device of an array. "cuda" is the GPU that CuPy uses, "cuda:1" is GPU 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from fastw2v_kernels._jit import cuda as gpu

TO_HOST = "copy it to the host (ids.get() of CuPy, ids.cpu() of PyTorch)"
_HOST_MEMORY = (1, 3)  # DLPack's device types for host memory, plain and pinned for CUDA
_GPU_MEMORY = (2, 13)  # DLPack's device types for CUDA memory, plain and managed


def is_cuda(device: object) -> bool:
    """Whether this is the name of a GPU; its number may still be invalid."""
    return isinstance(device, str) and device.partition(":")[0] == "cuda"


def gpu_index(device: str) -> int | None:
    """Return the number in the name of a GPU; None for "cuda".

    Raises
    ------
    ValueError
        The text after "cuda:" is not a number.
    """
    _, colon, index = device.partition(":")
    if not (index if colon else "0").isdecimal():
        raise ValueError(f'device is {device!r}; expected "cuda", or "cuda:0" and so on')
    return int(index) if colon else None


def current_device() -> int:
    """Return the number of the GPU that CuPy uses in this thread."""
    return 0 if gpu.IS_SIMULATED else int(gpu.array_module().cuda.Device().id)


@contextmanager
def on_device(index: int) -> Iterator[None]:
    """Use this GPU within the block: new arrays and streams are made there."""
    with nullcontext() if gpu.IS_SIMULATED else gpu.array_module().cuda.Device(index):
        yield


def is_on_gpu(x: object) -> bool:
    """Whether this is a CuPy array; CuPy is not imported to find out."""
    return not isinstance(x, np.ndarray) and gpu.is_device_array(x)


def gpu_of(x: Any) -> int:  # noqa: ANN401
    """Return the number of the GPU on which a CuPy array lies."""
    return int(x.data.device_id)


def as_cupy(x: Any) -> Any:  # noqa: ANN401 - whatever array library made it
    """Return an array in GPU memory as a CuPy array that shares its memory; return anything else unchanged.

    Raises
    ------
    CudaUnavailableError
        The array lies on a GPU that cannot be used; the message says why.
    """
    if isinstance(x, np.ndarray) or is_on_gpu(x) or not _has_gpu_memory(x):
        return x
    reason = gpu.cuda_status()
    if reason is not None:
        raise gpu.CudaUnavailableError(
            f"a {type(x).__name__} lies on a GPU, which cannot be used: {reason}; or copy it to the host before"
        )
    cupy = gpu.array_module()
    # DLPack first: it makes CuPy's stream wait for the other library's. PyTorch's array interface names no stream.
    return cupy.from_dlpack(x) if _is_on_gpu_by_dlpack(x) else cupy.asarray(x)


def as_shared_array(x: Any) -> Any:  # noqa: ANN401
    """Return an array of another library as a CuPy or NumPy array that shares its memory.

    Arrays in GPU memory become CuPy's, arrays in host memory NumPy's. Anything that does not support DLPack or
    ``__cuda_array_interface__`` is returned unchanged.

    Raises
    ------
    CudaUnavailableError
        The array lies on a GPU that cannot be used; the message says why.
    TypeError
        The array lies on a device that is neither the host nor a CUDA GPU.
    """
    x = as_cupy(x)
    if isinstance(x, np.ndarray) or is_on_gpu(x) or not hasattr(x, "__dlpack_device__"):
        return x
    kind = x.__dlpack_device__()[0]
    if kind not in _HOST_MEMORY:
        raise TypeError(
            f"a {type(x).__name__} lies on a device of DLPack's kind {int(kind)}; expected the host or CUDA: copy it "
            "to the host before"
        )
    return np.from_dlpack(x)


def _has_gpu_memory(x: object) -> bool:
    return _is_on_gpu_by_dlpack(x) or hasattr(x, "__cuda_array_interface__")


def _is_on_gpu_by_dlpack(x: Any) -> bool:  # noqa: ANN401
    return hasattr(x, "__dlpack_device__") and x.__dlpack_device__()[0] in _GPU_MEMORY
