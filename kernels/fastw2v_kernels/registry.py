"""The description of an operation: its name, how to make test cases, and which arrays it writes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Case = dict[str, Any]


@dataclass(frozen=True)
class Op:
    """One operation, implemented for each device with the same signature.

    Parameters
    ----------
    name : str
        Folder of the operation; its functions are `<name>_reference`, `<name>_cpu`, ...
    make_case : callable
        `make_case(rng, size)` gives the keyword arguments of one call; `size` is the case's characteristic length.
    outputs : callable
        `outputs(case)` gives the arrays, by name, that a call must fill completely. Tests fill them with NaN first.
    updates : tuple of str
        Arguments that a call changes in place, starting from their values.
    devices : tuple of str
        Devices with an implementation, apart from the reference: "cpu", "cuda".
    """

    name: str
    make_case: Callable[[np.random.Generator, int], Case]
    outputs: Callable[[Case], dict[str, np.ndarray]] = lambda case: {}
    updates: tuple[str, ...] = ()
    devices: tuple[str, ...] = ("cpu",)

    def implementation(self, device: str) -> Callable[..., Any]:
        """Return the function `<name>_<device>`.

        Parameters
        ----------
        device : str
            "reference", or one of `devices`.
        """
        module = importlib.import_module(f"fastw2v_kernels.{self.name}.{device}")
        return getattr(module, f"{self.name}_{device}")  # type: ignore[no-any-return]
