"""Sessions of a long table, which has a row for each item: sorted by session and by time, as Arrow's lists."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from fastw2v.corpus.arrow import Table
from fastw2v.corpus.column_types import check_items, check_sort_key, refuse_missing, sortable_column
from fastw2v.corpus.columns import is_text, pyarrow_module
from fastw2v.vocab import EmptyVocabularyError

logger = logging.getLogger("fastw2v")
_NUMBER, _DATE = r"^\s*[-+]?[0-9]+([.][0-9]*)?\s*$", r"^[0-9]{4}-[0-9]{2}"
_WRONG_TIMES = {  # times in forms that text sorts wrongly, and an example of what it does
    r"^\s*[0-9]{1,2}[-./ ][0-9]{1,2}[-./ ][0-9]{2,4}\b": "'01/02/2024' sorts before '31/01/2023'",
    r"(?i)(^|[^a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-./, ]": "'Apr' sorts before 'Jan'",
    r"(?i)[0-9]\s*[ap]\.?m\.?\s*$": "'10 am' sorts before '9 am'",
}


class LongTable:
    """The sessions of a long table.

    Parameters
    ----------
    table : Table
    group, items : str
        The columns that say which session a row belongs to, and which item it is.
    order : str, optional
        The column to sort each session by. None: the order of the table.

    Attributes
    ----------
    name : str
        The column of the items.

    Raises
    ------
    ValueError
        There is no such column, or `group` and `items` are the same.
    """

    def __init__(self, table: Table, group: str, items: str, order: str | None) -> None:
        given = {"group": group, "items": items} | ({} if order is None else {"order": order})
        for option, name in given.items():
            table.checked_name(option, name)
        if group == items:
            raise ValueError(f"group and items are both {group!r}; expected a column of sessions and one of items")
        self.name, self._table, self._group, self._order = items, table, group, order
        self.errors_named = table.errors_named

    def __iter__(self) -> Iterator[Any]:
        """Yield one array of all sessions."""
        yield self._sessions

    @cached_property
    def _sessions(self) -> Any:  # noqa: ANN401
        arrow, compute = pyarrow_module(), pyarrow_module().compute
        rows = self._rows()
        keys = [(name, "ascending") for name in (self._group, self._order) if name is not None]
        rows = rows.take(compute.sort_indices(rows, sort_keys=keys))
        items, groups = rows[self.name].combine_chunks(), rows[self._group].combine_chunks()
        changes = np.flatnonzero(compute.not_equal(groups[1:], groups[:-1]).to_numpy(zero_copy_only=False)) + 1
        starts = np.concatenate([[0], changes, [len(items)]])
        return arrow.LargeListArray.from_arrays(starts, items)

    def _rows(self) -> Any:  # noqa: ANN401
        """Return the columns as one table, checked."""
        arrow = pyarrow_module()
        checks = {self._group: check_sort_key} | ({} if self._order is None else {self._order: check_sort_key})
        parts = list(sortable_parts(self._table, checks | {self.name: check_items}))
        if not parts:
            raise EmptyVocabularyError(f"column {self.name!r} of the table holds no token")
        for name in (self._group, self._order):
            if name is not None:
                _check_zones({part.schema.field(name).type for part in parts}, name)
        try:
            rows = arrow.concat_tables(parts, promote_options="permissive").combine_chunks()
        except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
            raise TypeError(f"the parts of the table differ: {error}; pass tables with columns of one kind") from error
        if self._order is not None:
            _check_order(rows[self._order], self._order)
        return rows


def sortable_parts(table: Table, checks: Mapping[str, Callable[[Any, str], None]]) -> Iterator[Any]:
    """Yield the batches of some columns as tables that Arrow sorts and takes values of.

    Parameters
    ----------
    table : Table
    checks : mapping of str to function
        The columns, and what raises TypeError for a type that one of them must not have.

    Raises
    ------
    TypeError
        A column is of such a type.
    ValueError
        A value is missing. What comes after it is not read.
    """
    n_rows = 0
    for batch in table.batches(list(checks)):
        columns = {}
        for name, check in checks.items():
            check(batch[name].type, name)
            columns[name] = sortable_column(batch[name])
            refuse_missing(columns[name], name, n_rows)
        n_rows += len(batch)
        yield pyarrow_module().table(columns)


def _check_zones(kinds: set[Any], name: str) -> None:
    """Raise TypeError if a column holds times with a zone in one part of the table, and without in another."""
    types = pyarrow_module().types
    if len({kind.tz is None for kind in kinds if types.is_timestamp(kind)}) > 1:
        both = " and ".join(sorted(map(str, kinds)))
        raise TypeError(f"column {name!r} holds times with a zone and without: {both}; give all of them one, or none")


def _check_order(column: Any, name: str) -> None:  # noqa: ANN401
    """Raise ValueError if text holds numbers or times that text sorts wrongly; warn of other text that is no date."""
    compute = pyarrow_module().compute
    if not is_text(column.type) or len(column) == 0:
        return
    for pattern, example in _WRONG_TIMES.items():
        if all(compute.all(compute.match_substring_regex(rows, pattern)).as_py() for rows in (column[:1], column)):
            cure = f"cast it to a time, such as with pandas.to_datetime(frame[{name!r}], format=...)"
            raise ValueError(f"column {name!r} holds times as text ({column[0].as_py()!r}), and {example}; {cure}")
    lengths = compute.min_max(compute.utf8_length(column)).as_py()
    if lengths["min"] == lengths["max"]:
        return  # so numbers and times in one form are in order
    if compute.all(compute.match_substring_regex(column, _NUMBER)).as_py():
        raise ValueError(f"column {name!r} holds numbers as text, and '10' sorts before '9'; cast it to a number")
    if not compute.all(compute.match_substring_regex(column, _DATE)).as_py():
        first, last = compute.min_max(column).as_py().values()
        logger.warning(
            "column %r is sorted as text, from %r to %r; for another order cast it to a number or a time",
            *(name, first, last),
        )
