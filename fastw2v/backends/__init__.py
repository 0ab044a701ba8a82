"""Devices: `get_backend` is the one place that decides where training runs."""

from __future__ import annotations

import logging

from fastw2v.backends.base import Backend, Tally, Weights

__all__ = ["Backend", "Tally", "Weights", "check_device", "get_backend"]

logger = logging.getLogger("fastw2v")


def check_device(device: str) -> None:
    """Raise, before the work is begun, what `get_backend` would raise."""
    if device not in ("auto", "cpu"):
        raise ValueError(f'device is {device!r}; this version trains on the CPU alone: expected "auto" or "cpu"')


def get_backend(device: str) -> Backend:
    """Return the backend of a device.

    Parameters
    ----------
    device : "auto" or "cpu"
        "auto" takes the CPU, and logs so.

    Raises
    ------
    ValueError
        The device is unknown or has no trainer.
    """
    check_device(device)
    from fastw2v.backends.cpu import CpuBackend

    if device == "auto":
        logger.info('device "auto": training on the CPU')
    return CpuBackend()
