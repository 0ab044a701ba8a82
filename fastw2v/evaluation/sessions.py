"""Sessions of any form as rows of vectors, without a Python object for each item where they are arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastw2v.corpus import Corpus, IntegerCorpus, TextCorpus, TokenCorpus, WeightedCorpus, as_corpus, table_corpus
from fastw2v.corpus.arrow import Table, is_arrow, is_dataset, is_pandas_series
from fastw2v.corpus.integers import as_ragged, is_array, with_shared_arrays
from fastw2v.runtime.arrays import Array, RowArray
from fastw2v.vectors.key_table import Key, KeyTable

Mask: TypeAlias = npt.NDArray[np.bool_]
Items: TypeAlias = list[Any]


class SessionRows(NamedTuple):
    """Sessions as rows of vectors.

    Attributes
    ----------
    rows : intp[n_items]
        -1 for an item without a vector.
    starts : int64[n_sessions + 1]
        Session s is ``rows[starts[s]:starts[s + 1]]``; it may be empty.
    """

    rows: RowArray
    starts: RowArray

    @property
    def lengths(self) -> RowArray:
        """Items of each session."""
        return np.diff(self.starts)

    def chosen(self, sessions: Mask | RowArray) -> SessionRows:
        """Return some of the sessions, by a mask or their numbers."""
        return self._part(self.starts[:-1][sessions], self.starts[1:][sessions])

    def last_items(self, n_items: int) -> SessionRows:
        """Return the last `n_items` items of each session, or all of a shorter one."""
        ends = self.starts[1:]
        return self._part(np.maximum(self.starts[:-1], ends - n_items), ends)

    def without_last(self) -> tuple[SessionRows, RowArray]:
        """Return the sessions, none of which is empty, without their last item, and the rows of that."""
        ends = self.starts[1:] - 1
        return self._part(self.starts[:-1], ends), self.rows[ends]

    def known(self) -> SessionRows:
        """Return the items that have a vector."""
        is_known = self.rows >= 0
        n_known = np.concatenate([[0], np.cumsum(is_known)])
        return SessionRows(self.rows[is_known], n_known[self.starts])

    def holds(self, row: RowArray) -> Mask:
        """Whether each session has its row."""
        session = np.repeat(np.arange(len(row)), self.lengths)
        return np.bincount(session, self.rows == row[session], minlength=len(row)) > 0

    def _part(self, first: RowArray, end: RowArray) -> SessionRows:
        """Return the items of each session from `first` to `end`."""
        starts = np.concatenate([[0], np.cumsum(end - first)])
        at = np.arange(starts[-1]) + np.repeat(first - starts[:-1], end - first)
        return SessionRows(self.rows[at], starts)


def checked_sessions(sessions: Any) -> IntegerCorpus | Iterable[Any]:  # noqa: ANN401
    """Return sessions as arrays, or else as they are, an iterable of sequences; TypeError for the name of a file."""
    if isinstance(sessions, IntegerCorpus):
        return sessions
    if isinstance(sessions, TokenCorpus):
        return sessions.sentences
    if isinstance(sessions, WeightedCorpus):
        what = "explicit pairs" if sessions.are_pairs else "sessions with weights, which are for training"
        raise TypeError(f"sessions are {what}; expected the sessions themselves, and weights only for `Word2Vec`")
    if isinstance(sessions, str | TextCorpus) or hasattr(sessions, "__fspath__"):
        cure = "pass LineSentence(path), or table_corpus(path, column=...) for a table"
        raise TypeError(f"sessions are a {type(sessions).__name__}; expected the sessions themselves: {cure}")
    if (is_arrow(sessions) or is_dataset(sessions)) and not is_pandas_series(sessions):
        return checked_sessions(_of_table(sessions))
    sessions = with_shared_arrays(sessions)
    is_arrays = as_ragged(sessions) is not None or (is_array(sessions) and sessions.dtype.kind in "iuf")
    return checked_sessions(as_corpus(sessions)) if is_arrays else sessions


def _of_table(table: Any) -> Corpus:  # noqa: ANN401
    names = Table(table).names
    if len(names) > 1:
        cure = (
            "pass table_corpus(table, column=...) for a column of lists, or group=, items= and order= for a row an item"
        )
        raise ValueError(f"sessions are a table of the columns {', '.join(map(repr, names))}; {cure}")
    return table_corpus(table)


def checked_session(session: Any) -> Items:  # noqa: ANN401
    """Return a session as a list of items; TypeError for a text, or if the last item is no key but a sequence."""
    if isinstance(session, str | bytes):
        raise TypeError(f"a session is the text {session[:40]!r}; expected a list of items: text.split()")
    items: Items = session.tolist() if isinstance(session, np.ndarray) else list(session)
    if items and hasattr(items[-1], "__len__") and not isinstance(items[-1], str):
        cure = 'str or int (of a pandas GroupBy, pass groups["item"].agg(list))'
        raise TypeError(f"an item of a session is a {type(items[-1]).__name__}; expected {cure}")
    return items


def session_rows(
    kv: KeyTable,
    sessions: Any,  # noqa: ANN401
    items_of: Callable[[Any], Items] = checked_session,
) -> SessionRows:
    """Look up the items of sessions; those of each that is no part of an array are what `items_of` returns."""
    checked = checked_sessions(sessions)
    if isinstance(checked, IntegerCorpus):
        return SessionRows(rows_of_ids(kv, np.asarray(checked.ids)), np.asarray(checked.starts))
    row_of, rows, lengths = kv.key_to_index, list[int](), [0]
    for session in map(items_of, checked):
        rows.extend([row_of.get(item, -1) for item in session])
        lengths.append(len(session))
    return SessionRows(np.array(rows, np.intp), np.cumsum(lengths))


def rows_of_keys(kv: KeyTable, keys: Iterable[Key]) -> RowArray:
    """Return the rows of some keys, intp[n]; -1 for one without a vector."""
    if isinstance(keys, np.ndarray):
        return rows_of_ids(kv, keys) if keys.dtype.kind in "iu" else rows_of_keys(kv, keys.tolist())
    return np.array([kv.key_to_index.get(key, -1) for key in keys], np.intp)


def rows_of_ids(kv: KeyTable, ids: Array) -> RowArray:
    """Return the rows of integers, intp of their shape; -1 for one without a vector. No word is an integer."""
    if not kv.is_integer or len(kv) == 0:
        return np.full(ids.shape, -1, np.intp)
    keys = np.array([-1 if key is None else key for key in kv.index_to_key], np.int64)
    order = np.argsort(keys, kind="stable")
    found = order[np.minimum(np.searchsorted(keys[order], ids), len(keys) - 1)]
    return np.where(keys[found] == ids, found, -1)
