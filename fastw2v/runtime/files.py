"""Files to read and write: checks before the work begins, and atomic writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastw2v.runtime.drafts import draft_of, replace


def writable_target(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file to write, with links resolved.

    Raises
    ------
    FileNotFoundError
        The folder does not exist.
    PermissionError
        The folder cannot be written to.
    OSError
        The path is a folder, a pipe or a device.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {target.parent} does not exist; make it first (nothing was written)")
    try:
        is_other = target.exists() and not target.is_file()
    except OSError as error:  # the name is too long
        raise _with_cure(error, path) from error
    if is_other:
        raise OSError(f"{path} is not a regular file; give the name of a file (nothing was written)")
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(f"the folder {target.parent} cannot be written to; choose another (nothing was written)")
    return target


def check_writable(path: str | os.PathLike[str]) -> Path:
    """Make and delete a file where `atomic_write` would, so that what fails then fails before hours of work.

    Returns
    -------
    Path
        With links resolved.

    Raises
    ------
    OSError
        As `writable_target`; or no file can be made, since the name is too long, or the disk is full or read-only.
    """
    target = writable_target(path)
    try:
        with draft_of(target):
            return target
    except OSError as error:
        raise _with_cure(error, path) from error


def _with_cure(error: OSError, path: str | os.PathLike[str]) -> OSError:
    flaw = f"{error.strerror}; choose another name or folder (nothing was written)"
    return type(error)(error.errno, flaw, str(path))


def writable_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder for files if it does not exist, and return its path.

    Raises
    ------
    FileNotFoundError
        The folder that it lies in does not exist.
    PermissionError
        The folder cannot be written to, or made.
    OSError
        The path is a file.
    """
    folder = Path(os.path.realpath(path))
    if not folder.is_dir():
        if folder.exists():
            raise OSError(f"{path} is a file; give the name of a folder (nothing was written)")
        writable_target(path)
        folder.mkdir()
    writable_target(folder / "file")
    return folder


@contextmanager
def atomic_write(path: str | os.PathLike[str], previous: Path | None = None) -> Iterator[Path]:
    """Write a file whole or not at all.

    The block writes to the path it is given, a new name in the same folder. When the block ends, that file replaces
    `path`, whose mode it has. If the block fails, the new file is deleted and the old one is unchanged. Files that
    killed processes left while they wrote the same `path` are deleted. A file that cannot be renamed, such as a mount
    point, is written in place.

    Parameters
    ----------
    path : path
    previous : Path, optional
        Where the old file goes. Default: nowhere.

    Raises
    ------
    FileNotFoundError, PermissionError, OSError
        As `writable_target`.
    """
    target = writable_target(path)
    with draft_of(target) as draft:
        yield draft
        replace(draft, target, previous)


def existing_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file to read.

    Raises
    ------
    IsADirectoryError, FileNotFoundError, OSError
        The path is a folder, or does not exist, or is a pipe or a device, which may have no end.
    ValueError
        The file is empty.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (looked in {Path.cwd()}); check the name")
    if not path.is_file():
        raise OSError(f"{path} is a pipe or a device; write its content to a file, and give the name of that")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty; save or download it again")
    return path
