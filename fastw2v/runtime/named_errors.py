"""Errors that name the file they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike


@contextmanager
def errors_named(*paths: str | PathLike[str]) -> Iterator[None]:
    """Add the name of a file to each ValueError and TypeError of the block whose message names none of the files.

    Parameters
    ----------
    *paths : path
        The files that the block reads. None: errors stay as they are.

    Raises
    ------
    ValueError, TypeError
        Those of the block.

    Examples
    --------
    >>> with errors_named("sales.csv"):
    ...     raise ValueError("column 'item' lacks 1 values")
    Traceback (most recent call last):
    ValueError: sales.csv: column 'item' lacks 1 values
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        text = str(error)
        if not paths or any(str(path) in text for path in paths):
            raise
        names = str(paths[0]) if len(paths) == 1 else f"{paths[0]} (or one of {len(paths) - 1} more files)"
        if isinstance(error, UnicodeError):
            raise ValueError(f"{names}: {text}; save it as UTF-8") from error
        error.args = (f"{names}: {text}",)
        raise
