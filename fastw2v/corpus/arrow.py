"""Tables in any form, as Arrow record batches: files, and objects of other libraries by Arrow's interface."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from fastw2v.corpus.columns import plain_batch, pyarrow_module
from fastw2v.corpus.text import check_readable, expanded_paths
from fastw2v.corpus.text_tables import block_size
from fastw2v.runtime.arrow_files import ArrowFile, ParquetFile, damage_named, named_batches
from fastw2v.runtime.named_errors import errors_named

StrPath = str | os.PathLike[str]
BATCH_ROWS = 1 << 16
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_USED_UP: tuple[Any, ...] = ()  # the batches of a reader that was read
_KIND_OF_ENDING = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_PACKED = (".gz", ".bz2", ".zst")  # what pyarrow unpacks; only text is packed so
_TEXT_KINDS = ("csv", "tsv", "jsonl")


def is_arrow(value: object) -> bool:
    """Whether an object hands out its data by Arrow's interface; pyarrow is not imported to find out."""
    return hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")


def is_dataset(value: object) -> bool:
    """Whether this is a `datasets.Dataset` of Hugging Face."""
    return hasattr(value, "with_format") and hasattr(value, "column_names")


def is_pandas_series(value: object) -> bool:
    """Whether this is one column of pandas, whose rows are Python objects and need no Arrow."""
    return hasattr(value, "iloc") and getattr(value, "ndim", None) == 1


def kind_of(path: StrPath) -> str | None:
    """Return the kind of a table file by its ending, "parquet" and so on; None for another file."""
    given = Path(Path(path).name.lower())
    is_packed = given.suffix in _PACKED
    kind = _KIND_OF_ENDING.get(given.with_suffix("").suffix if is_packed else given.suffix)
    return None if is_packed and kind not in _TEXT_KINDS else kind


class Table:
    """Columns of a table, read as often as they are asked for.

    Parameters
    ----------
    source : path, list of paths, or object with Arrow's interface
        Parquet, Arrow (Feather), CSV, TSV and JSON-lines files; data frames of pandas and polars, relations of DuckDB,
        tables of pyarrow, a `datasets.Dataset`.

    Raises
    ------
    TypeError
        It is no table.
    OSError
        A file does not exist or cannot be read.
    ValueError
        The ending of a file is none of a table.
    ImportError
        pyarrow is not installed.
    """

    def __init__(self, source: Any) -> None:  # noqa: ANN401 - this finds out what it is
        self._source = _checked_source(source)

    @contextmanager
    def errors_named(self) -> Iterator[None]:
        """Add the name of the file to each error of the block about what the table holds; see `errors_named`."""
        paths = self._source if isinstance(self._source, list) else []
        if not paths:
            with _types_refused():
                yield
            return
        with damage_named(" or ".join(map(str, paths[:3]))), errors_named(*paths), _types_refused():
            yield

    @property
    def names(self) -> list[str]:
        """Names of the columns, other than an index that pandas stored; of an array, one that is empty."""
        return [name for name in self._all_names() if not _PANDAS_INDEX.fullmatch(name)]

    def _all_names(self) -> list[str]:
        reader: _Reader = next(self._readers(None))
        return reader.names

    def checked_name(self, option: str, name: str | None) -> str:
        """Return the name of a column; None stands for the only one. ValueError, with the cure, if there is none."""
        names = self._all_names() if isinstance(name, str) and _PANDAS_INDEX.fullmatch(name) else self.names
        if name is None and len(names) == 1:
            return names[0]
        listed = ", ".join(map(repr, names))
        if name is None:
            raise ValueError(f"no column is named; the table has {listed}: pass one of them as {option}=")
        if not isinstance(name, str):
            raise TypeError(f"{option} is {name!r} ({type(name).__name__}); expected the name of one column: {listed}")
        if name not in names:
            raise ValueError(f"there is no column {name!r}; {_cure_of_name(name, names, option)}")
        if names.count(name) > 1:
            raise ValueError(f"{names.count(name)} columns are named {name!r}; give them different names")
        return name

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield record batches of some columns; no more than a few of them are in memory at a time."""
        for reader in self._readers(columns):
            missing = [name for name in columns if name not in reader.names]
            if missing:
                raise ValueError(f"{reader.name} has no column {missing[0]!r}; it has {', '.join(reader.names)}")
            try:
                yield from (plain_batch(batch.select(columns)) for batch in reader)
            except pyarrow_module().ArrowInvalid as error:
                raise ValueError(f"{reader.name} cannot be read to its end: {error}") from error

    def _readers(self, columns: Sequence[str] | None) -> Iterator[Any]:
        if isinstance(self._source, list):
            yield from (_read_file(path, columns) for path in self._source)
        elif is_dataset(self._source):
            yield _read_dataset(self._source, columns)
        elif isinstance(self._source, _ReaderOnce):
            yield self._source
        else:
            yield _read_object(self._source)


@contextmanager
def _types_refused() -> Iterator[None]:
    """Turn pyarrow's error for a type that it does not compute on into a TypeError with the cure."""
    try:
        yield
    except pyarrow_module().ArrowNotImplementedError as error:
        raise TypeError(f"a column has a type that pyarrow does not read so: {error}; cast the column") from error


def _cure_of_name(name: str, names: list[str], option: str) -> str:
    """Return what to do about the name of a column that there is not."""
    listed = ", ".join(map(repr, names))
    separator = next((sign for sign in ";\t|" if len(names) == 1 and sign in names[0]), None)
    if separator is not None:
        read = f"table_corpus(pandas.read_csv(path, sep={separator!r}), ...)"
        return (
            f"the table has one column, {listed}: its values are separated by {separator!r}, not by commas; pass {read}"
        )
    near = get_close_matches(name.lower(), [other.lower() for other in names], n=1)
    meant = next((f"did you mean {other!r}? " for other in names if [other.lower()] == near), "")
    cure = f"{meant}the table has {listed}: pass one of them as {option}="
    if any(other.isdecimal() for other in names):
        cure += " (a CSV file whose first line is no line of names: pandas.read_csv(path, header=None, names=[...]))"
    return cure


class _Reader:
    """Names of columns and batches of them, and the name of the table in messages."""

    def __init__(self, schema: Any, batches: Iterable[Any], name: object = "the table") -> None:  # noqa: ANN401
        self.names, self._batches, self.name = list[str](schema.names), batches, name

    def __iter__(self) -> Iterator[Any]:
        return iter(self._batches)

    def of_file(self, path: Path) -> _Reader:
        """Return this as the content of a file, which its errors name."""
        is_text = kind_of(path) in _TEXT_KINDS
        self.name, self._batches = path, named_batches(path, self._batches, is_text=is_text)
        return self


class _ReaderOnce(_Reader):
    """A `pyarrow.RecordBatchReader`, whose batches can be read only once."""

    def __init__(self, reader: Any) -> None:  # noqa: ANN401
        super().__init__(reader.schema, reader, "the RecordBatchReader")

    def __iter__(self) -> Iterator[Any]:
        batches, self._batches = self._batches, _USED_UP
        if batches is _USED_UP:
            raise TypeError("a RecordBatchReader can be read only once; pass its table: reader.read_all()")
        return iter(batches)


def _checked_source(source: Any) -> Any:  # noqa: ANN401
    arrow = pyarrow_module()
    if isinstance(source, arrow.RecordBatchReader):
        return _ReaderOnce(source)
    if is_arrow(source) or is_dataset(source):
        return source
    given = [source] if isinstance(source, str | os.PathLike) else source
    if not isinstance(given, list | tuple) or not all(isinstance(path, str | os.PathLike) for path in given):
        kind = type(source).__name__
        what = f"a {kind} is no table; expected a path, a data frame, or an object with Arrow's interface"
        raise TypeError(f"{what}: {_cure(source)}")
    paths = [file for path in given for file in _files(os.fspath(path))]
    for path in paths:
        check_readable(path)
        if kind_of(path) is None:
            endings = ", ".join(_KIND_OF_ENDING)
            raise ValueError(f"{path} has no ending of a table; expected one of {endings} (text goes to corpus_file)")
    if not paths:
        raise ValueError("got an empty list of paths; expected at least one table")
    return paths


def _cure(source: object) -> str:
    if isinstance(source, Mapping):
        return "pyarrow.table(columns)"
    if isinstance(source, list | tuple) and source and is_arrow(source[0]):
        return "pyarrow.concat_tables(tables)"
    if isinstance(source, list | tuple) and source and isinstance(source[0], Mapping):
        return "pyarrow.Table.from_pylist(rows)"
    if type(source).__name__ == "LazyFrame":
        return "frame.collect()"
    if hasattr(source, "read"):
        return "pass the path of the file"
    return "lists and arrays go to Word2Vec(sentences)"


def _files(path: str) -> list[Path]:
    """Return the files of a path or pattern; of a folder, without those that programs leave, such as _SUCCESS."""
    files = expanded_paths(path)
    return [file for file in files if not file.name.startswith("_")] if len(files) > 1 else files


def _read_file(path: Path, columns: Sequence[str] | None) -> _Reader:
    kind = str(kind_of(path))
    read: Callable[[Path, Sequence[str] | None], _Reader] = _READERS[kind]
    try:
        with damage_named(path):
            reader = read(path, columns)
    except ValueError as error:
        why = error.__cause__ or error
        raise ValueError(f"{path} cannot be read as {kind}: {why}; check the file and its ending") from error
    return reader.of_file(path)


def _read_parquet(path: Path, columns: Sequence[str] | None) -> _Reader:
    file = ParquetFile(path, memory_map=True)
    return _Reader(file.schema, file.batches(columns, BATCH_ROWS))


def _read_arrow(path: Path, columns: Sequence[str] | None) -> _Reader:
    file = ArrowFile(path)
    return _Reader(file.schema, file.batches(columns))


def _read_csv(path: Path, columns: Sequence[str] | None, delimiter: str = ",") -> _Reader:
    import pyarrow.csv

    with_columns = pyarrow.csv.ConvertOptions(include_columns=columns)
    parse = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    blocks = pyarrow.csv.ReadOptions(block_size=block_size(path, delimiter))
    reader = pyarrow.csv.open_csv(str(path), blocks, parse, with_columns)
    return _Reader(reader.schema, reader)


def _read_jsonl(path: Path, _columns: Sequence[str] | None) -> _Reader:
    import pyarrow.json

    reader = pyarrow.json.open_json(str(path), pyarrow.json.ReadOptions(block_size=block_size(path, None)))
    return _Reader(reader.schema, reader)


def _read_object(source: Any) -> _Reader:  # noqa: ANN401
    arrow = pyarrow_module()
    try:
        return _reader_of(source)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
        cure = 'make each column one kind, frame["items"].astype(str), or lists of one kind'
        why = ": ".join(map(str, error.args))
        raise TypeError(f"a {type(source).__name__} cannot be read as a table: {why}; {cure}") from error


def _reader_of(source: Any) -> _Reader:  # noqa: ANN401
    arrow = pyarrow_module()
    if hasattr(source, "__arrow_c_stream__"):
        try:
            reader = arrow.RecordBatchReader.from_stream(source)
            return _Reader(reader.schema, reader)
        except (TypeError, ValueError):
            if hasattr(source, "columns"):
                raise
            chunks = arrow.chunked_array(source).chunks
    else:
        chunks = [arrow.array(source)]
    batches = [arrow.record_batch([chunk], names=[""]) for chunk in chunks]
    return _Reader(batches[0].schema if batches else arrow.schema([("", arrow.null())]), batches)


def _read_dataset(source: Any, columns: Sequence[str] | None) -> _Reader:  # noqa: ANN401
    chosen = source if columns is None else source.select_columns(list(columns))
    tables = chosen.with_format("arrow").iter(batch_size=BATCH_ROWS)
    schema = pyarrow_module().schema([(name, pyarrow_module().null()) for name in source.column_names])
    return _Reader(schema, (batch for table in tables for batch in table.to_batches()))


_READERS: dict[str, Callable[..., _Reader]] = {
    "parquet": _read_parquet,
    "arrow": _read_arrow,
    "csv": _read_csv,
    "tsv": partial(_read_csv, delimiter="\t"),
    "jsonl": _read_jsonl,
}
