"""Pictures by Matplotlib, which is installed as an extra: checks before the work begins, and atomic writes."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from fastw2v.runtime.files import atomic_write, writable_target

_DPI = 120
_ENDINGS = ".png, .svg or .pdf"


def figure_class(purpose: str) -> Any:  # noqa: ANN401 - Matplotlib is optional
    """Return Matplotlib's Figure, which draws without a window.

    Parameters
    ----------
    purpose : str
        What needs it, for the message.

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"{purpose} needs matplotlib; install it with: pip install '.[plot]'") from error
    return Figure


def check_picture(path: str | PathLike[str], purpose: str) -> None:
    """Raise, before the work is done, if a picture cannot be written.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        It draws no file of this ending.
    OSError
        The file cannot be written.
    """
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in figure_class(purpose)().canvas.get_supported_filetypes():
        raise ValueError(f"{path}: the ending {Path(path).suffix!r} names no kind of picture; use {_ENDINGS}")
    writable_target(path)


def write_picture(figure: Any, path: str | PathLike[str]) -> None:  # noqa: ANN401
    """Write a figure in the format of the path's ending, whole or not at all."""
    with atomic_write(path) as draft:
        figure.savefig(draft, format=Path(path).suffix.lower()[1:], dpi=_DPI)
