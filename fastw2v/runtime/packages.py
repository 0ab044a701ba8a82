"""Packages that are not installed with fastw2v: imported when they are used, refused with the cure when absent."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def optional_module(name: str, *, package: str, purpose: str) -> Any:  # noqa: ANN401 - modules without types
    """Import a module that may not be installed.

    Parameters
    ----------
    name : str
        Of the module.
    package : str
        What pip installs it by.
    purpose : str
        What needs it, for the message.

    Raises
    ------
    ImportError
        It is not installed; the message has the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"{purpose} needs the package {package}: pip install {package}") from error
