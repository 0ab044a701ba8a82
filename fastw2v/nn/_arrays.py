"""Where arrays live: NumPy's in the host's memory, CuPy's on the GPU; what makes, moves and tells them apart."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.devices import as_cupy, is_on_gpu
from fastw2v_kernels._jit import cuda as gpu

Array = npt.NDArray[Any]


def as_array(x: Any) -> Array:  # noqa: ANN401 - whatever array library made it
    """Return x as a NumPy array, or as a CuPy array if its memory is the GPU's; neither is copied."""
    x = as_cupy(x)
    return cast(Array, x) if is_on_gpu(x) else np.asarray(x)


def to_gpu(x: Any) -> Array:  # noqa: ANN401
    """Return an array as CuPy's, on the GPU that CuPy uses now.

    Parameters
    ----------
    x : array
        NumPy's is copied there, and so is one of another GPU. One that is there already, of CuPy or of any library
        with ``__cuda_array_interface__`` or DLPack, keeps its memory.

    Raises
    ------
    CudaUnavailableError
        No GPU can be used; the message says why.
    MemoryError
        The GPU has too little memory left.
    """
    gpu.require_cuda()
    array = as_array(x)
    if not is_on_gpu(array):
        gpu.require_memory(array.nbytes, f"an array of shape {array.shape}")
    return gpu.array_module().asarray(array)  # type: ignore[no-any-return]


def to_cpu(x: Any) -> Array:  # noqa: ANN401
    """Return an array of a GPU as a NumPy array; a NumPy array is returned as it is."""
    is_foreign = hasattr(x, "get") and not hasattr(x, "__array__")
    array = x if is_foreign else as_array(x)
    return array if isinstance(array, np.ndarray) else np.asarray(array.get())


def require_current_device(array: Any, what: str) -> None:  # noqa: ANN401
    """Raise ValueError for an array on another GPU than the one that CuPy uses now, where results are made."""
    if not is_on_gpu(array):
        return
    device, current = array.data.device_id, gpu.array_module().cuda.runtime.getDevice()
    if device != current:
        raise ValueError(
            f"{what} lies on cuda:{device} and CuPy uses cuda:{current}; expected all arrays of a model on one GPU: "
            f"copy it with to_gpu, or call cupy.cuda.Device({device}).use() before"
        )


def empty(shape: int | tuple[int, ...], dtype: npt.DTypeLike, device: str) -> Array:
    """Return an array for a kernel of this device to write."""
    return gpu.array_module().empty(shape, dtype) if device == "cuda" else np.empty(shape, dtype)


def contiguous(x: Array, device: str, dtype: npt.DTypeLike | None = None) -> Array:
    """Return x row after row where the device has its arrays; a copy only if it is not so already."""
    module = gpu.array_module() if device == "cuda" else np
    return module.asarray(x, dtype, order="C")  # type: ignore[no-any-return]


def module_of(x: Array) -> Any:  # noqa: ANN401
    """Return the library that an array belongs to: CuPy or NumPy."""
    return gpu.array_module() if is_on_gpu(x) else np


def plain(x: Any) -> Array:  # noqa: ANN401
    """Return the same memory as an array of the library's own class."""
    return x.view(type=module_of(x).ndarray)  # type: ignore[no-any-return]


def address(x: Any) -> int:  # noqa: ANN401
    """Return where an array's memory begins."""
    interface = x.__cuda_array_interface__ if is_on_gpu(x) else x.__array_interface__
    return int(interface["data"][0])
