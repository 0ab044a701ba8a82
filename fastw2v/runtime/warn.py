"""Warnings that point at the user's line of code, not at a line of this package."""

from __future__ import annotations

import os
import sys
import warnings

_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_IMPORT_SYSTEM = "<frozen importlib."  # `warnings.warn` does not count these frames either


def warn_user(message: str, category: type[Warning] = RuntimeWarning) -> None:
    """Give a warning at the innermost line outside this package."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_PACKAGE, _IMPORT_SYSTEM)):
        level += not frame.f_code.co_filename.startswith(_IMPORT_SYSTEM)
        frame = frame.f_back
    warnings.warn(message, category, stacklevel=level)
