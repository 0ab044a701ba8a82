"""The safetensors format: files are read whole and written in chunks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import safetensors

from fastw2v.formats.word2vec import decode_word, encode_key
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.files import atomic_write
from fastw2v.vectors.key_table import KeyTable, VectorTable, keys_to_save
from fastw2v.vocab import Vocab

Tensors = Mapping[str, Array]
_CHUNK_BYTES = 1 << 20
# In the order of the safetensors library.
_NAMES = {"float64": "F64", "int64": "I64", "float32": "F32", "float16": "F16", "uint8": "U8"}
_ALIGNMENT = 8


def write_safetensors(path: str | os.PathLike[str], tensors: Tensors, metadata: Mapping[str, str]) -> None:
    """Write named arrays and strings to a safetensors file, atomically; raises as `atomic_write`."""
    with atomic_write(path) as draft:
        _write(draft, tensors, metadata)


def _write(path: Path, tensors: Tensors, metadata: Mapping[str, str]) -> None:
    """Write arrays of one dimension or more, of any strides, in chunks of rows.

    Parameters
    ----------
    path : Path
    tensors : mapping of int64[...], float16, float32 or float64[...], or uint8[...]
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
    """Read the arrays of a safetensors file whose names are wanted, and its strings; ValueError if it is damaged."""
    try:
        with safetensors.safe_open(path, framework="np") as file:
            return {name: file.get_tensor(name) for name in file.keys() if wanted(name)}, file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is a damaged safetensors file ({error}); copy or save it again") from error


def mapped(path: Path, name: str, mode: str) -> Array:
    """Map an array of floats of a file that `read_safetensors` has checked into memory; ValueError for other types."""
    with open(path, "rb") as file:
        n_header = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(n_header))[name]
    dtype = {code: np.dtype(kind) for kind, code in _NAMES.items()}.get(entry["dtype"])
    if dtype is None or dtype.kind != "f":
        raise ValueError(f"{path}: {name} has type {entry['dtype']}, which cannot be mapped; load it without mmap")
    offset = 8 + n_header + entry["data_offsets"][0]
    return np.memmap(path, dtype, mode, offset, tuple(entry["shape"]))  # type: ignore[call-overload, no-any-return]


def is_safetensors(path: Path) -> bool:
    """Whether the file starts with the length of a JSON header (eight bytes, little-endian) and a brace."""
    with open(path, "rb") as file:
        return file.read(9)[7:] == b"\0{"


def table_tensors(kv: KeyTable) -> dict[str, Array]:
    """Return the keys, vectors and counts as tensors.

    Returns
    -------
    dict
        "vectors": float32[n_vocab, dim]; "counts": int64[n_vocab], if known; "vectors_lockf": float32[n_vocab], if one
        is not 1. Integer keys are "keys": int64[n_vocab].
        Words are "keys": uint8[n_bytes], their UTF-8 bytes one after the other, and "key_offsets": int64[n_vocab + 1].
    """
    tensors: dict[str, Array] = {"vectors": np.asarray(kv.matrix)}
    if kv.counts is not None:
        tensors["counts"] = np.asarray(kv.counts, np.int64)
    if (factors := kv.lock_factors()) is not None:
        tensors["vectors_lockf"] = factors
    keys = keys_to_save(kv)
    if kv.is_integer:
        return tensors | {"keys": np.array(keys.ids if isinstance(keys, Vocab) else keys, np.int64)}
    if isinstance(keys, Vocab):
        first, stop = keys.word_starts[[0, -1]]
        return tensors | {"keys": keys.letters[first:stop], "key_offsets": keys.word_starts - first}
    words = [encode_key(key) for key in keys]
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    return tensors | {"keys": np.frombuffer(b"".join(words), np.uint8), "key_offsets": offsets}


def table_metadata(kv: KeyTable) -> dict[str, str]:
    """Return the attributes of the keys, other than counts, as JSON in "attributes"; ValueError if JSON has no such."""
    content = {}
    for name, values in kv.expandos.items():
        if name != "count":
            content[name] = {"dtype": values.dtype.name, "values": values.tolist()}
    try:
        return {"attributes": json.dumps(content)} if content else {}
    except TypeError as error:
        names = ", ".join(content)
        raise ValueError(f"attributes cannot be written ({names}: {error}); delete them from wv.expandos") from error


def _attributes_of(metadata: Mapping[str, str], n_rows: int, path: Path) -> dict[str, Array]:
    try:
        content = json.loads(metadata.get("attributes", "{}"))
        found = {name: np.array(entry["values"], entry["dtype"]) for name, entry in content.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} has damaged attributes ({error}); save it again") from error
    if any(values.shape != (n_rows,) for values in found.values()):
        raise ValueError(f"{path} has attributes for another number of keys than {n_rows}; save it again")
    return found


def table_of(tensors: Tensors, path: Path, metadata: Mapping[str, str] = MappingProxyType({})) -> VectorTable:
    """Return the vectors from what `table_tensors` and `table_metadata` made; ValueError, which names `path`."""
    if not {"keys", "vectors"} <= tensors.keys():
        raise ValueError(f"{path} has the tensors {sorted(tensors)}, expected keys and vectors as fastw2v saves them")
    keys, counts = tensors["keys"], tensors.get("counts")
    attributes = _attributes_of(metadata, len(tensors["vectors"]), path)
    factors = tensors.get("vectors_lockf")
    if keys.dtype != np.uint8:
        return VectorTable(keys, tensors["vectors"], counts, attributes, factors)
    offsets = tensors.get("key_offsets", np.empty(0, np.int64))
    if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(keys) or (np.diff(offsets) < 0).any():
        raise ValueError(f"{path}: key_offsets do not divide the {len(keys)} bytes of keys; save the model again")
    blob, bounds = keys.tobytes(), offsets.tolist()
    words = [decode_word(blob[start:stop]) for start, stop in pairwise(bounds)]
    return VectorTable(words, tensors["vectors"], counts, attributes, factors)
