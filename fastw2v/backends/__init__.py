"""Devices: `get_backend` is the one place that decides where training runs."""

from __future__ import annotations

import logging

from fastw2v.backends.base import Backend, LossBackend, Tally, TrainingData
from fastw2v.config import FastTextConfig, TrainConfig
from fastw2v.runtime.devices import gpu_index, is_cuda

__all__ = [
    "Backend",
    "LossBackend",
    "Tally",
    "TrainingData",
    "check_config",
    "check_device",
    "get_backend",
    "loss_backend",
]

logger = logging.getLogger("fastw2v")


def check_device(device: str) -> None:
    """Raise what `get_backend` would raise, without making a backend."""
    if is_cuda(device):
        from fastw2v_kernels._jit.cuda import require_cuda

        require_cuda(gpu_index(device))
    elif device not in ("auto", "cpu"):
        raise ValueError(f'device is {device!r}; expected "auto", "cpu" or "cuda" ("cuda:1": a certain GPU)')


def check_config(config: TrainConfig) -> None:
    """Check the device, and whether it can train with these options, before the corpus is read.

    Raises
    ------
    ValueError
        The device is unknown, or it is a GPU and the window is too large for it, or training is to be deterministic.
    CudaUnavailableError
        As in `get_backend`.
    """
    if config.deterministic and is_cuda(config.device):
        raise ValueError(
            f'deterministic=True with device={config.device!r}: a GPU adds moves in any order; pass device="cpu", or '
            "deterministic=False"
        )
    if config.deterministic and config.hs:
        cure = "pass workers=1, which repeats its bits without it, or hs=0"
        raise ValueError(f"deterministic=True with hs=1: there are no such kernels for hierarchical softmax; {cure}")
    if isinstance(config, FastTextConfig) and config.deterministic and config.n_workers > 1:
        raise ValueError(
            f"deterministic=True with {config.n_workers} workers: FastText gives the same bits with one alone; pass "
            "workers=1, or deterministic=False"
        )
    check_device(config.device)
    if is_cuda(config.device):
        from fastw2v.backends.cuda_plan import check_window
        from fastw2v.runtime.devices import current_device, on_device

        index = gpu_index(config.device)
        with on_device(current_device() if index is None else index):
            check_window(config)


def get_backend(device: str, *, deterministic: bool = False, n_tokens: int | None = None) -> Backend:
    """Return the backend of a device.

    Parameters
    ----------
    device : "auto", "cpu", "cuda" or "cuda:N"
        "auto" is the CPU; that choice is logged. "cuda" is the GPU that CuPy uses, "cuda:1" is GPU 1.
    deterministic : bool
        Whether the results must not depend on the number of workers; see `check_config` for a GPU.
    n_tokens : int, optional
        Tokens in the corpus. A small one is trained by one worker in any case.

    Raises
    ------
    ValueError
        The device is unknown.
    CudaUnavailableError
        There is no such GPU, or it cannot be used; the message says why.

    Examples
    --------
    >>> get_backend("cpu").name
    'cpu'
    """
    check_device(device)
    from fastw2v.backends.cpu import is_small

    if device == "auto":
        logger.info('device "auto": training on the CPU; to train on a GPU, pass device="cuda"')
    if deterministic and not (n_tokens is not None and is_small(n_tokens)):
        from fastw2v.backends.cpu_batched import BatchedCpuBackend

        return BatchedCpuBackend()
    return loss_backend(device)


def loss_backend(device: str) -> LossBackend:
    """Return the backend of a device that measures losses; raises as `get_backend`."""
    check_device(device)
    if is_cuda(device):
        from fastw2v.backends.cuda import CudaBackend

        return CudaBackend(gpu_index(device))
    from fastw2v.backends.cpu import CpuBackend

    return CpuBackend()
