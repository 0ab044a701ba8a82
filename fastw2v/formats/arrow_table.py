"""Parquet and Feather by pyarrow: a column of keys, one of vectors and, if they are known, one of counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v.formats.safetensors_table import checked_counts
from fastw2v.formats.stored_rows import key_chunks, row_chunks, stored
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.arrow_files import ArrowFile, ParquetFile, damage_named, damaged
from fastw2v.runtime.files import atomic_write
from fastw2v.runtime.packages import optional_module
from fastw2v.vectors.key_table import KeyTable, VectorTable

_PARQUET, _FEATHER, _STREAM = b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff"
_GROUP_BYTES = 1 << 24  # of vectors in a group of rows
_BUFFER_BYTES = 1 << 20  # read at a time; by default pyarrow holds the whole file
_BATCH_ROWS = 1 << 13  # of Parquet that are read at a time
_MOST_DIM = 1 << 20  # numbers of a vector


def _pyarrow(module: str = "pyarrow") -> Any:  # noqa: ANN401 - a module without types
    return optional_module(module, package="pyarrow", purpose="a file of Parquet or Feather")


def write_arrow(kv: KeyTable, path: str | PathLike[str], *, is_parquet: bool, dtype: str | None = None) -> None:
    """Write the columns "key" (int64 or string), "count" (int64, if known) and "vector" (list of `dim` floats).

    Rows are written in groups of about 16 MB, so that memory does not grow with the vectors.

    Parameters
    ----------
    kv : KeyedVectors
    path : path
    is_parquet : bool
        Parquet rather than Feather.
    dtype : "float16" or "float32", optional
        Of the vectors; default: their own.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    ValueError
        A key occurs twice, or holds a lone surrogate.
    """
    pa, rows = _pyarrow(), stored(kv, dtype)
    key_type = pa.int64() if kv.is_integer else pa.string()
    fields = [("key", key_type)] + [("count", pa.int64())] * (kv.counts is not None)
    schema = pa.schema([*fields, ("vector", pa.list_(pa.from_numpy_dtype(rows.dtype), rows.shape[1]))])
    with atomic_write(path) as draft, closing(_writer(draft, schema, is_parquet=is_parquet)) as writer:
        start = 0
        for keys, vectors in zip(key_chunks(kv, rows, _GROUP_BYTES), row_chunks(rows, _GROUP_BYTES)):
            counts = [] if kv.counts is None else [pa.array(kv.counts[start : start + len(keys)])]
            vector_column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), rows.shape[1])
            columns = [_key_column(keys, key_type, path), *counts, vector_column]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            start += len(keys)


def _writer(path: Path, schema: Any, *, is_parquet: bool) -> Any:  # noqa: ANN401
    if is_parquet:
        return _pyarrow("pyarrow.parquet").ParquetWriter(path, schema, use_dictionary=False)
    return _pyarrow("pyarrow.ipc").new_file(str(path), schema)


def _key_column(keys: list[Any], kind: Any, path: str | PathLike[str]) -> Any:  # noqa: ANN401
    try:
        return _pyarrow().array(keys, kind)
    except UnicodeEncodeError as error:
        flaw = f"{path}: key {error.object!r} holds a lone surrogate, which the format cannot hold"
        raise ValueError(f"{flaw}; save as .safetensors instead") from error


def is_arrow(path: Path) -> bool:
    """Whether the file starts as Parquet, as Feather or as a stream of Arrow."""
    with open(path, "rb") as file:
        return file.read(8).startswith((_PARQUET, _FEATHER, _STREAM))


def read_arrow(path: Path) -> VectorTable:
    """Read a table of keys and vectors, in memory for the vectors and a group of rows.

    Parameters
    ----------
    path : Path
        Of Parquet, Feather or a stream of Arrow: a column "key" (integers or strings), or the only such column; a
        column "vector" (lists of floats), or the only such column; and, if there is one, "count".

    Raises
    ------
    ImportError
        pyarrow is not installed.
    ValueError
        The file is damaged; or there are no such columns, or values are missing, or vectors differ in length.
    """
    with damage_named(path), _opened(path) as (schema, n_rows, batches):
        key, vector = (_column(schema, kind, path) for kind in ("key", "vector"))
        has_counts = "count" in schema.names and _pyarrow().types.is_integer(schema.field("count").type)
        wanted = [key, vector, "count"][: 3 if has_counts else 2]
        columns = ([batch.column(name) for name in wanted] for batch in batches(wanted) if batch.num_rows)
        return _table(columns, n_rows, path=path)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, int, Callable[[list[str]], Iterator[Any]]]]:
    """Yield the schema, how many rows there are, and what returns some columns, a batch of rows after the other."""
    with open(path, "rb") as file:
        is_parquet = file.read(4) == _PARQUET
    if is_parquet:
        with closing(ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)) as parquet:
            batches = partial(parquet.batches, n_rows=_BATCH_ROWS, use_threads=False, most_values=_MOST_DIM)
            yield parquet.schema, parquet.n_rows, batches
        return
    feather = ArrowFile(path)
    yield feather.schema, feather.n_rows, feather.batches


def _column(schema: Any, kind: str, path: str | PathLike[str]) -> str:  # noqa: ANN401
    """Return the column that has that name, or else is the only one of such a type; ValueError if there is none."""

    def fits(column: Any) -> bool:  # noqa: ANN401
        types, own = _pyarrow("pyarrow.types"), column.type
        own = own.value_type if types.is_dictionary(own) else own
        if kind == "vector":
            is_list = types.is_list(own) or types.is_large_list(own) or types.is_fixed_size_list(own)
            return bool(is_list and types.is_floating(own.value_type))
        is_text = types.is_string(own) or types.is_large_string(own) or types.is_string_view(own)
        return bool((types.is_integer(own) or is_text) and column.name != "count")

    found = [column.name for column in schema if fits(column)]
    if kind in found or len(found) == 1:
        return kind if kind in found else str(found[0])
    what = "a list of floats" if kind == "vector" else "integers or strings"
    columns = ", ".join(f"{column.name} ({column.type})" for column in schema)
    raise ValueError(f'{path} has the columns {columns}; expected one called "{kind}", of {what}')


def _table(batches: Iterator[list[Any]], n_rows: int, *, path: str | PathLike[str]) -> VectorTable:
    """Collect columns of keys, vectors and counts; ValueError if a key is missing or vectors differ in length."""
    vectors = np.empty((0, 0), np.float32)
    keys: list[Array] = []
    counts: list[Array] = []
    start = 0
    for key, vector, *count in batches:
        rows, stop = _rows(vector, path), start + len(key)
        if start == 0:
            vectors = np.empty((n_rows, rows.shape[1]), rows.dtype)
        if rows.shape[1] != vectors.shape[1] or key.null_count:
            raise ValueError(f"{path} has a row without a key, or vectors of different lengths, after row {start}")
        if stop > n_rows:
            raise damaged(path, f"{stop} rows or more, and {n_rows} by what it says")
        vectors[start:stop] = rows
        keys.append(_decoded(key).to_numpy(zero_copy_only=False))
        counts += [column.fill_null(0).to_numpy(zero_copy_only=False) for column in count]
        start = stop
    if start == 0:
        raise ValueError(f"{path} holds no key; expected at least one")
    if start != n_rows:
        raise damaged(path, f"{start} rows, and {n_rows} by what it says")
    all_keys = np.concatenate(keys)
    all_counts = checked_counts(np.concatenate(counts), "count", path, n_keys=n_rows) if counts else None
    return VectorTable(all_keys if all_keys.dtype.kind in "iu" else all_keys.tolist(), vectors, all_counts)


def _decoded(key: Any) -> Any:  # noqa: ANN401
    """Return a column without categories, for which Arrow lacks conversions."""
    arrow, types = _pyarrow(), _pyarrow("pyarrow.types")
    if not types.is_dictionary(key.type):
        return key
    words = key.dictionary
    return (words.cast(arrow.large_string()) if types.is_string_view(words.type) else words).take(key.indices)


def _rows(column: Any, path: str | PathLike[str]) -> Array:  # noqa: ANN401
    """Return a column of lists as a matrix; ValueError if they differ in length, or one is missing."""
    values = column.flatten()
    if column.null_count or values.null_count:
        raise ValueError(f"{path} has vectors or numbers that are missing; expected floats alone")
    lengths = column.value_lengths().to_numpy(zero_copy_only=False)
    if lengths.min() != lengths.max() or lengths[0] == 0:
        found = f"{lengths.min()} to {lengths.max()}"
        raise ValueError(f"{path} has vectors of {found} numbers; expected vectors of one length, from 1 on")
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(len(column), -1)
