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

from fastw2v._clock import announced
from fastw2v.nn import config

Array = npt.NDArray[Any]

logger = logging.getLogger("fastw2v")
DEVICES = ("auto", "cpu", "reference")
_OF_LAYERS = ("embedding", "embedding_backward", "dot_sigmoid_loss", "dot_sigmoid_loss_backward", "unigram_sampler")
_OF_UPDATES = ("adam", "sparse_adam", "unique_rows")


def resolve(device: str, *arrays: Array) -> str:
    """Return "cpu" or "reference" for a device's name.

    Parameters
    ----------
    device : str
        "cpu": compiled kernels. "reference": plain NumPy, as the book has it. "auto": kernels for float32 arrays, the
        reference for any other.
    *arrays : ndarray
        What the device is to change in place.

    Raises
    ------
    ValueError
        The device is unknown, not there in this version, or cannot take one of the arrays.
    """
    if device == "cuda" or (device == "auto" and config.GPU):
        raise ValueError(
            'device is "cuda"; this version runs on the CPU alone: use device="cpu" and config.GPU = False'
        )
    if device not in DEVICES:
        raise ValueError(f"device is {device!r}; expected one of {', '.join(map(repr, DEVICES))}")
    unfit = next((array for array in arrays if not fits_kernels(array)), None)
    if device == "reference" or unfit is None:
        return "reference" if device == "reference" else "cpu"
    layout = f"{unfit.dtype}{'' if unfit.flags.c_contiguous else ', not contiguous'}"
    if device == "cpu":
        cure = 'pass np.ascontiguousarray(W, np.float32), or device="reference"'
        raise ValueError(f'device is "cpu" and an array is {layout}; its kernels take contiguous float32 alone: {cure}')
    logger.info('device "auto": the NumPy reference, because an array is %s', layout)
    return "reference"


def fits_kernels(array: Array) -> bool:
    """Whether kernels can work on this array in place: float32, row after row."""
    return array.dtype == np.float32 and array.flags.c_contiguous


@cache
def operation(name: str, device: str) -> Callable[..., None]:
    """Return an operation's function on a device, as ``fastw2v_kernels`` has it, compiled on a case of its own."""
    folder = import_module(f"fastw2v_kernels.{name}")
    function: Callable[..., None] = getattr(import_module(f"{folder.__name__}.{device}"), f"{name}_{device}")
    with announced(f"the kernel {name}"):
        function(**folder.OP.make_case(np.random.default_rng(0), 1))
    return function


def warmup() -> float:
    """Compile the kernels of layers and optimizers, or load them from the cache, and return the seconds that took."""
    begun = time.perf_counter()
    for name in _OF_LAYERS + _OF_UPDATES:
        operation(name, "cpu")
    return time.perf_counter() - begun
