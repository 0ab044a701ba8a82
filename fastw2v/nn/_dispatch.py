"""Which device a layer runs on, and the operations of a device: the one place that maps names to functions."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.nn import config
from fastw2v.nn._arrays import require_current_device, to_gpu
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.devices import gpu_index, is_cuda, is_on_gpu
from fastw2v_kernels._jit import cuda as gpu

Array = npt.NDArray[Any]

logger = logging.getLogger("fastw2v")
DEVICES = ("auto", "cpu", "cuda", "reference")
_OF_LAYERS = ("embedding", "embedding_backward", "dot_sigmoid_loss", "dot_sigmoid_loss_backward", "unigram_sampler")
_OF_UPDATES = ("adam", "sparse_adam", "unique_rows")


def resolve(device: str, *arrays: Array) -> str:
    """Return "cpu", "cuda" or "reference" for a device's name.

    Parameters
    ----------
    device : str
        "cpu": compiled kernels. "cuda": the GPU that CuPy uses, "cuda:1" a certain one, which CuPy then uses.
        "reference": plain NumPy, as the book has it. "auto": "cuda" for CuPy's arrays, or where there are
        no arrays yet if `config.GPU` is set and there is a GPU; else "cpu" for contiguous float32 arrays, the
        reference for any other.
    *arrays : ndarray
        What the device is to change in place.

    Raises
    ------
    ValueError
        The device is unknown, or cannot take one of the arrays.
    TypeError
        An array lies in the other memory.
    CudaUnavailableError
        The device is "cuda", and cannot be used; the message says why.
    """
    if is_cuda(device) or (device == "auto" and _wants_gpu(arrays)):
        return _resolve_cuda(device, arrays)
    if device not in DEVICES:
        raise ValueError(f"device is {device!r}; expected one of {', '.join(map(repr, DEVICES))}")
    if any(map(is_on_gpu, arrays)):
        raise TypeError(f'device is "{device}" and an array lies on the GPU; pass to_cpu(array), or device="cuda"')
    unfit = next((array for array in arrays if not fits_kernels(array)), None)
    if device == "reference" or unfit is None:
        return "reference" if device == "reference" else "cpu"
    layout = f"{unfit.dtype}{'' if unfit.flags.c_contiguous else ', not contiguous'}"
    if device == "cpu":
        cure = 'pass np.ascontiguousarray(W, np.float32), or device="reference"'
        raise ValueError(f'device is "cpu" and an array is {layout}; its kernels take contiguous float32 alone: {cure}')
    logger.info('device "auto": the NumPy reference, because an array is %s', layout)
    return "reference"


def _wants_gpu(arrays: tuple[Array, ...]) -> bool:
    """Whether "auto" takes the GPU: arrays are there, or none is anywhere yet and the book's switch finds a GPU."""
    if any(map(is_on_gpu, arrays)):
        return True
    reason = gpu.cuda_status() if config.GPU else None
    if config.GPU and reason is None and arrays:
        reason = "an array lies in the host's memory, where it is changed in place; pass to_gpu(array)"
    if reason is not None:
        _say_no_gpu(reason)
    return config.GPU and reason is None


@cache
def _say_no_gpu(reason: str) -> None:
    logger.warning('config.GPU is True, and device "auto" takes the CPU all the same: %s', reason)


def _resolve_cuda(device: str, arrays: tuple[Array, ...]) -> str:
    """Return "cuda"; the arrays must lie there, since what is trained is changed in place."""
    index = gpu_index(device)
    gpu.require_cuda(index)
    if index is not None:
        gpu.use_device(index)
    for array in arrays:
        if not gpu.is_device_array(array):
            raise TypeError('device is "cuda" and an array lies in the host\'s memory; pass to_gpu(array)')
        require_current_device(array, "an array")
        if not fits_kernels(array):
            layout = f"{array.dtype}{'' if array.flags.c_contiguous else ', not contiguous'}"
            raise ValueError(f'device is "cuda" and an array is {layout}; its kernels take contiguous float32 alone')
    return "cuda"


def device_of(array: Array) -> str:
    """Return the device whose kernels work on this array where it lies: "cpu", "cuda" or "reference"."""
    if not fits_kernels(array):
        return "reference"
    return "cuda" if is_on_gpu(array) else "cpu"


def fits_kernels(array: Array) -> bool:
    """Whether kernels can work on this array in place: float32, row after row."""
    return bool(array.dtype == np.float32 and array.flags.c_contiguous)


@cache
def operation(name: str, device: str) -> Callable[..., None]:
    """Return an operation's function on a device, as ``fastw2v_kernels`` has it, compiled on a case of its own."""
    folder = import_module(f"fastw2v_kernels.{name}")
    function: Callable[..., None] = getattr(import_module(f"{folder.__name__}.{device}"), f"{name}_{device}")
    case = folder.OP.make_case(np.random.default_rng(0), 1)
    if device == "cuda":
        case = {key: to_gpu(value) if isinstance(value, np.ndarray) else value for key, value in case.items()}
    with log_compilation(f"the kernel {name}"):
        function(**case)
    return function


def warmup() -> float:
    """Compile the kernels of layers and optimizers, or load them from the cache, and return the seconds that took."""
    begun = time.perf_counter()
    for name in _OF_LAYERS + _OF_UPDATES:
        operation(name, "cpu")
    return time.perf_counter() - begun
