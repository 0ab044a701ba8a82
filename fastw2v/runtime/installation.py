"""A check of the installation: the package and its kernels must come from the same place."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.util import find_spec

from fastw2v.runtime.warn import warn_user


def warn_of_other_kernels(package: str, kernels: str) -> None:
    """Give a RuntimeWarning if the kernels that would be imported come from another installation.

    Nothing is imported. Installed by pip, both lie in one folder; in a checkout, the kernels lie in its folder
    ``kernels``.

    Parameters
    ----------
    package : path
        Folder of the package.
    kernels : str
        Name of the package of kernels.
    """
    found = None
    with suppress(ValueError):  # a module without a spec, as debuggers and tests make them
        found = find_spec(kernels)
    if found is None or found.origin is None:
        return  # the import of the kernels raises the error
    there, parent = os.path.dirname(os.path.realpath(found.origin)), os.path.dirname(os.path.realpath(package))
    if there not in (os.path.join(parent, kernels), os.path.join(parent, "kernels", kernels)):
        name = os.path.basename(package)
        warn_user(
            f"{name} is imported from {package}, but its kernels from {os.path.dirname(found.origin)}: two versions "
            "are mixed. Run in the checkout: pip install -e .   or set the path to the checkout and its kernels: "
            f"PYTHONPATH={parent}{os.pathsep}{os.path.join(parent, 'kernels')}"
        )
