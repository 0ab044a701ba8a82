"""Scores of vectors on files of word pairs and analogies, and on sessions, each with its coverage."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from fastw2v import evaluation
from fastw2v.keyedvectors import KeyedVectors

DEFAULT_RESTRICT_VOCAB = 300_000


def scores(
    vectors: KeyedVectors,
    pairs: Sequence[str | PathLike[str]],
    analogies: Sequence[str | PathLike[str]],
    *,
    restrict_vocab: int = DEFAULT_RESTRICT_VOCAB,
) -> list[dict[str, Any]]:
    """Score vectors on each file.

    Returns
    -------
    list of dict
        "file", "measure", "score", and how many of the file's questions were "used", "of" how many.
    """
    rows: list[tuple[Path, str, float, Any]] = []
    for path in map(Path, pairs):
        found = evaluation.word_pairs(vectors, path, restrict_vocab=restrict_vocab)
        rows.append((path, "spearman", found.spearman.statistic, found))
    for path in map(Path, analogies):
        solved = evaluation.analogies(vectors, path, restrict_vocab=restrict_vocab)
        rows.append((path, "accuracy", solved.accuracy, solved))
    return [
        {"file": path.name, "measure": measure, "score": score, "used": result.n_used, "of": result.n_total}
        for path, measure, score, result in rows
    ]


def session_scores(vectors: KeyedVectors, path: Path, sessions: Any, *, topn: int) -> list[dict[str, Any]]:  # noqa: ANN401
    """Predict the last item of each session of a file.

    Parameters
    ----------
    vectors : KeyedVectors
    path : Path
        Names the sessions.
    sessions : iterable of list
        As `evaluation.hit_rate` takes them.
    topn : int
        Items that are proposed for each session.

    Returns
    -------
    list of dict
        As `scores` returns them: the hit rate and the MRR.
    """
    found = evaluation.hit_rate(vectors, sessions, topn)
    used = {"used": found.n_used, "of": found.n_total}
    measures = {f"hit rate@{topn}": found.hit_rate, f"MRR@{topn}": found.mrr}
    return [{"file": path.name, "measure": measure, "score": score, **used} for measure, score in measures.items()]
