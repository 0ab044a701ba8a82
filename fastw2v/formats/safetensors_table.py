"""Keys, vectors, counts and attributes as the arrays and strings of a safetensors file, and back with every check."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from os import PathLike
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from fastw2v.formats.distinct_words import has_doubled_words
from fastw2v.formats.safetensors import Tensors, refuse_many_values
from fastw2v.formats.stored_rows import StoredRows, stored
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.word_bytes import encode_word
from fastw2v.vectors.key_table import KeyTable, VectorTable, checked_keys, keys_to_save
from fastw2v.vocab import Vocab

SCALES = "vectors_scale"
TABLE_TENSORS = ("keys", "key_offsets", "vectors", "counts", "vectors_lockf", SCALES)
_ATTRIBUTE_TYPES = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)|object|str\d*")
_HUGEST = np.iinfo(np.int64).max
_MOST_TOKENS = 1 << 62  # more than any corpus has; the sum of the counts stays an int64


def table_tensors(kv: KeyTable, dtype: str | None = None) -> dict[str, Array]:
    """Return the keys, vectors and counts as tensors, the vectors as they are or of another type.

    Parameters
    ----------
    kv : KeyedVectors
    dtype : "float16", "float32", "float64" or "int8", optional

    Returns
    -------
    dict
        "vectors": float32[n_vocab, dim]; "counts": int64[n_vocab], if known; "vectors_lockf": float32[n_vocab], if one
        is not 1. Vectors of int8 are to be multiplied by "vectors_scale": float32[n_vocab]. Integer keys are "keys":
        int64[n_vocab].
        Words are "keys": uint8[n_bytes], their UTF-8 bytes one after the other, and "key_offsets": int64[n_vocab + 1].
    """
    rows = stored(kv, dtype)
    tensors: dict[str, Array] = {"vectors": cast(Array, rows)}
    if isinstance(rows, StoredRows) and rows.dtype == np.int8:
        tensors[SCALES] = rows.scales()
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
    words = [encode_word(str(key)) for key in keys]
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    return tensors | {"keys": np.frombuffer(b"".join(words), np.uint8), "key_offsets": offsets}


def table_metadata(kv: KeyTable) -> dict[str, str]:
    """Return the attributes of the keys, other than counts, as JSON in "attributes".

    Raises
    ------
    ValueError
        JSON has no such values, or there are so many beside the vectors that `table_of` would refuse them.
    """
    content = {}
    for name, values in kv.expandos.items():
        if name != "count":
            kind = "object" if values.dtype.kind == "U" else values.dtype.name
            content[name] = {"dtype": kind, "values": values.tolist()}
    try:
        text = json.dumps(content)
    except (TypeError, ValueError) as error:
        names = ", ".join(content)
        raise ValueError(f"attributes cannot be written ({names}: {error}); delete them from wv.expandos") from error
    refuse_many_values(text, len(text) + kv.matrix.nbytes)
    return {"attributes": text} if content else {}


def table_of(
    tensors: Tensors,
    path: str | PathLike[str],
    metadata: Mapping[str, str] = MappingProxyType({}),
    *,
    checks_keys: bool = True,
) -> VectorTable:
    """Return the vectors from what `table_tensors` and `table_metadata` made.

    Parameters
    ----------
    tensors, metadata : dicts
        As `read_safetensors` returns them.
    path : path
        Of the file, for messages.
    checks_keys : bool
        Look whether a key is doubled.

    Raises
    ------
    ValueError
        Names the file: an array is missing, or of another type or shape, or holds what cannot be; or a key is doubled.
    """
    if not {"keys", "vectors"} <= tensors.keys():
        raise ValueError(f"{path} lacks tensors: expected keys and vectors as fastw2v saves them")
    vocab, vectors = vocab_of(tensors, path), tensors["vectors"]
    n_rows, factors = len(vocab), tensors.get("vectors_lockf")
    if vectors.ndim != 2 or len(vectors) != n_rows or vectors.shape[1] == 0:
        raise _flaw(path, "vectors", vectors, expected=f"({n_rows}, dim): one row for each key")
    if vectors.dtype == np.int8 and SCALES in tensors:
        vectors = vectors * _checked_scales(tensors[SCALES], n_rows, path)[:, None]
    if vectors.dtype.kind != "f":
        raise _flaw(path, "vectors", vectors, expected="floating-point numbers")
    if n_rows == 0:
        raise ValueError(f"{path} holds no key; expected at least one")
    if factors is not None:
        factors = _checked_factors(factors, n_rows, path)
    counts = vocab.counts if "counts" in tensors else None
    if checks_keys:
        refuse_doubled_keys(vocab, path)
    attributes = _attributes_of(metadata, n_rows, path)
    return VectorTable(vocab, vectors, counts, attributes, factors, checks_keys)


def refuse_doubled_keys(vocab: Vocab, where: str | PathLike[str]) -> None:
    """Raise ValueError, which begins with `where`, if a key occurs twice."""
    is_doubled = has_doubled_words(vocab) if vocab.ids is None else len(np.unique(vocab.ids)) < len(vocab)
    if is_doubled:
        try:
            checked_keys(vocab.keys)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error


def vocab_of(
    tensors: Tensors, path: str | PathLike[str], *, prefix: str = "", n_raw_tokens: int | None = None
) -> Vocab:
    """Return the keys and counts of tensors that `table_tensors` named, checked, except that keys may be doubled.

    Parameters
    ----------
    tensors : dict
        "keys", "key_offsets" and "counts", each after the prefix. Without counts, they are 0.
    path : path
        Of the file, for messages.
    prefix : str
    n_raw_tokens : int, optional

    Raises
    ------
    ValueError
        Names the file: an array is missing, or of another type or shape, or holds what cannot be.
    """
    names = (f"{prefix}keys", f"{prefix}key_offsets", f"{prefix}counts")
    keys, offsets, counts = (tensors.get(name, np.zeros(0, np.int64)) for name in names)
    if names[0] not in tensors:
        raise ValueError(f"{path} lacks {names[0]}; expected the arrays that fastw2v saves")
    if keys.ndim != 1:
        raise _flaw(path, names[0], keys, expected="the bytes of the words, or (n_keys,)")
    is_words = keys.dtype == np.uint8
    n_keys = max(0, offsets.size - 1) if is_words else len(keys)
    if is_words:
        offsets = _checked_offsets(offsets, keys, f"{path}: {names[1]}")
    else:
        keys = checked_integers(keys, names[0], path)
    if names[2] in tensors:
        counts = checked_counts(counts, names[2], path, n_keys=n_keys)
    else:
        counts = np.zeros(n_keys, np.int64)
    if is_words:
        return Vocab(counts, keys, offsets, n_raw_tokens=n_raw_tokens)
    return Vocab.from_ids(keys, counts, n_raw_tokens=n_raw_tokens)


def checked_counts(counts: Array, name: str, path: str | PathLike[str], *, n_keys: int) -> Array:
    """Return the counts of the keys, int64[n_keys]; ValueError that names the file if they cannot be counts."""
    counts = checked_integers(counts, name, path, least=0)
    if counts.shape != (n_keys,) or counts.sum(dtype=np.float64) >= _MOST_TOKENS:
        raise _flaw(path, name, counts, expected=f"({n_keys},): one count for each key, fewer than 2 ** 62 together")
    return counts


def checked_integers(values: Array, name: str, path: str | PathLike[str], *, least: int = -_HUGEST - 1) -> Array:
    """Return an array as int64; ValueError, which names the file, if it has others, or one below `least`."""
    if values.dtype.kind not in "iu":
        raise _flaw(path, name, values, expected="whole numbers")
    if values.size and not least <= int(values.min()) <= int(values.max()) <= _HUGEST:
        raise ValueError(f"{path}: {name} has numbers from {values.min()} to {values.max()}; expected int64 >= {least}")
    return values.astype(np.int64, copy=False)


def _checked_offsets(offsets: Array, keys: Array, name: str) -> Array:
    is_integer = offsets.ndim == 1 and offsets.dtype.kind in "iu" and offsets.size > 0
    bounds = offsets.astype(np.int64, copy=False) if is_integer else np.empty(0, np.int64)
    if not is_integer or bounds[0] != 0 or bounds[-1] != len(keys) or (bounds[1:] < bounds[:-1]).any():
        kind = f"{offsets.dtype} of shape {offsets.shape}"
        raise ValueError(f"{name} do not divide the {len(keys)} bytes of keys ({kind}); save the model again")
    return bounds


def _checked_factors(factors: Array, n_rows: int, path: str | PathLike[str]) -> Array:
    if factors.dtype.kind != "f" or factors.shape != (n_rows,):
        raise _flaw(path, "vectors_lockf", factors, expected=f"({n_rows},) of floating-point numbers")
    with np.errstate(over="ignore"):
        narrow = factors.astype(np.float32, copy=False)
    if not np.isfinite(narrow).all() or (narrow < 0).any():
        raise ValueError(f"{path}: vectors_lockf has negative or infinite factors; expected finite ones from 0 on")
    return narrow


def _checked_scales(scales: Array, n_rows: int, path: str | PathLike[str]) -> Array:
    if scales.dtype != np.float32 or scales.shape != (n_rows,):
        raise _flaw(path, SCALES, scales, expected=f"({n_rows},) of float32: one for each row of int8")
    return scales


def _flaw(path: str | PathLike[str], name: str, values: Array, *, expected: str) -> ValueError:
    return ValueError(f"{path}: {name} has shape {values.shape} and type {values.dtype}, expected {expected}")


def _attributes_of(metadata: Mapping[str, str], n_rows: int, path: str | PathLike[str]) -> dict[str, Array]:
    try:
        text = metadata.get("attributes", "{}")
        refuse_many_values(text, os.path.getsize(path))
        content = json.loads(text)
        found = {name: _attribute(entry["values"], entry["dtype"]) for name, entry in content.items()}
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"{path} has damaged attributes ({error}); save it again") from error
    if "count" in found:  # counts have a tensor
        raise ValueError(f"{path} has the attribute 'count' twice; save it again")
    if any(values.shape != (n_rows,) for values in found.values()):
        raise ValueError(f"{path} has attributes for another number of keys than {n_rows}; save it again")
    return found


def _attribute(values: Any, kind: Any) -> Array:  # noqa: ANN401 - whatever JSON has
    """Return an array of numbers, or of objects; TypeError for other types, whose size the file could choose."""
    if not (isinstance(values, list) and isinstance(kind, str) and _ATTRIBUTE_TYPES.fullmatch(kind)):
        raise TypeError(f"type {kind!r:.60} and a {type(values).__name__} where a type and its values belong")
    if kind.startswith(("object", "str")):
        return np.fromiter(values, object, len(values))
    if "int" in kind and values:
        limits = np.iinfo(kind)
        if not (limits.min <= min(values) and max(values) <= limits.max):  # NumPy 1 only warns, and cuts bits off
            raise OverflowError(f"a value outside {limits.min} to {limits.max}, the range of {kind}")
    with np.errstate(over="raise"):
        return np.array(values, kind)
