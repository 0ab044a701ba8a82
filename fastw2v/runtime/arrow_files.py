"""Files that pyarrow reads: its errors with the name of the file, and batches that are checked before they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any

from fastw2v.runtime.arrow_messages import Sizes, sizes_of_file, sizes_of_stream
from fastw2v.runtime.packages import optional_module
from fastw2v.runtime.parquet_pages import checked_row_size

_BATCH_BYTES = 1 << 25  # of what a dictionary repeats
_MOST_EMPTY_ROWS = 1 << 20  # of columns that take no bytes, such as those without a value
StrPath = str | PathLike[str]


def _pyarrow(module: str = "pyarrow") -> Any:  # noqa: ANN401 - a module without types
    return optional_module(module, package="pyarrow", purpose="a table in a file")


def damaged(path: StrPath, why: object, *, is_text: bool = False) -> ValueError:
    """Return the error for a file that is not whole, or for text that breaks its own rules."""
    if is_text:
        return ValueError(f"{path} cannot be read to its end ({why}); mend the line, or save it again")
    return ValueError(f"{path} is damaged ({why}); copy or save it again")


@contextmanager
def damage_named(path: StrPath, *, is_text: bool = False) -> Iterator[None]:
    """Turn the errors that pyarrow raises for what a file holds into a ValueError that names the file.

    Parameters
    ----------
    path : path
    is_text : bool
        Whether it is text, such as CSV.

    Raises
    ------
    ValueError
        The file is damaged.
    MemoryError
        The file takes more memory than there is.
    OSError
        The disk failed: errors that have a number of the system stay as they are.
    """
    try:
        yield
    except MemoryError as error:
        raise MemoryError(
            f"{path} takes more memory than there is ({error}); if it is damaged, copy it again"
        ) from error
    except (_pyarrow().ArrowException, UnicodeDecodeError) as error:
        raise damaged(path, error, is_text=is_text) from error
    except OSError as error:  # what pyarrow raises for a damaged footer or page
        if error.errno is not None:
            raise
        raise damaged(path, error, is_text=is_text) from error


def checked_batches(path: StrPath, batches: Iterable[Any], columns: Sequence[str] | None = None) -> Iterator[Any]:
    """Yield some columns of record batches after a look at each of their offsets and indices.

    pyarrow itself reads what a file says without such a look, even memory that is not its own. Whether text is UTF-8 is
    left to what decodes it: that look at each value would take four times as long as all others.

    Parameters
    ----------
    path : path
        The file they come from, for messages.
    batches : iterable of pyarrow.RecordBatch
    columns : list of str, optional
        Default: all.

    Raises
    ------
    ValueError
        The file is damaged.
    """
    for batch in named_batches(path, batches):
        chosen = batch if columns is None else batch.select(columns)
        with damage_named(path):
            for column in chosen.columns:
                _check_column(column)
            yield from _slices(chosen)


def _slices(batch: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield a batch in parts whose text takes no more than some MB once its dictionaries are decoded."""
    n_bytes = max(map(_decoded_bytes, batch.columns), default=0)
    if n_bytes <= _BATCH_BYTES:
        yield batch
        return
    n_rows = max(1, batch.num_rows * _BATCH_BYTES // n_bytes)
    for first in range(0, batch.num_rows, n_rows):
        yield batch.slice(first, n_rows)


def _decoded_bytes(column: Any) -> int:  # noqa: ANN401
    """Return what the text of a dictionary takes once it is repeated for each row; 0 for other columns."""
    arrow, compute, types = _pyarrow(), _pyarrow("pyarrow.compute"), _pyarrow("pyarrow.types")
    if types.is_list(column.type) or types.is_large_list(column.type) or types.is_fixed_size_list(column.type):
        column = column.flatten()
    if not types.is_dictionary(column.type) or not len(column.dictionary):
        return 0
    words, plain = column.dictionary, _without_text(column.type.value_type)
    if not (types.is_binary(plain) or types.is_large_binary(plain) or types.is_binary_view(plain)):
        return 0
    if types.is_binary_view(plain):
        words = words.cast(arrow.large_binary())
    lengths = compute.binary_length(words).cast(arrow.int64())
    if compute.max(lengths).as_py() * len(column) <= _BATCH_BYTES:
        return 0
    return int(compute.sum(lengths.take(column.indices)).as_py() or 0)


def _check_column(column: Any) -> None:  # noqa: ANN401
    """Raise pyarrow's error if an offset or an index leads outside."""
    column.validate()
    plain = _without_text(column.type)
    (column if plain == column.type else column.view(plain)).validate(full=True)


def _without_text(kind: Any) -> Any:  # noqa: ANN401
    """Return a type with the same arrays, but bytes where it has text."""
    arrow, types = _pyarrow(), _pyarrow("pyarrow.types")
    for is_text, plain in (
        (types.is_string, arrow.binary),
        (types.is_large_string, arrow.large_binary),
        (types.is_string_view, arrow.binary_view),
    ):
        if is_text(kind):
            return plain()
    if types.is_list(kind):
        return arrow.list_(_without_text(kind.value_type))
    if types.is_large_list(kind):
        return arrow.large_list(_without_text(kind.value_type))
    if types.is_fixed_size_list(kind):
        return arrow.list_(_without_text(kind.value_type), kind.list_size)
    if types.is_dictionary(kind):
        return arrow.dictionary(kind.index_type, _without_text(kind.value_type), kind.ordered)
    return kind


def named_batches(path: StrPath, batches: Iterable[Any], *, is_text: bool = False) -> Iterator[Any]:
    """Yield record batches; errors are those of `damage_named`."""
    with damage_named(path, is_text=is_text):
        yield from batches


class ArrowFile:
    """A file or a stream of Arrow, mapped into memory. What it says about sizes is checked before memory is taken.

    Parameters
    ----------
    path : path
        Of Arrow's file format (Feather), or of a stream of Arrow.

    Attributes
    ----------
    schema : pyarrow.Schema
    n_rows : int

    Raises
    ------
    ValueError
        The file is damaged, or neither.
    """

    def __init__(self, path: StrPath) -> None:
        ipc = _pyarrow("pyarrow.ipc")
        with damage_named(path):
            content = _pyarrow().memory_map(str(path)).read_buffer()
            try:
                self._reader, is_file = ipc.open_file(content), True
            except _pyarrow().ArrowInvalid:
                self._reader, is_file = ipc.open_stream(content), False
            try:
                sizes = sizes_of_file(memoryview(content)) if is_file else sizes_of_stream(ipc, content)
            except ValueError as error:
                raise damaged(path, error) from error
        self._path, self._is_file = path, is_file
        self.schema, self.n_rows = self._reader.schema, sum(each.n_rows for each in sizes)
        _check(sizes, content.size, path)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Yield record batches of some columns, checked; those of a stream once."""
        reader = self._reader
        batches = map(reader.get_batch, range(reader.num_record_batches)) if self._is_file else reader
        return checked_batches(self._path, batches, columns)


class ParquetFile:
    """A file of Parquet. What its pages say about sizes is checked before memory is taken.

    Parameters
    ----------
    path : path
    **options
        Of `pyarrow.parquet.ParquetFile`.

    Attributes
    ----------
    schema : pyarrow.Schema
    n_rows : int

    Raises
    ------
    ValueError
        The file is damaged, or is none of Parquet.
    """

    def __init__(self, path: StrPath, **options: Any) -> None:  # noqa: ANN401
        with damage_named(path):
            self._file = _pyarrow("pyarrow.parquet").ParquetFile(path, **options)
        self._path, self.schema, self.n_rows = path, self._file.schema_arrow, self._file.metadata.num_rows

    def batches(
        self, columns: Sequence[str] | None, n_rows: int, *, use_threads: bool = True, most_values: int | None = None
    ) -> Iterator[Any]:
        """Yield record batches of some columns.

        Parameters
        ----------
        columns : list of str, optional
            Default: all.
        n_rows : int
            Rows of a batch at most; fewer if a dictionary repeats long values in them.
        use_threads : bool
        most_values : int, optional
            How many values a list may have. Default: any number.
        """
        with damage_named(self._path):
            content = memoryview(_pyarrow().memory_map(str(self._path)).read_buffer()).cast("B")
            try:
                row = checked_row_size(content, columns)
            except ValueError as error:
                raise damaged(self._path, error) from error
            if most_values is not None and row.n_values > most_values:
                lists = f"lists of {row.n_values:,} values"
                raise ValueError(f"{self._path} has {lists}; expected {most_values:,} at most")
            n_rows = min(n_rows, max(1, _BATCH_BYTES // max(1, row.n_bytes)))
            yield from self._file.iter_batches(n_rows, columns=columns, use_threads=use_threads)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _check(sizes: Sequence[Sizes], n_bytes: int, path: StrPath) -> None:
    """Raise ValueError if a message says that it unpacks to more, or has more rows, than its bytes can hold."""
    for each in sizes:
        if each.unpacked_bytes > each.most_unpacked_bytes or each.packed_bytes > n_bytes:
            raise damaged(path, f"{each.packed_bytes:,} bytes said to unpack to {each.unpacked_bytes:,}")
        if not 0 <= each.n_rows <= max(8 * each.unpacked_bytes, _MOST_EMPTY_ROWS):
            raise damaged(path, f"{each.unpacked_bytes:,} bytes said to hold {each.n_rows:,} rows")
