"""Sentences in tables: a column whose rows are sentences, or a long table with a row for each item of a session.

Words go from Arrow's arrays to blocks of text for the compiled reader, and integers to an array in a temporary file, so
that no token is a Python object and memory is bounded.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from fastw2v.corpus.arrow import Table, pyarrow_module
from fastw2v.corpus.blocks import BLOCK_BYTES, Block
from fastw2v.corpus.integers import IntegerCorpus, from_ragged
from fastw2v.corpus.joined import QUOTE, encoded, is_plain, joined_blocks, quoted, text_block
from fastw2v.corpus.sentences import TokenCorpus
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.runtime.temporary_files import temporary_file, write_all
from fastw2v.runtime.word_bytes import decode_word, encode_word
from fastw2v.vocab import EmptyVocabularyError

_PIECE_TOKENS = 1 << 18  # joined to text at once


def table_corpus(
    source: Any,  # noqa: ANN401 - a path or any library's table
    *,
    column: str | None = None,
    group: str | None = None,
    items: str | None = None,
    order: str | None = None,
) -> TokenCorpus | IntegerCorpus:
    """Make a corpus of a table.

    Parameters
    ----------
    source : path, list of paths, or object with Arrow's interface
        Parquet, Arrow (Feather), CSV, TSV or JSON-lines files; a data frame of pandas or polars, a relation of DuckDB,
        a table of pyarrow, a `datasets.Dataset`. A `pyarrow.RecordBatchReader` can be read once.
    column : str, optional
        The column whose rows are sentences: lists of str or of integers, or text, whose words are separated by
        whitespace. Rows without a value, and empty lists, are left out. It may be left out if there is one column.
    group, items, order : str, optional
        Of a long table: the column that says which session a row belongs to, that of the items, and that to sort each
        session by, such as a time. Without `order`, items stay in the order of the table. These columns are read into
        memory.

    Returns
    -------
    TokenCorpus or IntegerCorpus
        For `Word2Vec(sentences=...)`. Sessions of a long table are in the order of `group`.

    Raises
    ------
    TypeError
        It is no table, or the column holds neither words nor integers.
    ValueError
        There is no such column; a value is missing where an item is expected; or arguments are missing.
    EmptyVocabularyError
        There is no token.
    ImportError
        pyarrow is not installed.

    Examples
    --------
    >>> import pyarrow
    >>> from fastw2v import Word2Vec
    >>> from fastw2v.corpus import table_corpus
    >>> clicks = pyarrow.table({"session": [7, 8, 7, 8], "item": ["tea", "mug", "pot", "cup"], "time": [2, 1, 1, 3]})
    >>> sessions = table_corpus(clicks, group="session", items="item", order="time")
    >>> list(sessions.sentences)
    [['pot', 'tea'], ['mug', 'cup']]
    >>> Word2Vec(sessions, min_count=1, sample=0).wv.index_to_key
    ['pot', 'tea', 'mug', 'cup']
    """
    table = Table(source)
    if group is not None or items is not None:
        if group is None or items is None or column is not None:
            given = {"column": column, "group": group, "items": items}
            raise ValueError(f"got {given}; expected column, or group and items (and order) of a long table")
        return _corpus_of(_LongTable(table, group, items, order))
    if order is not None:
        raise ValueError(f"order is {order!r} without group and items; a row of `column` has the order of its list")
    return _corpus_of(_ListColumn(table, _checked_name(table, column)))


class _ListColumn:
    """The rows of one column, as Arrow's lists or strings."""

    def __init__(self, table: Table, name: str) -> None:
        self.name, self._table = name, table

    def __iter__(self) -> Iterator[Any]:
        """Yield arrays of one column."""
        for batch in self._table.batches([self.name]):
            yield batch.column(0)


class _LongTable:
    """The sessions of a long table, as Arrow's lists."""

    def __init__(self, table: Table, group: str, items: str, order: str | None) -> None:
        for name in (group, items, *([] if order is None else [order])):
            _checked_name(table, name)
        self.name, self._table, self._group, self._order = items, table, group, order

    def __iter__(self) -> Iterator[Any]:
        """Yield one array of all sessions."""
        yield self._sessions

    @cached_property
    def _sessions(self) -> Any:  # noqa: ANN401
        arrow, compute = pyarrow_module(), pyarrow_module().compute
        names = [self._group, self.name, *([] if self._order in (None, self._group, self.name) else [self._order])]
        parts = [_sortable_table(batch) for batch in self._table.batches(names)]
        if not parts:
            raise EmptyVocabularyError(f"column {self.name!r} of the table holds no token")
        rows = arrow.concat_tables(parts, promote_options="permissive").combine_chunks()
        for name in names:
            _refuse_missing(rows[name], name)
        keys = [(name, "ascending") for name in (self._group, self._order) if name is not None]
        rows = rows.take(compute.sort_indices(rows, sort_keys=keys))
        items, groups = rows[self.name].combine_chunks(), rows[self._group].combine_chunks()
        changes = np.flatnonzero(compute.not_equal(groups[1:], groups[:-1]).to_numpy(zero_copy_only=False)) + 1
        starts = np.concatenate([[0], changes, [len(items)]])
        return arrow.LargeListArray.from_arrays(starts, items)


_Columns = _ListColumn | _LongTable


class _Pieces:
    """The rows of a column, some at a time, as `_pieces` yields them.

    The first pass goes on behind the piece that told the kind, so that a stream need not be read twice.
    """

    def __init__(self, columns: _Columns) -> None:
        self.name, self._columns = columns.name, columns
        rest = _pieces(columns)
        first = next(rest, None)
        if first is None:
            raise EmptyVocabularyError(f"column {columns.name!r} of the table holds no token")
        self.kind = first.type
        self._begun: Iterator[Any] | None = chain([first], rest)

    def __iter__(self) -> Iterator[Any]:
        begun, self._begun = self._begun, None
        return _pieces(self._columns) if begun is None else begun


class ColumnCorpus(TokenCorpus):
    """Sentences of words in a table, made by `table_corpus`."""

    def __init__(self, pieces: _Pieces) -> None:
        super().__init__(_Sentences(pieces))
        object.__setattr__(self, "_pieces", pieces)

    def blocks(
        self, block_bytes: int = BLOCK_BYTES, progress: PhaseProgress | None = None
    ) -> Generator[Block, None, None]:
        """Yield the sentences as blocks of text, some words quoted; see `joined_blocks`."""
        done = 0
        pieces: _Pieces = self._pieces  # type: ignore[attr-defined]
        for lists in pieces:
            yield from _text_of(lists, pieces.name)
            done += _n_tokens(lists)
            if progress is not None:
                progress(done, None)


class _Sentences:
    """The sentences of a table as lists of str, for what reads them one by one."""

    def __init__(self, pieces: _Pieces) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[list[str]]:
        for lists in self._pieces:
            yield from (_words_of(row) if isinstance(row, str) else row for row in lists.to_pylist())


def _words_of(text: str) -> list[str]:
    """Split text at ASCII whitespace, as the encoder does."""
    return [decode_word(word) for word in encode_word(text).split()]


def _checked_name(table: Table, name: str | None) -> str:
    names = table.names
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        what = "no column is named" if name is None else f"there is no column {name!r}"
        raise ValueError(f"{what}; the table has {', '.join(map(repr, names))}: pass one of them as column=")
    return name


def _refuse_missing(column: Any, name: str) -> None:  # noqa: ANN401
    if column.null_count:
        row = int(np.flatnonzero(pyarrow_module().compute.is_null(column).to_numpy(zero_copy_only=False))[0])
        cure = "drop such rows before, or fill them in"
        raise ValueError(f"column {name!r} lacks {column.null_count} values, the first in row {row}; {cure}")


def _corpus_of(columns: _Columns) -> TokenCorpus | IntegerCorpus:
    """Find out what the column holds."""
    arrow, pieces = pyarrow_module(), _Pieces(columns)
    is_text = pieces.kind == arrow.string() or pieces.kind.value_type == arrow.string()
    return ColumnCorpus(pieces) if is_text else _integers(pieces)


def _pieces(columns: _Columns) -> Iterator[Any]:
    """Yield the rows that are not empty, some at a time: strings, or large lists of strings or of int64."""
    first_kind = None
    for rows in columns:
        if pyarrow_module().types.is_null(rows.type):
            continue
        rows = rows.dictionary_decode() if pyarrow_module().types.is_dictionary(rows.type) else rows
        read_as = _read_as(rows.type, columns.name)
        first_kind = first_kind or read_as
        if read_as != first_kind:
            parts = f"{first_kind} in one part of the table and {read_as} in another"
            raise TypeError(f"column {columns.name!r} holds {parts}; pass tables of one kind")
        lengths = _lengths(rows).fill_null(0).to_numpy(zero_copy_only=False)
        starts, first = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]), 0
        while first < len(rows):
            last = int(np.searchsorted(starts, starts[first] + _PIECE_TOKENS, side="right")) - 1
            last = min(max(last, first + 1), len(rows))
            piece = rows[first:last].cast(read_as).filter(pyarrow_module().array(lengths[first:last] > 0))
            if len(piece):
                _refuse_missing_items(piece, columns.name)
                yield piece
            first = last


def _lengths(rows: Any) -> Any:  # noqa: ANN401
    """Return the number of tokens of each row; of text, of bytes."""
    compute = pyarrow_module().compute
    return compute.binary_length(rows) if _is_text(rows.type) else compute.list_value_length(rows)


def _read_as(given: Any, name: str) -> Any:  # noqa: ANN401
    """Return the type to read a column as: string, or large lists of string or of int64; TypeError for another."""
    arrow, types = pyarrow_module(), pyarrow_module().types
    if _is_text(given):
        return arrow.string()
    if isinstance(given, arrow.ListType | arrow.LargeListType | arrow.FixedSizeListType | arrow.ListViewType):
        inside = given.value_type
        words = inside.value_type if types.is_dictionary(inside) else inside
        if _is_text(words) or types.is_null(words):  # null: of empty lists alone
            return arrow.large_list(arrow.string())
        if types.is_integer(words):
            return arrow.large_list(arrow.int64())
    cure = "pass a column of lists of str or of integers, or of text; or group and items of a long table"
    raise TypeError(f"column {name!r} holds {given}; {cure}")


def _sortable_table(batch: Any) -> Any:  # noqa: ANN401
    """Return a batch as a table of columns that Arrow sorts and takes values of."""
    arrow = pyarrow_module()
    return arrow.table(batch).cast(arrow.schema([(field.name, _sortable(field.type)) for field in batch.schema]))


def _sortable(given: Any) -> Any:  # noqa: ANN401
    """Return the type that Arrow sorts and takes values like."""
    types = pyarrow_module().types
    inside = given.value_type if types.is_dictionary(given) else given
    return pyarrow_module().large_string() if _is_text(inside) else inside


def _is_text(given: Any) -> bool:  # noqa: ANN401
    types = pyarrow_module().types
    return bool(types.is_string(given) or types.is_large_string(given) or types.is_string_view(given))


def _refuse_missing_items(rows: Any, name: str) -> None:  # noqa: ANN401
    if rows.type != pyarrow_module().string() and rows.flatten().null_count:
        raise ValueError(f"column {name!r} has a list with a missing item; drop it from the list")


def _n_tokens(lists: Any) -> int:  # noqa: ANN401
    return len(lists) if lists.type == pyarrow_module().string() else len(lists.flatten())


def _text_of(lists: Any, name: str) -> Iterator[Block]:  # noqa: ANN401
    """Yield a piece as blocks of text, a line for each row."""
    arrow, compute = pyarrow_module(), pyarrow_module().compute
    if lists.type == arrow.string():
        lines, n_tokens = compute.replace_substring(lists, "\n", " "), None
    else:
        lines, n_tokens = compute.binary_join(lists, " "), len(lists.flatten())
    try:
        data = encoded(_bytes_of(compute.binary_join_element_wise(lines, "", "\n"))[:-1].decode())
        text, n_bytes = text_block(data if n_tokens is not None else data.replace(QUOTE, quoted(QUOTE)))
        if n_tokens is None or is_plain(text[:n_bytes], n_tokens):
            yield text, n_bytes
        else:
            yield from joined_blocks(lists.to_pylist(), n_bytes, None)
    except UnicodeDecodeError as error:
        raise ValueError(f"column {name!r} holds bytes that are no UTF-8 ({error}); store it anew as text") from error


def _bytes_of(strings: Any) -> bytes:  # noqa: ANN401
    """Return the bytes of strings, one after the other."""
    _, offsets, data = strings.buffers()
    ends = np.frombuffer(offsets, np.int32)[strings.offset : strings.offset + len(strings) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])].tobytes()


def _integers(pieces: _Pieces) -> IntegerCorpus:
    """Write the integers of a column to a temporary file, and map it into memory."""
    file, ends = temporary_file(), [np.zeros(1, np.int64)]
    n_tokens = 0
    with file:  # the mapping holds it then
        for lists in pieces:
            write_all(file, lists.flatten().to_numpy(zero_copy_only=False))
            lengths = np.cumsum(_lengths(lists).to_numpy(zero_copy_only=False))
            ends.append(n_tokens + lengths)
            n_tokens += int(lengths[-1])
        ids: np.ndarray = np.memmap(file, np.int64, "r", shape=(n_tokens,))
    return from_ragged(ids, np.concatenate(ends))
