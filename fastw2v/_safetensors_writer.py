"""The safetensors format written in chunks, to the bytes of its library, which wants all arrays contiguous at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_CHUNK_BYTES = 1 << 20
_NAMES = {"int64": "I64", "float32": "F32", "uint8": "U8"}  # in the order in which the library puts them
_ALIGNMENT = 8


def write(path: Path, tensors: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write arrays of one dimension or more, whatever their strides, in chunks of their rows.

    Parameters
    ----------
    path : Path
    tensors : mapping of int64[...], float32[...] or uint8[...]
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
