"""Files that are read and written: atomic writes, and errors with their cure before the work begins."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def writable_target(path: str | os.PathLike[str]) -> Path:
    """Path of a file to write; an error with the cure if its folder is missing or closed, or it is no file."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {target.parent} does not exist; make it first (nothing was written)")
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is not a regular file; give the name of a file (nothing was written)")
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(f"the folder {target.parent} cannot be written to; choose another (nothing was written)")
    return target


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a new path in the same folder to write to, and move it to `path` when the block ends without an error.

    Raises
    ------
    FileNotFoundError
        The folder does not exist.
    OSError
        `path` is something else than a file.
    """
    target = writable_target(path)
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        yield draft
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def existing_file(path: str | os.PathLike[str]) -> Path:
    """Path of a file to read; an error with the cure if it is missing, a folder or empty."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (looked in {Path.cwd()}); check the name")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty; save or download it again")
    return path
