"""The safetensors format: arrays are read one by one, or mapped, and written in chunks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors

from fastw2v.runtime.arrays import Array
from fastw2v.runtime.files import atomic_write

Tensors = Mapping[str, Array]
_CHUNK_BYTES = 1 << 20
# In the order of the safetensors library.
_NAMES = {"float64": "F64", "int64": "I64", "float32": "F32", "int32": "I32", "float16": "F16"}
_NAMES |= {"int8": "I8", "uint8": "U8"}
_READ = {*_NAMES.values(), "BF16", "I16", "U64", "U32", "U16", "BOOL"}
_ALIGNMENT = 8
_LARGE_HEADER_BYTES, _MOST_ARRAYS = 1 << 20, 10_000
_MOST_HEADER_BYTES = 100_000_000  # the library reads no longer one
_VALUE_BYTES, _ALLOWED_BYTES = 70, 40 << 20  # of a value of JSON as a Python object, about; of values in any file


def write_safetensors(
    path: str | os.PathLike[str], tensors: Tensors, metadata: Mapping[str, str], *, previous: Path | None = None
) -> None:
    """Write named arrays and strings to a safetensors file, atomically; arguments and errors are `atomic_write`'s."""
    with atomic_write(path, previous) as draft:
        _write(draft, tensors, metadata)


def _write(path: Path, tensors: Tensors, metadata: Mapping[str, str]) -> None:
    """Write arrays of one dimension or more, of any strides, in chunks of rows.

    Parameters
    ----------
    path : Path
    tensors : mapping of int64 or int32[...], float16, float32 or float64[...], or int8 or uint8[...]
        Or of what has the dtype, shape, nbytes, length and slices of an array, and makes them when asked.
    metadata : mapping of str
    """
    order = list(_NAMES)
    sorted_tensors = sorted(tensors.items(), key=lambda item: (order.index(item[1].dtype.name), item[0]))
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    start = 0
    for name, tensor in sorted_tensors:
        offsets = [start, start + tensor.nbytes]
        header[name] = {"dtype": _NAMES[tensor.dtype.name], "shape": list(tensor.shape), "data_offsets": offsets}
        start = offsets[1]
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    if len(text) > _MOST_HEADER_BYTES:
        raise ValueError(
            f"names and attributes take {len(text):,} bytes, and readers of safetensors allow {_MOST_HEADER_BYTES:,}; "
            "delete large attributes from wv.expandos"
        )
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in sorted_tensors:
            n_rows = max(1, _CHUNK_BYTES * len(tensor) // max(1, tensor.nbytes))
            for row in range(0, len(tensor), n_rows):
                chunk = np.ascontiguousarray(tensor[row : row + n_rows], tensor.dtype.newbyteorder("<"))
                file.write(chunk.data)


def read_safetensors(
    path: str | os.PathLike[str], wanted: Callable[[str], bool] = lambda name: True
) -> tuple[dict[str, Array], dict[str, str]]:
    """Read the arrays of a safetensors file whose names are wanted, and its strings.

    Returns
    -------
    tensors : dict of str to bool, int, uint or float array
        bfloat16, which NumPy has not, as float32.
    metadata : dict of str

    Raises
    ------
    ValueError
        The file is damaged, or an array has another type.
    """
    _refuse_many_arrays(path)
    try:
        with safetensors.safe_open(path, framework="np") as file:
            return {name: _tensor(file, name, path) for name in file.keys() if wanted(name)}, file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is a damaged safetensors file ({error}); copy or save it again") from error


def refuse_many_values(text: str, n_bytes: int) -> None:
    """Raise ValueError if JSON in the header of a file of `n_bytes` takes more than three times its size as objects."""
    n_values = sum(map(text.count, ",[{"))
    if n_values * _VALUE_BYTES + 3 * len(text) > 3 * n_bytes + _ALLOWED_BYTES:
        need, arrays = n_values * _VALUE_BYTES >> 20, n_bytes - len(text) >> 20
        raise ValueError(
            f"{n_values:,} values as text take {need:,} MB in memory, too much for arrays of {arrays:,} MB; "
            "keep them in a file of their own, and delete them from wv.expandos"
        )


def _refuse_many_arrays(path: str | os.PathLike[str]) -> None:
    """Raise ValueError if a header names so many arrays that they, as objects, take several times its memory."""
    with open(path, "rb") as file:
        n_header = int.from_bytes(file.read(8), "little")
        if _LARGE_HEADER_BYTES < n_header <= _MOST_HEADER_BYTES:
            n_arrays = file.read(n_header).count(b'"data_offsets"')
            if n_arrays > _MOST_ARRAYS:
                raise ValueError(f"{path} names {n_arrays:,} arrays; expected keys and vectors as fastw2v saves them")


def _tensor(file: Any, name: str, path: str | os.PathLike[str]) -> Array:  # noqa: ANN401 - a class of the library
    kind = file.get_slice(name).get_dtype()
    if kind not in _READ:
        raise ValueError(
            f"{path}: {name} has type {kind}; expected one of {', '.join(sorted(_READ))}: convert it first"
        )
    if kind != "BF16":
        tensor: Array = file.get_tensor(name)
        return tensor
    entry, start = _entry(path, name)
    numbers = np.fromfile(path, "<u2", int(np.prod(entry["shape"])), offset=start).astype(np.uint32)
    numbers <<= np.uint32(16)
    return numbers.view(np.float32).reshape(entry["shape"])


def _entry(path: str | os.PathLike[str], name: str) -> tuple[dict[str, Any], int]:
    """Return the header's entry for an array of a file that the library has checked, and where its bytes start.

    ValueError if there is none.
    """
    with open(path, "rb") as file:
        n_header = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(n_header)).get(name)
    if entry is None:
        raise ValueError(f"{path} has no {name}; expected keys and vectors as fastw2v saves them")
    return entry, 8 + n_header + entry["data_offsets"][0]


def mapped(path: Path, name: str, mode: str) -> Array:
    """Map an array of floats of a file that `read_safetensors` has checked into memory; ValueError for other types."""
    entry, start = _entry(path, name)
    dtype = {code: np.dtype(kind) for kind, code in _NAMES.items()}.get(entry["dtype"])
    if dtype is None or dtype.kind != "f" or start % dtype.itemsize or 0 in entry["shape"]:
        kind = f"type {entry['dtype']} and shape {entry['shape']} at byte {start}"
        raise ValueError(f"{path}: {name} has {kind}, which cannot be mapped; load it without mmap")
    return np.memmap(path, dtype, mode, start, tuple(entry["shape"]))  # type: ignore[call-overload, no-any-return]


def is_safetensors(path: Path) -> bool:
    """Whether the file starts with the length of a JSON header (eight bytes, little-endian) and a brace.

    Four characters of text make a larger number than a header's length.
    """
    with open(path, "rb") as file:
        start = file.read(9)
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") <= _MOST_HEADER_BYTES
