"""A whole model as one safetensors file: vectors, output weights, counts, configuration."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v import formats
from fastw2v._weights import padded_weights
from fastw2v.backends import Weights
from fastw2v.config import KNOBS, TrainConfig
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vocab import Vocab

_TENSORS = ("vectors", "keys", "counts", "n_raw_tokens")
_STATE = ("corpus_count", "epochs_trained")


def write_model(
    path: str | PathLike[str],
    config: TrainConfig,
    vocab: Vocab,
    wv: KeyedVectors,
    weights: Weights,
    state: dict[str, int],
) -> None:
    """Write a file that `read_model` and `formats.load` read, whole or not at all."""
    tensors = formats.table_tensors(wv) | {"w_out": weights.w_out[:, : weights.dim]}
    tensors["n_raw_tokens"] = np.array([vocab.n_raw_tokens], np.int64)
    metadata = {"format": "fastw2v", "config": json.dumps(dataclasses.asdict(config)), "state": json.dumps(state)}
    formats.write_safetensors(path, tensors, metadata)


def read_model(path: str | PathLike[str]) -> tuple[dict[str, Any], Vocab, Weights, dict[str, int]]:
    """Read knobs, vocabulary, weights and the counters of a model; the matrices in turn, lest both lie there twice.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is damaged, is no model, or its parts contradict each other.
    """
    path = formats.existing(path)
    identity = _identity(path)
    tensors, metadata = _read(path, _TENSORS, lambda name: name != "w_out")
    shape = formats.table_of(tensors, path).vectors.shape
    knobs, state = (_json_object(path, metadata, name) for name in ("config", "state"))
    _check(path, knobs.keys() <= set(KNOBS), f"its configuration has the knobs {', '.join(knobs)}")
    _check(path, all(isinstance(state.get(name), int) for name in _STATE), f"its state is {state}")
    dim, n_raw_tokens = knobs.get("vector_size"), tensors["n_raw_tokens"]
    _check(path, shape[1] == dim, f"its vectors are {shape[1]} long and its configuration says {dim}")
    _check(path, n_raw_tokens.shape == (1,), f"its n_raw_tokens has shape {n_raw_tokens.shape}")
    weights = padded_weights(*shape)
    weights.w_in[:, :dim] = tensors.pop("vectors")
    w_out = _read(path, ("w_out",), lambda name: name == "w_out")[0]["w_out"]
    if _identity(path) != identity:
        raise ValueError(f"{path} was replaced by another file while it was read; load it again")
    _check(path, w_out.shape == shape, f"its output rows have shape {w_out.shape} and its vectors {shape}")
    weights.w_out[:, :dim] = w_out
    return knobs, _vocab(tensors), weights, state


def _identity(path: Path) -> tuple[int, ...]:
    """What tells a file from one that took its place; the inode alone does not, which may be given out again."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _vocab(tensors: dict[str, np.ndarray]) -> Vocab:
    keys, counts, n_raw_tokens = tensors["keys"], tensors["counts"], int(tensors["n_raw_tokens"][0])
    if keys.dtype != np.uint8:
        return Vocab.from_ids(keys, counts, n_raw_tokens=n_raw_tokens)
    return Vocab(counts, keys, tensors["key_offsets"], n_raw_tokens=n_raw_tokens)


def _read(
    path: Path, expected: Sequence[str], wanted: Callable[[str], bool]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    if not formats.is_safetensors(path):
        cure = "read vectors alone by KeyedVectors.load"
        raise ValueError(f"{path} is damaged, or no model: it does not begin as Word2Vec.save begins; {cure}")
    tensors, metadata = formats.read_safetensors(path, wanted)
    missing = [name for name in expected if name not in tensors]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)} to train on with; read its vectors by KeyedVectors.load")
    return tensors, metadata


def _json_object(path: str | PathLike[str], metadata: dict[str, str], name: str) -> dict[str, Any]:
    try:
        value = json.loads(metadata.get(name, ""))
    except json.JSONDecodeError:
        value = None
    _check(path, isinstance(value, dict), f"its {name} is {metadata.get(name)!r}, expected a JSON object")
    return dict(value)


def _check(path: str | PathLike[str], condition: bool, flaw: str) -> None:
    if not condition:
        raise ValueError(f"{path} is damaged: {flaw}; save the model again with Word2Vec.save")
