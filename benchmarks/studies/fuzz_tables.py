"""More of what `fuzz.py` damages: tables, vectors in tables and in NumPy's files, pairs to train, and graphs."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable, Sequence
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
_LISTS = ["words", "ids", "item"]
_UNUSUAL = [*_LISTS, "map", "nested", "missing", "struct"]
_KEYS = json.dumps(WORDS)  # of the matrix in an .npy file


def table_inputs() -> dict[str, Input]:
    """Return the formats of vectors in NumPy's files, of pairs, graphs and, with pyarrow, of tables."""
    kv = KeyedVectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 4)), counts=range(len(WORDS), 0, -1))
    pairs = b"the\tNew\t0.5\nNew\tYork\t2\nYork\tthe\t1\n"
    edges = b"# an edge a line\n1\t2\t0.5\n2 3 1.5\n3\t1\t2\n4 1 1e-1\n"
    found = {
        "npz": Input(written(kv.save, "v.npz"), read_stored),
        "npy": Input(written(kv.save, "v.npy"), read_matrix),
        "npz, an array": Input(written(kv.save, "v.npy"), read_stored, _archived("vectors.npy")),
        "npz, its keys": Input(_npy(np.array(WORDS)), read_stored, _archived("keys.npy")),
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

    def write_pages(path: str) -> None:
        parquet.write_table(_unusual(), path, compression="none", data_page_version="2.0", row_group_size=5)

    def write_unusual(path: str) -> None:
        views = _unusual().append_column(
            "views", pyarrow.array([each["ids"] for each in _ROWS], pyarrow.list_view(pyarrow.int64()))
        )
        with pyarrow.ipc.new_file(path, views.schema) as file:
            file.write_table(views)

    return {
        "Parquet": Input(written(lambda path: parquet.write_table(categories, path)), table_reader(".parquet")),
        "Feather": Input(written(lambda path: feather.write_feather(categories, path)), table_reader(".feather")),
        "Feather, zstd": Input(
            written(lambda path: feather.write_feather(rows, path, compression="zstd")), table_reader(".feather")
        ),
        "Arrow stream": Input(written(write_stream), table_reader(".arrow")),
        "Parquet, other columns": Input(written(write_pages), table_reader(".parquet", _UNUSUAL)),
        "Feather, other columns": Input(written(write_unusual), table_reader(".feather", [*_UNUSUAL, "views"])),
        "JSON lines": Input(lines, table_reader(".jsonl")),
        "CSV": Input(
            written(lambda path: csv.write_csv(rows.drop(["words", "ids"]), path)),
            table_reader(".csv", []),
        ),
        "vectors, Parquet": Input(written(kv.save, "v.parquet"), read_stored),
        "vectors, Feather": Input(written(kv.save, "v.feather"), read_stored),
    }


def _unusual() -> Any:  # noqa: ANN401
    """Return the rows with columns of types that corpora are not made of, or that lack values."""
    import pyarrow

    others = {
        "map": pyarrow.array(
            [list(zip(each["words"], each["ids"])) for each in _ROWS], pyarrow.map_(pyarrow.string(), pyarrow.int64())
        ),
        "nested": [[each["words"]] for each in _ROWS],
        "missing": [each["words"] if i % 3 else None for i, each in enumerate(_ROWS)],
        "struct": [{"a": each["item"], "b": each["ids"]} for each in _ROWS],
    }
    table = pyarrow.Table.from_pylist(_ROWS)
    for name, column in others.items():
        table = table.append_column(name, column if isinstance(column, pyarrow.Array) else pyarrow.array(column))
    return table


def _npy(array: np.ndarray) -> bytes:
    return written(lambda path: np.save(path, array), "v.npy")


def _archived(damaged: str) -> Callable[[bytes], bytes]:
    """Return what makes an archive of vectors of an .npy file, so that the archive is whole if the file is not."""
    whole = {"keys.npy": _npy(np.array(WORDS)), "vectors.npy": _npy(np.ones((len(WORDS), 4), np.float32))}

    def archive(content: bytes) -> bytes:
        def write(path: str) -> None:
            with zipfile.ZipFile(path, "w") as file:
                for name, entry in (whole | {damaged: content}).items():
                    file.writestr(name, entry)

        return written(write)

    return archive


def read_stored(path: Path, _: random.Random) -> None:
    """Vectors, by content."""
    check(KeyedVectors.load(path), path)


def read_matrix(path: Path, rng: random.Random) -> None:
    """The matrix of an .npy file, whose keys are whole."""
    path.with_name(f"{path.name}.keys.json").write_text(_KEYS)
    check(KeyedVectors.load(path, mmap=rng.choice([None, "r", "c"])), path)


def table_reader(ending: str, lists: Sequence[str] = _LISTS) -> Callable[[Path, random.Random], None]:
    """Return what reads a column of lists, if there are some, a long table or pairs in a file of this ending."""

    def read(path: Path, rng: random.Random) -> None:
        named = path.with_suffix(ending)
        path.rename(named)
        try:
            _read_table(named, rng, lists)
        except TypeError as error:  # the documented error of a column that holds something else
            is_clear = str(named) in str(error) and "; " in str(error)
            raise ValueError(str(error)) if is_clear else error from error
        finally:
            named.rename(path)

    return read


def _read_table(path: Path, rng: random.Random, lists: Sequence[str]) -> None:
    if rng.random() < 0.2:
        read_pairs(path, columns=rng.choice([("item", "other"), ("item", "other", "time")]))
        return
    options: dict[str, Any] = {"group": "session", "items": "item", "order": rng.choice([None, "time", "item"])}
    if lists and rng.random() < 0.6:
        options = {"column": rng.choice(lists)} | rng.choice([{}, _WEIGHT])
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
