"""Files of known content: from a folder, from the user's cache, or downloaded once into it."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import urllib.request
from pathlib import Path

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


def file_content(name: str, url: str, sha256: str, folder: Path | None = None) -> bytes:
    """Return the bytes of a file.

    Parameters
    ----------
    name, url : str
        The file's name, and where to download it from if neither `folder` nor the cache has it.
    sha256 : str
        What its content must hash to.
    folder : Path, optional
        Where to look first.

    Raises
    ------
    ValueError
        The content is another one.
    OSError
        The file is not there and cannot be downloaded, or not be kept.
    """
    cached = cache_dir() / name
    for path in [cached] if folder is None else [folder / name, cached]:
        if path.is_file():
            return _checked(path.read_bytes(), sha256, str(path), "delete the file, and it is downloaded again")
    content = _checked(_downloaded(name, url, cached), sha256, url, "the file there has changed: fetch it elsewhere")
    _keep(content, cached)
    return content


def _downloaded(name: str, url: str, cached: Path) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            return bytes(response.read())
    except OSError as error:
        raise OSError(
            f"{name} is not there and cannot be downloaded from {url} ({error}); fetch it by other means and put it at "
            f"{cached}, or set FASTW2V_DATA_DIR to the folder that holds it"
        ) from error


def _checked(content: bytes, sha256: str, where: str, cure: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{where} has SHA-256 {found}, expected {sha256}; {cure}")
    return content


def _keep(content: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
