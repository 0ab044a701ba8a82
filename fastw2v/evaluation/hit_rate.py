"""Hit rate and MRR: how well the neighbours of a session's items predict its last item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from fastw2v.config import number
from fastw2v.evaluation.sessions import Mask, SessionRows, rows_of_keys, session_rows
from fastw2v.runtime.arrays import FloatArray, RowArray
from fastw2v.vectors.bags import bag_sums
from fastw2v.vectors.key_table import Key, KeyTable
from fastw2v.vectors.search import nearest, unit_rows

_MOST_FOUND = 1 << 22  # neighbours in memory at once: 50 MB


class HitRateResult(NamedTuple):
    """Result of `hit_rate`.

    Attributes
    ----------
    hit_rate : float
        Share of the sessions used whose last item was found (HR@k, which is recall@k for a single next item).
    n_hits, n_used, n_total : int
        Sessions found, sessions used, and all sessions.
    mrr : float
        Mean reciprocal rank over the sessions used (MRR@k): 1 / rank of the last item, 0 if it was not found.
    n_short, n_unknown, n_repeated, n_not_candidates : int
        Sessions left out: with fewer than two items; whose last item, or all items it is predicted by, have no
        vector; whose last item is left out of the search, because it is predicted by itself or was seen; whose last
        item is none of the candidates.
    """

    hit_rate: float
    n_hits: int
    n_used: int
    n_total: int
    mrr: float
    n_short: int
    n_unknown: int
    n_repeated: int
    n_not_candidates: int


def hit_rate(
    kv: KeyTable,
    sessions: Any,  # noqa: ANN401 - whatever training takes
    topn: int = 10,
    *,
    n_before: int | None = 1,
    leave_out_seen: bool = False,
    candidates: Iterable[Key] | None = None,
) -> HitRateResult:
    """Predict the last item of each session by the items before it (HR@k and MRR@k; Caselles-Dupré et al. 2018).

    Parameters
    ----------
    kv : KeyedVectors
    sessions : lists of keys, integer array [n_sessions, length], (ids, starts), or a table
        Sessions whose last item was not trained on; see `hold_out_last`. An iterator is fine.
    topn : int
        How many nearest neighbours are looked at (k). ``len(kv)`` ranks all items.
    n_before : int or None
        How many items before the last one it is predicted by, None for all of the session: by cosine to the mean of
        the unit vectors of those that are known. They themselves are left out of the search.
    leave_out_seen : bool
        Leave all items of the session before the last one out of the search.
    candidates : iterable of keys, optional
        Search among these alone, such as the items in stock. Those without a vector cannot be found.

    Returns
    -------
    HitRateResult
        With the counts of the sessions left out, and why.

    Raises
    ------
    ValueError
        No session can be used, no candidate has a vector, or `topn` or `n_before` is below 1.
    TypeError
        The sessions are a file, or texts.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> from fastw2v.evaluation import hit_rate
    >>> kv = KeyedVectors(["bread", "butter", "soap"], [[1, 0], [0.8, 0.6], [0, 1]])
    >>> found = hit_rate(kv, [["soap", "bread", "butter"], ["bread", "soap"], ["tea", "soap"]], topn=2)
    >>> found.hit_rate, found.mrr, found.n_used, found.n_unknown
    (1.0, 0.75, 2, 1)
    """
    topn = number("topn", topn, int, least=1, most=np.inf)
    n_before = None if n_before is None else number("n_before", n_before, int, least=1, most=np.inf)
    all_rows = session_rows(kv, sessions)
    asked, counts = _ask(kv, all_rows, n_before, leave_out_seen=leave_out_seen)
    searched = np.arange(len(kv)) if candidates is None else np.unique(rows_of_keys(kv, candidates))
    searched = searched[searched >= 0]
    if len(searched) == 0:
        raise ValueError("no candidate has a vector; pass keys of the vectors (integers are not words)")
    is_candidate = np.isin(asked.target, searched)
    ranks = _ranks(kv, asked.chosen(is_candidate), searched, topn=topn)
    n_total, n_used = len(all_rows.starts) - 1, len(ranks)
    if n_used == 0:
        cure = "pass sessions of at least two items, with keys of the vectors (integers are not words)"
        raise ValueError(f"none of {n_total} sessions ends with two different known items; {cure}")
    is_hit = ranks > 0
    n_hits, mrr = int(is_hit.sum()), float((1 / ranks[is_hit]).sum() / n_used)
    return HitRateResult(n_hits / n_used, n_hits, n_used, n_total, mrr, *counts, int((~is_candidate).sum()))


class _Asked(NamedTuple):
    """Sessions to search for.

    Attributes
    ----------
    queries : float32[n_sessions, dim]
    target : intp[n_sessions]
        The row of the last item.
    excluded : SessionRows
        Rows that are left out of the search.
    """

    queries: FloatArray
    target: RowArray
    excluded: SessionRows

    def chosen(self, sessions: Mask | RowArray) -> _Asked:
        """Return some of the sessions, by a mask or their numbers."""
        return _Asked(self.queries[sessions], self.target[sessions], self.excluded.chosen(sessions))


def _ask(
    kv: KeyTable, sessions: SessionRows, n_before: int | None, *, leave_out_seen: bool
) -> tuple[_Asked, tuple[int, int, int]]:
    """Return the sessions that can be searched for; and how many are too short, unknown, and repeat their last item."""
    is_long = sessions.lengths >= 2
    seen, target = sessions.chosen(is_long).without_last()
    before = (seen if n_before is None else seen.last_items(n_before)).known()
    is_known = (target >= 0) & (before.lengths > 0)
    excluded = seen.known() if leave_out_seen else before
    is_new = ~excluded.holds(target)
    is_asked = is_known & is_new
    asked = _Asked(_mean_units(kv, before.chosen(is_asked)), target[is_asked], excluded.chosen(is_asked))
    return asked, (int((~is_long).sum()), int((~is_known).sum()), int((is_known & ~is_new).sum()))


def _mean_units(kv: KeyTable, sessions: SessionRows) -> FloatArray:
    """Return the unit vector of the mean of each session's unit vectors, float32[n_sessions, dim]."""
    scales = np.reciprocal(kv.fill_norms(), dtype=np.float32)
    return unit_rows(bag_sums(kv.matrix, scales, sessions.rows, starts=sessions.starts))


def _ranks(kv: KeyTable, asked: _Asked, searched: RowArray, *, topn: int) -> RowArray:
    """Return the rank of each session's last item, from 1 to `topn`; 0 if it is not among the `topn` neighbours."""
    vectors, norms = np.asarray(kv.matrix, np.float32), np.asarray(kv.fill_norms(), np.float32)
    if len(searched) < len(kv):
        vectors, norms = vectors[searched], norms[searched]
    ranks = np.zeros(len(asked.target), np.intp)
    for block, n_excluded in _blocks(asked.excluded.lengths, len(searched), topn):
        part = asked.chosen(block)
        scores, found = nearest(vectors, norms, part.queries, k=topn + n_excluded)
        found = searched[found]
        is_other = (scores > -np.inf) & ~_is_excluded(part.excluded, found, len(kv))
        is_target = is_other & (found == part.target[:, None])
        rank = np.cumsum(is_other, axis=1)[is_target]
        ranks[block[is_target.any(axis=1)]] = np.where(rank <= topn, rank, 0)
    return ranks


def _blocks(n_excluded: RowArray, n_rows: int, topn: int) -> Iterator[tuple[RowArray, int]]:
    """Yield numbers of sessions that leave out about as many rows, and the most that one of them leaves out."""
    sizes = np.frexp(n_excluded)[1]  # the next power of two
    for size in np.unique(sizes):
        sessions = np.flatnonzero(sizes == size)
        most = int(n_excluded[sessions].max())
        step = max(1, _MOST_FOUND // min(n_rows, topn + most))
        for first in range(0, len(sessions), step):
            yield sessions[first : first + step], most


def _is_excluded(excluded: SessionRows, found: RowArray, n_rows: int) -> Mask:
    """Whether each row found is one that its session leaves out, bool[n_sessions, n_found]."""
    session = np.arange(len(found)) * n_rows
    return np.isin(found + session[:, None], excluded.rows + np.repeat(session, excluded.lengths))
