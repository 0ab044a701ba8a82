"""Hit rate: how often the next item of a session is among the nearest neighbours of the one before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastw2v.evaluation.lookup import look_up
from fastw2v.vectors.key_table import Key, KeyTable
from fastw2v.vectors.search import nearest, unit_rows


class HitRateResult(NamedTuple):
    """Result of `hit_rate`.

    Attributes
    ----------
    hit_rate : float
        Share of the sessions used whose last item was found.
    n_hits, n_used, n_total : int
        Sessions found, sessions used, and all sessions.
    """

    hit_rate: float
    n_hits: int
    n_used: int
    n_total: int


def hit_rate(kv: KeyTable, sessions: Iterable[Sequence[Key]], topn: int = 10) -> HitRateResult:
    """Predict the last item of each session by the item before it (HR@k; Caselles-Dupré et al. 2018).

    Parameters
    ----------
    kv : KeyedVectors
    sessions : iterable of sequences of keys
        Sessions that were not trained on. Left out are those with fewer than two items, those with an unknown item in
        one of the last two places, and those that end with an item twice, which is not its own neighbour.
    topn : int
        How many nearest neighbours of the item before are looked at.

    Returns
    -------
    HitRateResult

    Raises
    ------
    ValueError
        No session can be used, or `topn` is below 1.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> from fastw2v.evaluation import hit_rate
    >>> kv = KeyedVectors(["bread", "butter", "soap"], [[1, 0], [0.8, 0.6], [0, 1]])
    >>> hit_rate(kv, [["soap", "bread", "butter"], ["bread", "soap"], ["tea", "soap"]], topn=1)
    HitRateResult(hit_rate=0.5, n_hits=1, n_used=2, n_total=3)
    """
    if topn < 1:
        raise ValueError(f"topn is {topn}; expected a whole number of at least 1")
    ends: list[Any] = [tuple(session[-2:]) for session in sessions]
    pairs = look_up(kv.key_to_index, [end for end in ends if len(end) == 2], 2)
    pairs = pairs[(pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])]
    if len(pairs) == 0:
        cure = "pass sessions of at least two items, with keys of the vectors (integers are not words)"
        raise ValueError(f"none of {len(ends)} sessions ends with two different known items; {cure}")
    last, target = pairs.T
    _, found = nearest(kv.matrix, kv.fill_norms(), unit_rows(kv.matrix[last]), k=topn + 1)
    is_other = found != last[:, None]
    is_looked_at = is_other & (np.cumsum(is_other, axis=1) <= topn)
    n_hits = int((is_looked_at & (found == target[:, None])).any(axis=1).sum())
    return HitRateResult(n_hits / len(pairs), n_hits, len(pairs), len(ends))
