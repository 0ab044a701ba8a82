"""Devices of layers and models: which one `device` names, and the compiled operations of each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from importlib import import_module

import numpy as np

from fastw2v.nn import config
from fastw2v.nn.arrays import require_current_device, to_gpu
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.devices import gpu_index, is_cuda, is_on_gpu
from fastw2v.runtime.stopwatch import seconds_of
from fastw2v_kernels._jit import cuda as gpu

logger = logging.getLogger("fastw2v")
DEVICES = ("auto", "cpu", "cuda", "reference")
_LAYER_OPERATIONS = (
    "embedding",
    "embedding_backward",
    "dot_sigmoid_loss",
    "dot_sigmoid_loss_backward",
    "unigram_sampler",
)
_UPDATE_OPERATIONS = ("adam", "sparse_adam", "unique_rows")


def resolve(device: str, *arrays: Array) -> str:
    """Choose the device for some arrays: "cpu", "cuda" or "reference".

    Parameters
    ----------
    device : str
        - "cpu": compiled kernels.
        - "cuda": the current GPU of CuPy. "cuda:1" makes GPU 1 the current one.
        - "reference": plain NumPy, as in the book.
        - "auto": "cuda" for arrays on the GPU; also for no arrays, if `config.GPU` is True and there is a GPU. Else
          "cpu" for contiguous float32 arrays, and "reference" for all other arrays.
    *arrays : ndarray
        Arrays that the device changes in place.

    Raises
    ------
    ValueError
        The device is unknown, or its kernels cannot work on one of the arrays.
    TypeError
        An array is in host memory and the device is a GPU, or the other way round.
    CudaUnavailableError
        The device is "cuda" and cannot be used; the message says why.
    """
    if is_cuda(device) or (device == "auto" and _wants_gpu(arrays)):
        return _resolve_cuda(device, arrays)
    if device not in DEVICES:
        raise ValueError(f"device is {device!r}; expected one of {', '.join(map(repr, DEVICES))}")
    if any(map(is_on_gpu, arrays)):
        raise TypeError(f'device is "{device}" and an array is on the GPU; pass to_cpu(array), or device="cuda"')
    unfit = next((array for array in arrays if not fits_kernels(array)), None)
    if device == "reference" or unfit is None:
        return "reference" if device == "reference" else "cpu"
    layout = f"{unfit.dtype}{'' if unfit.flags.c_contiguous else ', not contiguous'}"
    if device == "cpu":
        cure = 'pass np.ascontiguousarray(W, np.float32), or device="reference"'
        raise ValueError(f'device is "cpu" and an array is {layout}; its kernels take contiguous float32 only: {cure}')
    logger.info('device "auto": the NumPy reference, because an array is %s', layout)
    return "reference"


def _wants_gpu(arrays: tuple[Array, ...]) -> bool:
    """Whether "auto" means the GPU: an array is there, or there is no array yet and `config.GPU` finds a GPU."""
    if any(map(is_on_gpu, arrays)):
        return True
    reason = gpu.cuda_status() if config.GPU else None
    if config.GPU and reason is None and arrays:
        reason = "an array is in host memory, where it is changed in place; pass to_gpu(array)"
    if reason is not None:
        _warn_without_gpu(reason)
    return config.GPU and reason is None


@cache
def _warn_without_gpu(reason: str) -> None:
    """Log a reason once."""
    logger.warning('config.GPU is True, but device "auto" uses the CPU: %s', reason)


def _resolve_cuda(device: str, arrays: tuple[Array, ...]) -> str:
    """Return "cuda"; the arrays must be there, because training changes them in place."""
    index = gpu_index(device)
    gpu.require_cuda(index)
    if index is not None:
        gpu.use_device(index)
    for array in arrays:
        if not gpu.is_device_array(array):
            raise TypeError('device is "cuda" and an array is in host memory; pass to_gpu(array)')
        require_current_device(array, "an array")
        if not fits_kernels(array):
            layout = f"{array.dtype}{'' if array.flags.c_contiguous else ', not contiguous'}"
            raise ValueError(f'device is "cuda" and an array is {layout}; its kernels take contiguous float32 only')
    return "cuda"


def device_of(array: Array) -> str:
    """Return the device whose kernels can work on this array in place: "cpu", "cuda" or "reference"."""
    if not fits_kernels(array):
        return "reference"
    return "cuda" if is_on_gpu(array) else "cpu"


def fits_kernels(array: Array) -> bool:
    """Whether kernels can work on this array in place: it is float32 in C order."""
    return bool(array.dtype == np.float32 and array.flags.c_contiguous)


@cache
def operation(name: str, device: str) -> Callable[..., None]:
    """Return ``<name>_<device>`` of ``fastw2v_kernels.<name>``, compiled by a call on the operation's test case."""
    folder = import_module(f"fastw2v_kernels.{name}")
    function: Callable[..., None] = getattr(import_module(f"{folder.__name__}.{device}"), f"{name}_{device}")
    case = folder.OP.make_case(np.random.default_rng(0), 1)
    if device == "cuda":
        case = {key: to_gpu(value) if isinstance(value, np.ndarray) else value for key, value in case.items()}
    with log_compilation(f"the kernel {name}"):
        function(**case)
    return function


def warmup() -> float:
    """Compile the CPU kernels of layers and optimizers now instead of at their first use.

    Compiled kernels are cached on disk, so later processes only load them.

    Returns
    -------
    float
        Seconds that it took.

    Examples
    --------
    >>> from fastw2v.nn import warmup
    >>> seconds = warmup()
    """
    names = _LAYER_OPERATIONS + _UPDATE_OPERATIONS
    return seconds_of(lambda: [operation(name, "cpu") for name in names])
