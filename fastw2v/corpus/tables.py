"""Sentences in tables: a column whose rows are sentences, or a long table with a row for each item of a session.

Words go from Arrow's arrays to blocks of text for the compiled reader, and integers to an array in a temporary file, so
that no token is a Python object and memory is bounded.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain
from typing import Any

import numpy as np

from fastw2v.corpus.arrow import Table
from fastw2v.corpus.blocks import BLOCK_BYTES, Block
from fastw2v.corpus.column_types import check_weights, numbers_of, read_as, refuse_missing
from fastw2v.corpus.columns import is_list_view, is_text, lists_of_views, pyarrow_module
from fastw2v.corpus.integers import IntegerCorpus, from_ragged
from fastw2v.corpus.joined import QUOTE, encoded, is_plain, joined_blocks, quoted, text_block
from fastw2v.corpus.long_table import LongTable
from fastw2v.corpus.sentences import TokenCorpus
from fastw2v.corpus.weights import WeightedCorpus, checked_weights
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
    weight: str | None = None,
) -> TokenCorpus | IntegerCorpus | WeightedCorpus:
    """Make a corpus of a table.

    Parameters
    ----------
    source : path, list of paths, or object with Arrow's interface
        Parquet, Arrow (Feather), CSV, TSV or JSON-lines files, also by a pattern or their folder; a data frame of
        pandas or polars, a relation of DuckDB, a table of pyarrow, a `datasets.Dataset`. A
        `pyarrow.RecordBatchReader` can be read once.
    column : str, optional
        The column whose rows are sentences: lists of str or of integers, or text, whose words are separated by
        whitespace. Rows without a value, and empty lists, are left out. It may be left out if there is one column.
    group, items, order : str, optional
        Of a long table: the column that says which session a row belongs to, that of the items, and that to sort each
        session by, such as a time: numbers, times, or text, which is sorted as text. Without `order`, and where it is
        equal, items stay in the order of the table. These columns are read into memory.
    weight : str, optional
        With `column`: the column with the weight of each sentence; see `weighted_corpus`.

    Returns
    -------
    TokenCorpus, IntegerCorpus or, with `weight`, WeightedCorpus
        For `Word2Vec(sentences=...)`. Sessions of a long table are in the order of `group`.

    Raises
    ------
    TypeError
        It is no table, or the column holds neither words nor integers.
    ValueError
        A file is damaged; there is no such column; a value is missing where an item is expected; `order` holds numbers
        or times as text that does not sort like them; text is written lists; or arguments are missing.
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
    with table.errors_named():
        return _of_table(table, column=column, group=group, items=items, order=order, weight=weight)


def _of_table(
    table: Table, *, column: str | None, group: str | None, items: str | None, order: str | None, weight: str | None
) -> TokenCorpus | IntegerCorpus | WeightedCorpus:
    if group is not None or items is not None:
        if group is None or items is None or column is not None:
            given = {"column": column, "group": group, "items": items}
            raise ValueError(f"got {given}; expected column, or group and items (and order) of a long table")
        if weight is not None:
            raise ValueError(f"weight is {weight!r} with group and items; give each session one by weighted_corpus")
        return _corpus_of(LongTable(table, group, items, order))
    if order is not None:
        raise ValueError(f"order is {order!r} without group and items; a row of `column` has the order of its list")
    lists = _ListColumn(table, table.checked_name("column", column))
    if weight is None:
        return _corpus_of(lists)
    weights = _weights(table, lists.name, table.checked_name("weight", weight))
    return WeightedCorpus(_corpus_of(lists), weights)


def _weights(table: Table, column: str, weight: str) -> np.ndarray:
    """Return the weights of the rows that have a sentence."""
    found, kept, n_rows = [], [], 0
    for batch in table.batches([column, weight]):
        check_weights(batch.column(1).type, weight)
        refuse_missing(batch.column(1), weight, n_rows)
        n_rows += len(batch)
        found.append(numbers_of(batch.column(1)))
        kept.append(_lengths(_plain(batch.column(0))).fill_null(0).to_numpy(zero_copy_only=False) > 0)
    weights = checked_weights(np.concatenate(found) if found else np.zeros(0), None, "row")
    return weights[np.concatenate(kept)] if kept else weights


class _ListColumn:
    """The rows of one column, as Arrow's lists or strings."""

    def __init__(self, table: Table, name: str) -> None:
        self.name, self._table = name, table
        self.errors_named = table.errors_named

    def __iter__(self) -> Iterator[Any]:
        """Yield arrays of one column."""
        for batch in self._table.batches([self.name]):
            yield batch.column(0)


_Columns = _ListColumn | LongTable


class _Pieces:
    """The rows of a column, some at a time, as `_pieces` yields them.

    The first pass goes on behind the piece that told the kind, so that a stream need not be read twice.
    """

    def __init__(self, columns: _Columns) -> None:
        self.name, self._columns, self.errors_named = columns.name, columns, columns.errors_named
        rest = _pieces(columns)
        first = next(rest, None)
        if first is None:
            raise EmptyVocabularyError(f"column {columns.name!r} of the table holds no token")
        self.kind = first.type
        if self.kind == pyarrow_module().string():
            _refuse_written_lists(first, self.name)
        self._begun: Iterator[Any] | None = chain([first], rest)

    def __iter__(self) -> Iterator[Any]:
        begun, self._begun = self._begun, None
        with self.errors_named():
            yield from _pieces(self._columns) if begun is None else begun


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
            with pieces.errors_named():
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
            with self._pieces.errors_named():
                rows = lists.to_pylist()
            yield from (_words_of(row) if isinstance(row, str) else row for row in rows)


def _words_of(text: str) -> list[str]:
    """Split text at ASCII whitespace, as the encoder does."""
    return [decode_word(word) for word in encode_word(text).split()]


def _corpus_of(columns: _Columns) -> TokenCorpus | IntegerCorpus:
    """Find out what the column holds."""
    arrow, pieces = pyarrow_module(), _Pieces(columns)
    of_words = pieces.kind == arrow.string() or pieces.kind.value_type == arrow.string()
    return ColumnCorpus(pieces) if of_words else _integers(pieces)


def _pieces(columns: _Columns) -> Iterator[Any]:
    """Yield the rows that are not empty, some at a time: strings, or large lists of strings or of int64."""
    first_kind = None
    for rows in columns:
        if pyarrow_module().types.is_null(rows.type):
            continue
        rows = _plain(rows)
        kind = read_as(rows.type, columns.name)
        first_kind = first_kind or kind
        if kind != first_kind:
            parts = f"{first_kind} in one part of the table and {kind} in another"
            raise TypeError(f"column {columns.name!r} holds {parts}; pass tables of one kind")
        lengths = _lengths(rows).fill_null(0).to_numpy(zero_copy_only=False)
        starts, first = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]), 0
        while first < len(rows):
            last = int(np.searchsorted(starts, starts[first] + _PIECE_TOKENS, side="right")) - 1
            last = min(max(last, first + 1), len(rows))
            holds_some = pyarrow_module().array(lengths[first:last] > 0)
            piece = _cast(rows[first:last], kind, columns.name).filter(holds_some)
            if len(piece):
                _refuse_missing_items(piece, columns.name)
                yield piece
            first = last


def _plain(rows: Any) -> Any:  # noqa: ANN401
    """Return a column without categories, and with text that Arrow computes on."""
    types = pyarrow_module().types
    rows = rows.dictionary_decode() if types.is_dictionary(rows.type) else rows
    return rows.cast(pyarrow_module().large_string()) if types.is_string_view(rows.type) else rows


def _cast(rows: Any, kind: Any, name: str) -> Any:  # noqa: ANN401
    """Return rows of the type to read them as; ValueError for integers that are too large."""
    try:
        return (lists_of_views(rows) if is_list_view(rows.type) else rows).cast(kind)
    except pyarrow_module().ArrowInvalid as error:
        cure = "renumber the ids, or cast them to text"
        raise ValueError(f"column {name!r} cannot be read as {kind}: {error}; {cure}") from error
    except IndexError as error:
        raise ValueError(f"column {name!r} has a list outside its items ({error}); make the table anew") from error


def _lengths(rows: Any) -> Any:  # noqa: ANN401
    """Return the number of tokens of each row; of text, of bytes."""
    compute = pyarrow_module().compute
    return compute.binary_length(rows) if is_text(rows.type) else compute.list_value_length(rows)


def _refuse_missing_items(rows: Any, name: str) -> None:  # noqa: ANN401
    if rows.type != pyarrow_module().string() and rows.flatten().null_count:
        raise ValueError(f"column {name!r} has a list with a missing item; drop it from the list")


def _refuse_written_lists(rows: Any, name: str) -> None:  # noqa: ANN401
    """Raise ValueError for text such as "['a', 'b']", whose brackets and commas would be parts of words."""
    compute = pyarrow_module().compute
    is_list = compute.match_substring_regex(rows, r"^\s*[\[(].*[\])]\s*$")
    if compute.all(is_list).as_py() and compute.any(compute.match_substring(rows, ",")).as_py():
        cure = f"frame[{name!r}].map(ast.literal_eval), or json.loads, makes lists of it; Parquet keeps lists"
        raise ValueError(f"column {name!r} holds lists written as text, such as {rows[0].as_py()[:40]!r}; {cure}")


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
