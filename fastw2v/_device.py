"""Names of devices: "cuda" is the GPU that CuPy uses, "cuda:1" a certain one."""

from __future__ import annotations


def is_cuda(device: object) -> bool:
    """Whether this names a GPU, rightly or wrongly."""
    return isinstance(device, str) and device.partition(":")[0] == "cuda"


def gpu_index(device: str) -> int | None:
    """Return the number in the name of a GPU; None where it has none.

    Raises
    ------
    ValueError
        What follows "cuda:" is no number.
    """
    _, colon, index = device.partition(":")
    if not (index if colon else "0").isdecimal():
        raise ValueError(f'device is {device!r}; expected "cuda", or "cuda:0" and so on')
    return int(index) if colon else None
