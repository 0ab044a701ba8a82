"""Arrays on the host (NumPy) and on the GPU (CuPy): how they are made, moved and told apart."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import Array
from fastw2v.runtime.devices import as_cupy, is_on_gpu
from fastw2v_kernels._jit import cuda as gpu


def as_array(x: Any) -> Array:  # noqa: ANN401 - whatever array library made it
    """Return x as a CuPy array if it is in GPU memory, else as a NumPy array; an array is not copied."""
    x = as_cupy(x)
    return cast(Array, x) if is_on_gpu(x) else np.asarray(x)


def to_gpu(x: Any) -> Array:  # noqa: ANN401
    """Return x as a CuPy array on the current GPU, as the book's `to_gpu` does.

    Parameters
    ----------
    x : array_like
        A NumPy array, or an array on another GPU, is copied. An array that is on the current GPU already is not
        copied. It may come from any library with DLPack or ``__cuda_array_interface__``.

    Returns
    -------
    cupy.ndarray
        Shape and dtype of x.

    Raises
    ------
    CudaUnavailableError
        There is no usable GPU; the message says why.
    MemoryError
        The GPU has too little free memory.

    Examples
    --------
    >>> from fastw2v.nn import to_cpu, to_gpu
    >>> on_gpu = to_gpu([1.0, 2.0])  # doctest: +SKIP
    >>> to_cpu(on_gpu)  # doctest: +SKIP
    array([1., 2.])
    """
    gpu.require_cuda()
    array = as_array(x)
    if not is_on_gpu(array):
        gpu.require_memory(array.nbytes, f"an array of shape {array.shape}")
    return gpu.array_module().asarray(array)  # type: ignore[no-any-return]


def to_cpu(x: Any) -> Array:  # noqa: ANN401
    """Return x as a NumPy array, as the book's `to_cpu` does.

    Parameters
    ----------
    x : array_like
        An array on the GPU is copied; a NumPy array is returned unchanged.

    Returns
    -------
    ndarray
        Shape and dtype of x.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import to_cpu
    >>> x = np.ones(3)
    >>> to_cpu(x) is x
    True
    """
    is_foreign = hasattr(x, "get") and not hasattr(x, "__array__")
    array = x if is_foreign else as_array(x)
    return array if isinstance(array, np.ndarray) else np.asarray(array.get())


def require_current_device(array: Any, what: str) -> None:  # noqa: ANN401
    """Raise ValueError if an array is on another GPU than CuPy's current one, on which results are made."""
    if not is_on_gpu(array):
        return
    device, current = array.data.device_id, gpu.array_module().cuda.runtime.getDevice()
    if device != current:
        raise ValueError(
            f"{what} lies on cuda:{device} and CuPy uses cuda:{current}; expected all arrays of a model on one GPU: "
            f"copy it with to_gpu, or call cupy.cuda.Device({device}).use() before"
        )


def empty(shape: int | tuple[int, ...], dtype: npt.DTypeLike, device: str) -> Array:
    """Return an uninitialised array in the memory of a device ("cpu", "cuda" or "reference")."""
    return gpu.array_module().empty(shape, dtype) if device == "cuda" else np.empty(shape, dtype)


def contiguous(x: Array, device: str, dtype: npt.DTypeLike | None = None) -> Array:
    """Return x in C order in the memory of a device; copy only if necessary."""
    module = gpu.array_module() if device == "cuda" else np
    return module.asarray(x, dtype, order="C")  # type: ignore[no-any-return]


def module_of(x: Array) -> Any:  # noqa: ANN401
    """Return the library of an array: the module cupy or numpy."""
    return gpu.array_module() if is_on_gpu(x) else np


def plain(x: Any) -> Array:  # noqa: ANN401
    """Return a view of an array without its subclass: numpy.ndarray or cupy.ndarray itself."""
    return x.view(type=module_of(x).ndarray)  # type: ignore[no-any-return]


def address(x: Any) -> int:  # noqa: ANN401
    """Return the address of an array's first element."""
    interface = x.__cuda_array_interface__ if is_on_gpu(x) else x.__array_interface__
    return int(interface["data"][0])
