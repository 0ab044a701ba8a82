"""A whole model in one safetensors file: vectors, output weights, counts, options. Training resumes from it exactly."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fastw2v.config import FastTextConfig, TrainConfig
from fastw2v.formats import book_pickle
from fastw2v.formats.safetensors import is_safetensors, read_safetensors, refuse_many_values, write_safetensors
from fastw2v.formats.safetensors_table import (
    TABLE_TENSORS,
    checked_integers,
    refuse_doubled_keys,
    table_metadata,
    table_of,
    table_tensors,
    vocab_of,
)
from fastw2v.formats.subword_table import NGRAMS, SUBWORD_TENSORS, subword_metadata, subword_rows, subword_tensors
from fastw2v.raw_counts import RawCounts
from fastw2v.runtime.files import existing_file
from fastw2v.state import ModelState
from fastw2v.subword_state import SubwordState
from fastw2v.vectors.key_table import KeyTable
from fastw2v.vectors.tree import HuffmanTree
from fastw2v.vectors.weights import padded_weights

_TENSORS = ("vectors", "keys", "counts", "n_raw_tokens")
_TREE = ("tree", "path_starts")
_READ = {*TABLE_TENSORS, *_TREE, "n_raw_tokens", "raw_keys", "raw_key_offsets", "raw_counts", "raw_sizes"}
_CHUNK_BYTES = 1 << 20
_COUNTERS = {"corpus_count": 2**63 - 1, "epochs_trained": 2**31 - 1}  # and the greatest values


class SavedModel(NamedTuple):
    """What a file of a model holds.

    Attributes
    ----------
    options : dict
        The fields of `TrainConfig`.
    state : ModelState
    notes : dict of str to JSON values
        Attributes of the model that do not concern training.
    raw : RawCounts or None
        The counts of all words, if the model kept them.
    training : dict of str to JSON values, or None
        Of a checkpoint: where the training was; see `fastw2v.checkpointing`.
    """

    options: dict[str, Any]
    state: ModelState
    notes: dict[str, Any]
    raw: RawCounts | None
    training: dict[str, Any] | None = None


def write_model(
    path: str | PathLike[str],
    config: TrainConfig,
    state: ModelState,
    *,
    notes: Mapping[str, Any],
    raw: RawCounts | None = None,
    training: Mapping[str, Any] | None = None,
    previous: Path | None = None,
) -> None:
    """Write a file that `read_model` and `KeyedVectors.load` read, whole or not at all.

    What JSON cannot hold among the notes is written as its text. A file with `training` also has a checksum of each
    array. The old file goes to `previous`, if that is given.
    """
    weights, counters = state.weights, {name: getattr(state, name) for name in _COUNTERS}
    tensors = table_tensors(state.wv) | state.output_vectors()
    if weights.tree is not None and weights.w_node is not None:
        tensors |= dict(zip(_TREE, (weights.tree.links, weights.tree.path_starts)))
    if isinstance(state, SubwordState):
        tensors |= subword_tensors(state.wv.rows, state.wv.subwords)
    tensors["n_raw_tokens"] = np.array([state.vocab.n_raw_tokens], np.int64)
    if raw is not None:
        tensors |= _raw_tensors(raw)
    metadata = {"format": "fastw2v", "config": json.dumps(dataclasses.asdict(config)), "state": json.dumps(counters)}
    metadata |= table_metadata(state.wv)
    if isinstance(state, SubwordState):
        metadata |= subword_metadata(state.wv.subwords, state.seed)
    metadata["notes"] = json.dumps(dict(notes), default=str)
    if training is not None:
        sums = {name: _checksum(tensor) for name, tensor in tensors.items()}
        metadata["training"] = json.dumps({**training, "checksums": sums})
    write_safetensors(path, tensors, metadata, previous=previous)


def read_model(path: str | PathLike[str], vector_size: int | None = None) -> SavedModel:
    """Read a model.

    The matrices are read one after the other, so that only one of them is in memory twice.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is damaged or not a model, its contents contradict each other, or `vector_size` is given and differs.
    """
    path = existing_file(path)
    identity = _identity(path)
    tensors, metadata = _read(path, _TENSORS, lambda name: name in _READ)
    training = _json_object(path, metadata, "training") if "training" in metadata else None
    _check_sums(path, training, tensors)
    table = table_of(tensors, path, metadata)
    shape, attributes, lock_factors = KeyTable.from_file(table, path).matrix.shape, table.attributes, table.lock_factors
    del table  # which would keep the vectors in memory
    options, counters = (_json_object(path, metadata, name) for name in ("config", "state"))
    _check_options(path, options, counters)
    dim, n_raw_tokens = options.get("vector_size"), checked_integers(tensors["n_raw_tokens"], "n_raw_tokens", path)
    if vector_size not in (None, shape[1]):
        raise ValueError(f"vector_size is {vector_size}, but the vectors of {path} are {shape[1]} long")
    _check(path, shape[1] == dim, f"its vectors are {shape[1]} long and its configuration says {dim}")
    _check(path, n_raw_tokens.shape == (1,), f"its n_raw_tokens has shape {n_raw_tokens.shape}")
    _check(path, n_raw_tokens[0] >= 0, f"its n_raw_tokens is {n_raw_tokens[0]}")
    vocab = vocab_of(tensors, path, n_raw_tokens=int(n_raw_tokens[0]))
    outputs, sizes = _outputs_of(options), {name: counters[name] for name in _COUNTERS}
    tree = _tree_of(path, tensors, shape[0]) if "w_node" in outputs else None
    if NGRAMS in metadata:
        rows = subword_rows(_read_subwords(path, training), metadata, vocab, path=path)
        _check(path, rows.rows.shape[1] >= shape[1], f"its rows are {rows.rows.shape[1]} long")
        state: ModelState = SubwordState.of_rows(vocab, rows, shape[1], outputs=outputs, tree=tree, **sizes)
    else:
        weights = padded_weights(*shape, outputs=outputs)
        with np.errstate(over="ignore"):  # of float64: as any vectors that are not finite
            weights.w_in[:, :dim] = tensors.pop("vectors")
        weights.tree = tree
        state = ModelState(vocab, weights, **sizes)
    _check(path, set(outputs) == set(state.weights.outputs), f"its configuration asks for the rows {outputs}")
    for name in outputs:
        _read_outputs(path, name, training, into=state.weights.outputs[name][:, :dim])
    if _identity(path) != identity:
        raise ValueError(f"{path} was replaced by another file while it was read; load it again")
    state.wv.expandos |= attributes
    if lock_factors is not None:
        state.wv.vectors_lockf = lock_factors
    notes = _json_object(path, metadata, "notes") if "notes" in metadata else {}
    return SavedModel(options, state, notes, _raw_counts(tensors, path), training)


def _read_subwords(path: Path, training: dict[str, Any] | None) -> dict[str, np.ndarray]:
    """Return the rows that the vectors of a FastText model are made of, and which those of each word are."""
    tensors = _read(path, (), lambda name: name in SUBWORD_TENSORS)[0]
    _check_sums(path, training, tensors)
    return tensors


def read_training(path: str | PathLike[str]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the options, and of a checkpoint where the training was, without reading any matrix; raises likewise."""
    path = existing_file(path)
    metadata = _read(path, (), lambda name: False)[1]
    training = _json_object(path, metadata, "training") if "training" in metadata else None
    return _json_object(path, metadata, "config"), training


def read_notes(path: str | PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options and the notes of a model without reading any matrix; both are empty for vectors alone."""
    path = existing_file(path)
    if not is_safetensors(path):
        return {}, {}
    metadata = read_safetensors(path, lambda name: False)[1]
    options, notes = (_json_object(path, metadata, name) if name in metadata else {} for name in ("config", "notes"))
    return options, notes


def _outputs_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the output matrices of a model with these options."""
    config = TrainConfig
    is_there = {"w_out": options.get("negative", config.negative), "w_node": options.get("hs", config.hs)}
    return tuple(name for name, there in is_there.items() if there)


def _read_outputs(path: Path, name: str, training: dict[str, Any] | None, *, into: np.ndarray) -> None:
    """Read an output matrix into a matrix of the model."""
    found = _read(path, (name,), lambda tensor: tensor == name)[0]
    _check_sums(path, training, found)
    rows = found[name]
    _check(path, rows.shape == into.shape, f"its output rows have shape {rows.shape} and its vectors {into.shape}")
    _check(path, rows.dtype.kind == "f", f"its output rows are of type {rows.dtype}")
    with np.errstate(over="ignore"):
        into[:] = rows


def _tree_of(path: Path, tensors: Mapping[str, np.ndarray], n_words: int) -> HuffmanTree:
    """Return the Huffman tree of a file; ValueError if it is none."""
    links, path_starts = (tensors.get(name, np.zeros(0)) for name in _TREE)
    _check(path, links.ndim == path_starts.ndim == 1, f"its Huffman tree has shape {links.shape}, {path_starts.shape}")
    tree = HuffmanTree(links, path_starts)
    _check(path, len(path_starts) == n_words + 1, f"its Huffman tree has {len(path_starts) - 1} words, not {n_words}")
    try:
        tree.steps()
    except (TypeError, ValueError) as error:
        _check(path, False, f"its Huffman tree is none: {error}")
    _check(path, tree.is_whole(), "its Huffman tree is none: a branch leads to two words, or to none")
    return tree


def _check_sums(path: Path, training: dict[str, Any] | None, tensors: dict[str, np.ndarray]) -> None:
    """Raise ValueError if an array of a checkpoint is not the one that was written."""
    if training is not None:
        written = training.get("checksums")
        sums = {name: _checksum(tensor) for name, tensor in tensors.items()}
        is_same = isinstance(written, dict) and sums.items() <= written.items()
        _check(path, is_same, f"its {', '.join(sums)} are not those that were written")


def _checksum(rows: np.ndarray) -> int:
    """Return a checksum of an array, copied a megabyte at a time."""
    rows = np.atleast_1d(rows)  # a damaged file may say that it is one number
    total, n_rows = 0, max(1, _CHUNK_BYTES * len(rows) // max(1, rows.nbytes))
    for row in range(0, len(rows), n_rows):
        total = zlib.crc32(np.ascontiguousarray(rows[row : row + n_rows]).data, total)
    return total


def _check_options(path: Path, options: dict[str, Any], counters: dict[str, Any]) -> None:
    """Raise ValueError, which names the file, if an option or a counter is not in its range."""
    known = FastTextConfig() if options.keys() & {"min_n"} else TrainConfig()
    _check(path, options.keys() <= set(known.names()), f"its configuration has the options {', '.join(options)}")
    for name, most in _COUNTERS.items():
        count = counters.get(name)
        _check(path, type(count) is int and 0 <= count <= most, f"its state is {counters}")
    _check(path, isinstance(options.get("device", ""), str), f"its device is {options.get('device')!r}")
    for name, value in options.items():
        try:  # each by itself: alpha may be below min_alpha when the user is about to change both
            known.with_option(name, value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error}; save the model again with Word2Vec.save") from error


def _raw_tensors(raw: RawCounts) -> dict[str, np.ndarray]:
    vocab = raw.vocab()
    sizes = np.array([raw.n_sentences, vocab.n_raw_tokens], np.int64)
    tensors = {"raw_counts": vocab.counts, "raw_sizes": sizes}
    if vocab.ids is not None:
        return tensors | {"raw_keys": vocab.ids}
    return tensors | {"raw_keys": vocab.letters, "raw_key_offsets": vocab.word_starts}


def _raw_counts(tensors: dict[str, np.ndarray], path: Path) -> RawCounts | None:
    if "raw_counts" not in tensors:
        return None
    sizes = checked_integers(tensors.get("raw_sizes", np.zeros(0, np.int64)), "raw_sizes", path, least=0)
    _check(path, sizes.shape == (2,), f"its raw_sizes have shape {sizes.shape}")
    n_sentences, n_raw_tokens = sizes.tolist()
    vocab = vocab_of(tensors, path, prefix="raw_", n_raw_tokens=n_raw_tokens)
    refuse_doubled_keys(vocab, f"{path}: of the raw counts")
    return RawCounts(vocab, n_sentences)


def _identity(path: Path) -> tuple[int, ...]:
    """Return values that differ between a file and its replacement; the inode alone does not, as it can be reused."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _read(
    path: Path, expected: Sequence[str], wanted: Callable[[str], bool]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    if not is_safetensors(path):
        is_pickle = book_pickle.is_pickle(path)
        cure = f"if gensim wrote it: {book_pickle.GENSIM_CURE}" if is_pickle else "read vectors by KeyedVectors.load"
        raise ValueError(f"{path} is damaged, or no model: it does not begin like a file of Word2Vec.save; {cure}")
    tensors, metadata = read_safetensors(path, wanted)
    missing = [name for name in expected if name not in tensors]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)} to train on with; read its vectors by KeyedVectors.load")
    return tensors, metadata


def _json_object(path: str | PathLike[str], metadata: dict[str, str], name: str) -> dict[str, Any]:
    try:
        refuse_many_values(metadata.get(name, ""), Path(path).stat().st_size)
        value = json.loads(metadata.get(name, ""))
    except (ValueError, RecursionError):  # ValueError: also of an integer with thousands of digits
        value = None
    _check(path, isinstance(value, dict), f"its {name} is {metadata.get(name)!r:.200}, expected a JSON object")
    return dict(value)


def _check(path: str | PathLike[str], condition: bool, flaw: str) -> None:
    if not condition:
        raise ValueError(f"{path} is damaged: {flaw}; save the model again with Word2Vec.save")
