"""Drafts: the new file that an atomic write fills before it replaces the old one, and how it replaces it."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, which deletes no file that is open
    fcntl = None

logger = logging.getLogger("fastw2v")
_MOST_NAME_BYTES, _CUT_NAME_BYTES = 100, 80  # a draft's name has 18 more, and the limit of file systems is 255
_NO_RENAME = (errno.EBUSY, errno.EXDEV)  # the target is a mount point, as a file that a container is given


@contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """Make an empty file in the folder of the target, with the target's mode, and delete it when the block ends.

    Drafts that killed processes left of the same target are deleted first. Those of living processes are locked, and
    stay.
    """
    _clear(target)
    draft = target.with_name(f".{_stem(target)}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        if fcntl is None:
            os.close(descriptor)
        else:
            with contextlib.suppress(OSError):  # a file system without locks: no other process clears here
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        _set_mode(draft, target, also=stat.S_IWUSR)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
        if fcntl is not None:
            os.close(descriptor)


def replace(draft: Path, target: Path, previous: Path | None = None) -> None:
    """Let a complete draft replace the target, so that a power loss leaves one of them whole.

    Parameters
    ----------
    draft, target : Path
        In one folder.
    previous : Path, optional
        Where the old file goes.

    Raises
    ------
    OSError
        The target can be neither renamed nor written to; a note says where the new content is.
    """
    with open(draft, "rb+") as file:
        os.fsync(file.fileno())
    _set_mode(draft, target)
    if previous is not None and target.exists():
        _keep(target, previous)
    try:
        os.replace(draft, target)
    except OSError as error:
        if error.errno not in _NO_RENAME:
            raise
        _write_in_place(draft, target)
    _sync_folder(target.parent)


def _stem(target: Path) -> str:
    """Return the target's name; of a long one, the beginning and a hash."""
    name = os.fsencode(target.name)
    if len(name) <= _MOST_NAME_BYTES:
        return target.name
    return f"{name[:_CUT_NAME_BYTES].decode(errors='ignore')}-{hashlib.blake2b(name, digest_size=4).hexdigest()}"


def _clear(target: Path) -> None:
    """Delete the drafts of a target that no living process has locked."""
    pattern = re.compile(rf"\.{re.escape(_stem(target))}\.[0-9a-f]{{12}}\.tmp(\.rows)?")
    for name in filter(pattern.fullmatch, os.listdir(target.parent)):
        with contextlib.suppress(OSError):  # it is gone, or another user's
            if _is_abandoned(target.with_name(name)):
                os.unlink(target.with_name(name))
                logger.info("deleted %s, which a process that was killed had left", name)


def _is_abandoned(draft: Path) -> bool:
    """Whether no process holds the lock of a draft; OSError if one does, or if it cannot be told."""
    if fcntl is None:
        return True
    descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)


def _set_mode(draft: Path, target: Path, *, also: int = 0) -> None:
    """Give a draft the mode of the target, if there is one, and some bits more."""
    with contextlib.suppress(OSError):  # there is no target yet, or the file system has no modes
        draft.chmod(stat.S_IMODE(target.stat().st_mode) | also)


def _keep(target: Path, previous: Path) -> None:
    """Give a file a second name, which replaces what had it."""
    second = target.with_name(f".{_stem(target)}.{secrets.token_hex(6)}.tmp")
    try:
        try:
            os.link(target, second)
        except OSError:  # a file system without links
            shutil.copyfile(target, second)
        os.replace(second, previous)
    finally:
        second.unlink(missing_ok=True)


def _write_in_place(draft: Path, target: Path) -> None:
    """Copy a draft over a file that cannot be renamed; until the copy is complete, the draft has a name to find it."""
    whole = target.with_name(f"{_stem(target)}.{secrets.token_hex(3)}.new")
    os.replace(draft, whole)
    try:
        with open(whole, "rb") as new, open(target, "rb+") as old:
            shutil.copyfileobj(new, old, 1 << 20)
            old.truncate()
            old.flush()
            os.fsync(old.fileno())
    except BaseException as error:
        error.add_note(f"{target} is damaged now, and the whole new content is in {whole}")
        raise
    whole.unlink()


def _sync_folder(folder: Path) -> None:
    """Write a folder's names to the disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
