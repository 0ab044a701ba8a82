"""NumPy's .npy (a matrix, and its keys in a file of JSON) and .npz (vectors, keys and counts), without pickle."""

from __future__ import annotations

import json
import lzma
import math
import os
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from errno import EINVAL
from os import PathLike
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, Literal, cast

import numpy as np

from fastw2v.formats.safetensors_table import checked_counts
from fastw2v.formats.stored_rows import key_chunks, keys_of, row_chunks, stored
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.files import atomic_write
from fastw2v.vectors.key_table import KeyTable, VectorTable

_CHUNK_BYTES = 1 << 20  # of an archive, read at a time
_MOST_PACKED = 1032  # how many bytes deflate makes of one
_DAMAGE = zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, UnicodeError
_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def keys_path(path: str | PathLike[str]) -> Path:
    """Return where the keys of an .npy file are: "v.keys.json" for "v.npy"."""
    return Path(f"{os.fspath(path).removesuffix('.npy')}.keys.json")


def write_npy(kv: KeyTable, path: str | PathLike[str], *, dtype: str | None = None) -> None:
    """Write the matrix, and its keys to another file, "v.keys.json" for "v.npy".

    The keys are a JSON list of strings, or of integers, in the order of the rows.
    """
    rows = stored(kv, dtype)
    with atomic_write(keys_path(path)) as keys_draft, atomic_write(path) as draft:
        with open(keys_draft, "wb") as file:
            file.writelines(_json_list(keys_of(kv)))
        with open(draft, "wb") as file:
            _write_header(file, rows.shape, rows.dtype)
            file.writelines(vectors.data for vectors in row_chunks(rows))


def _json_list(keys: Iterable[Any]) -> Iterator[bytes]:
    """Yield a list as JSON, an item on each line; a lone surrogate is an escape of JSON."""
    yield b"["
    before = b"\n"
    for key in keys:
        text = json.dumps(key if isinstance(key, str) else int(key), ensure_ascii=False)
        yield before + text.encode("utf-8", "backslashreplace")
        before = b",\n"
    yield b"\n]\n"


def _write_header(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    descr = np.lib.format.dtype_to_descr(dtype.newbyteorder("<"))
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def write_npz(kv: KeyTable, path: str | PathLike[str], *, dtype: str | None = None) -> None:
    """Write the arrays "vectors", "keys" (int64, or Unicode strings) and, if they are known, "counts".

    Raises
    ------
    ValueError
        A key ends with a NUL character, which an array of strings cannot hold; or a key occurs twice.
    """
    rows, shape = stored(kv, dtype), (len(kv),)
    kind = np.dtype(np.int64)
    if not kv.is_integer:
        n_letters = max((_n_letters(key, path) for key in keys_of(kv)), default=0)
        kind = np.dtype(f"<U{max(1, n_letters)}")
    with atomic_write(path) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        all_keys = (np.array(keys, kind) for keys in key_chunks(kv, kv.matrix))
        _write_array(archive, "keys", all_keys, shape=shape, dtype=kind)
        if kv.counts is not None:
            _write_array(archive, "counts", [kv.counts], shape=shape, dtype=kv.counts.dtype)
        archive.compression = zipfile.ZIP_STORED  # noise does not shrink
        _write_array(archive, "vectors", row_chunks(rows), shape=rows.shape, dtype=rows.dtype)


def _n_letters(key: str, path: str | PathLike[str]) -> int:
    if key.endswith("\0"):
        raise ValueError(f"{path}: key {key!r} ends with NUL, which NumPy's strings drop; save as .safetensors instead")
    return len(key)


def _write_array(
    archive: zipfile.ZipFile, name: str, chunks: Iterable[Array], *, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        _write_header(file, shape, dtype)
        for chunk in chunks:
            file.write(np.ascontiguousarray(chunk, dtype.newbyteorder("<")).data)


def is_npy(path: Path) -> bool:
    """Whether the file starts as .npy."""
    return _start(path, len(_NPY)) == _NPY


def is_npz(path: Path) -> bool:
    """Whether the file starts as a zip archive, which .npz is."""
    return _start(path, len(_ZIP)) == _ZIP


def _start(path: Path, n_bytes: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(n_bytes)


def read_npy(path: Path, mmap: str | None = None) -> VectorTable:
    """Read a matrix and the keys of its other file, or with `mmap` ("r" or "c") map the matrix into memory.

    Raises
    ------
    FileNotFoundError
        There is no file of keys.
    ValueError
        A file is damaged, or holds something else.
    """
    with open(path, "rb") as file:
        _check_header(file, os.path.getsize(path), f"{path}", kinds="f")
    vectors = np.load(path, mmap_mode=cast('Literal["r", "c"] | None', mmap), allow_pickle=False)
    keys_file = keys_path(path)
    if not keys_file.is_file():
        raise FileNotFoundError(
            f"there is no file {keys_file} with the keys of {path}; expected a JSON list of a key for each row, or use "
            "KeyedVectors(keys, numpy.load(path))"
        )
    try:
        keys = json.loads(keys_file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{keys_file} is damaged ({error}); save the vectors again") from error
    is_list = isinstance(keys, list) and len({type(key) for key in keys}) == 1 and type(keys[0]) in (str, int)
    if not is_list or len(keys) != len(vectors):
        raise ValueError(f"{keys_file} has no list of {len(vectors)} strings, or integers; expected a key for each row")
    return VectorTable(keys, vectors if mmap else np.ascontiguousarray(vectors))


def read_npz(path: Path) -> VectorTable:
    """Read the arrays "keys", "vectors" and, if it is there, "counts"; ValueError if they are damaged or missing."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if not {"keys.npy", "vectors.npy"} <= set(names):
                found = ", ".join(names[:10])
                raise ValueError(
                    f"{path} is a zip archive of {found or 'nothing'}; expected keys.npy and vectors.npy, as in .npz: "
                    "or unpack it, since it does not start with a line 'count dim' as word2vec files do"
                )
            vectors = _array(archive, "vectors.npy", path, kinds="f")
            keys = _array(archive, "keys.npy", path, kinds="iuU")
            counts = _array(archive, "counts.npy", path, kinds="iu") if "counts.npy" in names else None
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged ({error}); copy or save it again") from error
    except OSError as error:
        if error.errno not in (None, EINVAL):  # of the disk: EINVAL is a position outside the file
            raise
        raise ValueError(f"{path} is damaged ({error}); copy or save it again") from error
    if counts is not None:
        counts = checked_counts(counts, "counts.npy", path, n_keys=len(keys))
    return VectorTable(keys if keys.dtype.kind in "iu" else _strings(keys, path), vectors, counts)


def _strings(keys: Array, path: Path) -> list[str]:
    """Return an array of strings as a list; ValueError if it holds numbers that are no characters."""
    codes = keys.astype(keys.dtype.newbyteorder("="), copy=False).view(np.uint32)
    if codes.size and codes.max() > sys.maxunicode:
        raise ValueError(f"{path}: keys.npy is damaged: {codes.max():#x} is no character; copy or save it again")
    return list(keys.tolist())


def _array(archive: zipfile.ZipFile, entry: str, path: Path, *, kinds: str) -> Array:
    name = f"{path}: {entry}"
    with archive.open(entry) as stream:
        info = archive.getinfo(entry)
        n_bytes = min(info.file_size, info.compress_size * _MOST_PACKED)  # what the archive says may be wrong
        shape, dtype, is_fortran = _check_header(stream, n_bytes, name, kinds=kinds)
        flat: Array = np.empty(int(np.prod(shape)), dtype)
        rest = flat.view(np.uint8).data if flat.nbytes else memoryview(b"")
        while len(rest) and (n_read := stream.readinto(rest[:_CHUNK_BYTES])):  # type: ignore[attr-defined]
            rest = rest[n_read:]
    if len(rest):
        raise ValueError(f"{name} is cut off; copy or save {path} again")
    return flat.reshape(shape, order="F" if is_fortran else "C")


def _check_header(
    file: IO[bytes], n_bytes: int, name: str, *, kinds: str
) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    """Return shape, type and whether columns come first; ValueError if they do not fit the size or the kinds."""
    try:
        version = np.lib.format.read_magic(file)
        shape, is_fortran, dtype = _HEADERS[version](file)
    except (ValueError, KeyError, TypeError, EOFError, SyntaxError, TokenError, RecursionError) as error:
        raise ValueError(f"{name} has no header of NumPy ({error}); copy or save it again") from error
    if dtype.kind not in kinds or len(shape) != (2 if kinds == "f" else 1):
        what = "a matrix of floating-point numbers" if kinds == "f" else "a list of keys or counts"
        raise ValueError(f"{name} has shape {shape} and type {dtype}; expected {what}")
    n_left = n_bytes - file.tell()
    if not all(type(n) is int and 0 <= n <= n_left for n in shape) or math.prod(shape) * dtype.itemsize > n_left:
        raise ValueError(f"{name} is cut off: {n_left:,} bytes for shape {shape} of {dtype}; copy or save it again")
    return shape, dtype, is_fortran
