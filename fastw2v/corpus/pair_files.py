"""Explicit pairs in files: lines of two or three columns, or columns of a table."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v.corpus.arrow import Table, is_arrow, is_dataset
from fastw2v.corpus.blocks import BYTE_ORDER_MARK, refuse_no_text
from fastw2v.corpus.column_types import check_items, check_weights, numbers_of
from fastw2v.corpus.columns import pyarrow_module
from fastw2v.corpus.long_table import sortable_parts
from fastw2v.corpus.pairs import pair_corpus
from fastw2v.corpus.text import check_readable
from fastw2v.corpus.weights import WeightedCorpus
from fastw2v.runtime.compressed import unpacked
from fastw2v.runtime.named_errors import errors_named
from fastw2v.runtime.word_bytes import decode_word
from fastw2v.vocab import EmptyVocabularyError


def read_pairs(source: Any, columns: Sequence[str] | None = None) -> WeightedCorpus:  # noqa: ANN401
    r"""Make a corpus of explicit pairs of a text file, or of columns of a table; see `pair_corpus`.

    Parameters
    ----------
    source : path, or list of paths; a table, with `columns`
        Without `columns`: text with a pair on each line, centre, context and, if there is a third column, the weight.
        Tabs separate them if the first line has one, else whitespace. There is no line of names. gzip, bzip2, xz and
        zstd are unpacked. All keys are str.
    columns : two or three str, optional
        Of a table, as `table_corpus` takes: the columns of the centres, of the contexts, and of the weights. Keys are
        str or integers. They are read into memory.

    Returns
    -------
    WeightedCorpus

    Raises
    ------
    ValueError
        A line has another number of columns than the first, or a weight is no number; a column is missing or lacks a
        value.
    TypeError
        The columns hold neither str nor integers.
    EmptyVocabularyError
        There is no pair.
    OSError
        A file cannot be read.
    ImportError
        `columns` without pyarrow installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fastw2v.corpus import read_pairs
    >>> path = Path(tempfile.mkdtemp()) / "bought.tsv"
    >>> path.write_text("tea\tpot\t2\ntea\tmug\t1\n")
    20
    >>> read_pairs(path).weights.tolist()
    [2.0, 1.0]
    """
    if columns is not None:
        table = Table(source)
        with table.errors_named():
            return _of_table(table, columns)
    if is_arrow(source) or is_dataset(source):
        raise ValueError("a table has names of columns; pass them: columns=(centre, context) or (.., .., weight)")
    paths = [source] if isinstance(source, str | Path) else list(source)
    lines = _Lines()
    for path in map(Path, paths):
        check_readable(path)
        with path.open("rb") as file, unpacked(file, str(path)) as stream:
            lines.read(stream, str(path))
    if not lines.centres:
        raise EmptyVocabularyError(f"there is no pair in {', '.join(map(str, paths))}")
    with errors_named(*paths):
        return pair_corpus(lines.centres, lines.contexts, np.frombuffer(lines.weights) if lines.weights else None)


class _Lines:
    """The pairs of text files; a key is one str, however often it occurs."""

    def __init__(self) -> None:
        self.centres: list[str] = []
        self.contexts: list[str] = []
        self.weights = array("d")
        self._keys: dict[bytes, str] = {}
        self._n_columns = 0

    def read(self, lines: Iterable[bytes], name: str) -> None:
        """Append the pairs of a text; blank lines are left out."""
        at_tabs = False
        for number, line in enumerate(lines, 1):
            if number == 1:
                refuse_no_text(line, name)
                line = line.removeprefix(BYTE_ORDER_MARK)
                at_tabs = b"\t" in line
            fields = _split_at_tabs(line) if at_tabs else line.split()
            if fields:
                self._add(fields, f"{name}, line {number}")

    def _add(self, fields: list[bytes], place: str) -> None:
        self._n_columns = self._n_columns or len(fields)
        if len(fields) != self._n_columns or not 2 <= len(fields) <= 3 or not (fields[0] and fields[1]):
            expected = f"{self._n_columns}, as before" if 2 <= self._n_columns <= 3 else "2, or 3 with a weight"
            if len(fields) == 1 and b"," in fields[0]:
                expected += "; commas separate columns of a table: pass their names, columns=(centre, context)"
            raise ValueError(f"{place}: {len(fields)} columns, {b' '.join(fields)[:60]!r}; expected {expected}")
        self.centres.append(self._key(fields[0]))
        self.contexts.append(self._key(fields[1]))
        if len(fields) == 3:
            self.weights.append(_weight(fields[2], place))

    def _key(self, word: bytes) -> str:
        key = self._keys.get(word)
        if key is None:
            key = self._keys[word] = decode_word(word)
        return key


def _split_at_tabs(line: bytes) -> list[bytes]:
    line = line.rstrip(b"\r\n")
    return line.split(b"\t") if line.strip() else []


def _weight(field: bytes, place: str) -> float:
    try:
        return float(field)
    except ValueError:
        cure = "a line of names? delete it, or read the file as a table, by its columns"
        raise ValueError(f"{place}: the weight {field[:40]!r} is no number; {cure}") from None


def _of_table(table: Table, columns: Sequence[str]) -> WeightedCorpus:
    if isinstance(columns, str) or not 2 <= len(columns) <= 3:
        raise ValueError(f"columns is {columns!r}; expected two names, or three with that of the weights")
    for name in columns:
        table.checked_name("columns", name)
    arrow = pyarrow_module()
    parts = list(sortable_parts(table, dict(zip(columns, (check_items, check_items, check_weights)))))
    if not parts:
        raise EmptyVocabularyError(f"the table has no row in {', '.join(columns)}")
    rows = arrow.concat_tables(parts, promote_options="permissive").combine_chunks()
    keys = [rows[name].to_numpy() for name in columns[:2]]
    return pair_corpus(*keys, *(numbers_of(rows[name].combine_chunks()) for name in columns[2:]))
