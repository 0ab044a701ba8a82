"""More of what `fuzz.py` damages: tables, vectors in tables and in NumPy's files, pairs to train, and graphs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.fuzz_formats import WORDS, Input, check, written
from fastw2v import KeyedVectors
from fastw2v.corpus import read_pairs, table_corpus
from fastw2v.encode import encode_corpus
from fastw2v.graph.edge_files import read_edges

_ROWS = [
    {
        "session": i // 3,
        "item": WORDS[i % 7],
        "other": WORDS[(i + 1) % 7],
        "time": 20 - i,
        "words": WORDS[: 1 + i % 4],
        "ids": list(range(i)),
    }
    for i in range(12)
]
_WEIGHT = {"weight": "time"}
_KEYS = json.dumps(WORDS)  # of the matrix in an .npy file


def table_inputs() -> dict[str, Input]:
    """Return the formats of vectors in NumPy's files, of pairs, graphs and, with pyarrow, of tables."""
    kv = KeyedVectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 4)), counts=range(len(WORDS), 0, -1))
    pairs = b"the\tNew\t0.5\nNew\tYork\t2\nYork\tthe\t1\n"
    edges = b"# an edge a line\n1\t2\t0.5\n2 3 1.5\n3\t1\t2\n4 1 1e-1\n"
    found = {
        "npz": Input(written(kv.save, "v.npz"), read_stored),
        "npy": Input(written(kv.save, "v.npy"), read_matrix),
        "pairs to train": Input(pairs, read_training_pairs),
        "edges": Input(edges, read_graph),
    }
    return found | (_arrow_inputs(kv) if find_spec("pyarrow") else {})


def _arrow_inputs(kv: KeyedVectors) -> dict[str, Input]:
    import pyarrow
    from pyarrow import csv, feather, parquet

    rows = pyarrow.Table.from_pylist(_ROWS)
    categories = rows.set_column(1, "item", rows["item"].dictionary_encode())
    lines = "\n".join(map(json.dumps, _ROWS)).encode()

    def write_stream(path: str) -> None:
        with pyarrow.ipc.new_stream(path, rows.schema) as stream:
            stream.write_table(rows)

    return {
        "Parquet": Input(written(lambda path: parquet.write_table(categories, path)), table_reader(".parquet")),
        "Feather": Input(written(lambda path: feather.write_feather(categories, path)), table_reader(".feather")),
        "Feather, zstd": Input(
            written(lambda path: feather.write_feather(rows, path, compression="zstd")), table_reader(".feather")
        ),
        "Arrow stream": Input(written(write_stream), table_reader(".arrow")),
        "JSON lines": Input(lines, table_reader(".jsonl")),
        "CSV": Input(
            written(lambda path: csv.write_csv(rows.drop(["words", "ids"]), path)),
            table_reader(".csv", has_lists=False),
        ),
        "vectors, Parquet": Input(written(kv.save, "v.parquet"), read_stored),
        "vectors, Feather": Input(written(kv.save, "v.feather"), read_stored),
    }


def read_stored(path: Path, _: random.Random) -> None:
    """Vectors, by content."""
    check(KeyedVectors.load(path), path)


def read_matrix(path: Path, rng: random.Random) -> None:
    """The matrix of an .npy file, whose keys are whole."""
    path.with_name(f"{path.name}.keys.json").write_text(_KEYS)
    check(KeyedVectors.load(path, mmap=rng.choice([None, "r", "c"])), path)


def table_reader(ending: str, *, has_lists: bool = True) -> Callable[[Path, random.Random], None]:
    """Return what reads a column of lists, a long table or pairs in a file of this ending."""

    def read(path: Path, rng: random.Random) -> None:
        named = path.with_suffix(ending)
        path.rename(named)
        try:
            _read_table(named, rng, has_lists=has_lists)
        except TypeError as error:  # the documented error of a column that holds something else
            is_clear = str(named) in str(error) and "; " in str(error)
            raise ValueError(str(error)) if is_clear else error from error
        finally:
            named.rename(path)

    return read


def _read_table(path: Path, rng: random.Random, *, has_lists: bool) -> None:
    if rng.random() < 0.2:
        read_pairs(path, columns=rng.choice([("item", "other"), ("item", "other", "time")]))
        return
    options: dict[str, Any] = {"group": "session", "items": "item", "order": rng.choice([None, "time", "item"])}
    if has_lists and rng.random() < 0.6:
        options = {"column": rng.choice(["words", "ids", "item"])} | rng.choice([{}, _WEIGHT])
    corpus = table_corpus(path, **options)
    vocab, tokens = encode_corpus(getattr(corpus, "corpus", corpus), min_count=1, workers=1)
    with tokens:
        assert len(vocab) > 0


def read_training_pairs(path: Path, _: random.Random) -> None:
    """Explicit pairs."""
    read_pairs(path)


def read_graph(path: Path, rng: random.Random) -> None:
    """A graph."""
    graph = read_edges(path, weighted=rng.choice([None, True, False]), directed=rng.random() < 0.5, workers=1)
    assert graph.n_nodes > 0
