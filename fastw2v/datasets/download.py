"""Files of known content: from a folder, from the user's cache folder, or downloaded into it once."""

from __future__ import annotations

import hashlib
import os
import sys
import urllib.request
from pathlib import Path

from fastw2v.runtime.files import atomic_write

_TIMEOUT_SECONDS = 60


def cache_dir() -> Path:
    """Return the folder for downloaded files, in the user's cache folder; it may not exist yet."""
    if sys.platform == "win32":
        parent = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        parent = "~/Library/Caches"
    else:
        parent = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(parent).expanduser() / "fastw2v"


def file_content(name: str, url: str, sha256: str, *, folder: Path | None = None) -> bytes:
    """Return the content of a file whose SHA-256 is known; download it if necessary.

    Parameters
    ----------
    name, url : str
        The name of the file, and where to download it from if neither `folder` nor the cache folder has it.
    sha256 : str
        The SHA-256 of the expected content, in hexadecimal.
    folder : Path, optional
        A folder to look in first.

    Raises
    ------
    ValueError
        The content has another SHA-256.
    OSError
        The file is in no folder and cannot be downloaded, or the cache folder cannot be written to.
    """
    cached = cache_dir() / name
    for path in [cached] if folder is None else [folder / name, cached]:
        if path.is_file():
            return _checked(
                path.read_bytes(), sha256, source=str(path), cure="delete the file, and it is downloaded again"
            )
    cure = "the file there has changed: get it from another place"
    content = _checked(_download(name, url, cached), sha256, source=url, cure=cure)
    _write_cache(content, cached)
    return content


def _download(name: str, url: str, cached: Path) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            return bytes(response.read())
    except OSError as error:
        raise OSError(
            f"{name} cannot be downloaded from {url} ({error}); get it by other means and put it at "
            f"{cached}, or set FASTW2V_DATA_DIR to the folder that holds it"
        ) from error


def _checked(content: bytes, sha256: str, *, source: str, cure: str) -> bytes:
    """Return the content; ValueError if it has another SHA-256."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{source} has SHA-256 {found}, expected {sha256}; {cure}")
    return content


def _write_cache(content: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as draft:
        draft.write_bytes(content)
