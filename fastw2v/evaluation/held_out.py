"""hold_out_last: the last item of each session is left out of training, for `hit_rate` to predict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from fastw2v.config import number
from fastw2v.corpus import IntegerCorpus
from fastw2v.evaluation.sessions import Items, checked_session, checked_sessions
from fastw2v.runtime.arrays import RowArray


class HeldOut(NamedTuple):
    """Result of `hold_out_last`.

    Attributes
    ----------
    train : tuple of (ids, starts), or iterable of lists
        All sessions, for `Word2Vec`: those of `test` without their last item.
    test : tuple of (ids, starts), or iterable of lists
        The sessions that are long enough, whole, for `hit_rate`.
    """

    train: Any
    test: Any


def hold_out_last(sessions: Any, min_length: int = 2) -> HeldOut:  # noqa: ANN401 - whatever training takes
    """Split sessions to train on all items but the last ones, and to predict these.

    Parameters
    ----------
    sessions : lists of items, integer array [n_sessions, length], (ids, starts), or a table
        A table as `fastw2v.corpus.table_corpus` returns it. Integers in arrays and tables are split as arrays. Others
        are split one by one, each time they are read; an iterator is read into a list.
    min_length : int >= 2
        Shorter sessions are trained on whole, and not predicted. 3 leaves each session a pair to train on.

    Returns
    -------
    HeldOut
        ``train, test``; integer arrays as pairs ``(ids, starts)``.

    Raises
    ------
    ValueError
        `min_length` is below 2.
    TypeError
        The sessions are a file, or texts.

    Examples
    --------
    >>> from fastw2v.evaluation import hold_out_last
    >>> train, test = hold_out_last([["tea", "pot", "cup"], ["mug"], ["cup", "tea"]])
    >>> list(train), list(test)
    ([['tea', 'pot'], ['mug'], ['cup']], [['tea', 'pot', 'cup'], ['cup', 'tea']])
    """
    least = number("min_length", min_length, int, least=2, most=np.inf)
    checked = checked_sessions(sessions)
    if isinstance(checked, IntegerCorpus):
        return _of_arrays(np.asarray(checked.ids), np.asarray(checked.starts), least)
    if iter(checked) is checked:
        checked = list(checked)
    return HeldOut(
        _EachOf(checked, lambda items: items[:-1] if len(items) >= least else items),
        _EachOf(checked, lambda items: items if len(items) >= least else []),
    )


class _EachOf:
    """Part of each session, where there is one; they can be read more than once."""

    def __init__(self, sessions: Iterable[Any], part_of: Callable[[Items], Items]) -> None:
        self._sessions, self._part_of = sessions, part_of

    def __repr__(self) -> str:
        return "<sessions: list(sessions) shows them>"

    def __iter__(self) -> Iterator[Items]:
        return filter(None, map(self._part_of, map(checked_session, self._sessions)))


def _of_arrays(ids: RowArray, starts: RowArray, least: int) -> HeldOut:
    lengths = np.diff(starts)
    is_long = lengths >= least
    is_last, in_test = np.zeros(len(ids), bool), np.repeat(is_long, lengths)
    is_last[starts[1:][is_long] - 1] = True
    train = ids[~is_last], np.concatenate([[0], np.cumsum(lengths - is_long)])
    return HeldOut(train, (ids[in_test], np.concatenate([[0], np.cumsum(lengths[is_long])])))
