"""Files that the nodes of a cluster read.

Names with ``://`` are URLs, which fsspec opens; others are files of this machine, which each node must see under the
same name.
"""

from __future__ import annotations

import io
import os
from glob import has_magic
from pathlib import Path
from typing import Any, BinaryIO, cast
from weakref import finalize

from fastw2v.corpus.text import check_readable, expanded_paths
from fastw2v.runtime.packages import optional_module


def expanded(path: str) -> list[str]:
    """Return the names of a file, of the files of a folder, or of those that match a pattern.

    Links stay in the names, since another node may know the file by no other.

    Raises
    ------
    OSError
        There is none, or a file of this machine may not be read.
    ValueError
        A folder is empty, or the files of a URL have no URLs of their own.
    """
    if "://" in path:
        return _expanded_url(path)
    files = expanded_paths(path)
    for file in files:
        check_readable(file)
    return [_full_name(file) for file in files]


def _full_name(file: Path) -> str:
    name = os.path.join(_working_folder(), file)
    short = os.path.normpath(name)
    return short if os.path.realpath(short) == os.path.realpath(name) else name  # "link/.." is no short cut


def _working_folder() -> str:
    """Return the current folder by the name that the shell has for it, which may hold links."""
    shown = os.environ.get("PWD", "")
    return shown if os.path.isabs(shown) and os.path.realpath(shown) == os.getcwd() else os.getcwd()


def _expanded_url(url: str) -> list[str]:
    system, name = _filesystem(url)
    if system.isfile(name):  # a name may hold the marks of patterns: in HTTP, "?" begins a query
        return [url]
    if system.isdir(name):
        listed = system.ls(name, detail=True)
        names = [each["name"] for each in listed if each["type"] == "file"]
        found = [each for each in names if not each.rpartition("/")[2].startswith(".")]
    else:
        found = list(filter(system.isfile, system.glob(name))) if has_magic(name) else []
    if not found:
        raise FileNotFoundError(f"no file matches {url!r}; check the name, and that this machine may read it")
    return [_url_of(each, url, system, name=name) for each in sorted(found)]


def _url_of(found: str, url: str, system: Any, *, name: str) -> str:  # noqa: ANN401
    """Return the URL of a file that was found by another URL, which names a folder or a pattern.

    It keeps what the file system leaves out of its names: the host of ``hdfs://host/a/*.txt``, and what follows ``::``.
    """
    own = without_chain(url)
    before, _, after = url.partition(own)
    given = own.rstrip("/")
    tries = [given.removesuffix(name) + found] if given.endswith(name) else []
    for each in [*tries, system.unstrip_protocol(found)]:
        candidate = f"{before}{each}{after}"
        if _filesystem(candidate) == (system, found):
            return candidate
    raise ValueError(f"{url!r} finds {found!r}, whose own URL is not known: pass a list of the URLs of the files")


def without_chain(path: str) -> str:
    """Return the part of a URL that names the file, as ``zip://a.txt`` of ``zip://a.txt::file:///x.zip``."""
    return next((part for part in path.split("::") if "://" in part), path)


def _filesystem(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the name of the file there."""
    fsspec = optional_module("fsspec", package="'fastw2v[ray]'", purpose=f"the URL {url}")
    system, name = fsspec.core.url_to_fs(url)
    return system, str(name)


def opened(path: str) -> BinaryIO:
    """Open a file of this machine, or a URL, for reading."""
    if "://" not in path:
        return open(path, "rb")
    system, name = _filesystem(path)
    file = system.open(name, "rb")
    finalize(file, id, system)  # keeps the system until then: that of a zip archive closes the archive when it ends
    return cast(BinaryIO, file)


def size_of(path: str) -> int:
    """Return the size of a file in bytes."""
    with opened(path) as file:
        return file.seek(0, io.SEEK_END)
