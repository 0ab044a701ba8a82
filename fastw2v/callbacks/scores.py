"""Evaluate: score the vectors on files of word pairs and analogies, and on sessions, after each epoch."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from fastw2v import evaluation
from fastw2v.callbacks.base import CallbackAny2Vec
from fastw2v.config import number
from fastw2v.evaluation.sessions import checked_sessions

logger = logging.getLogger("fastw2v")

Paths = str | PathLike[str] | Iterable[str | PathLike[str]]


class Evaluate(CallbackAny2Vec):
    r"""Score the vectors after each epoch, as `fastw2v.evaluation` does.

    A score is appended to ``model.report.metrics`` under the name of its file without the ending ("wordsim353"), and
    logged at INFO.

    Parameters
    ----------
    word_pairs, analogies : path, or iterable of paths
        Files of word pairs, whose score is Spearman's rank correlation, and of analogies, whose score is the accuracy.
    hit_rate : sessions, optional
        Sessions whose last item is predicted among `topn` neighbours, as `fastw2v.evaluation.hit_rate` takes them; the
        scores have the names "hit_rate" and "mrr".
    restrict_vocab : int, optional
        For files: use only the most frequent words.
    topn : int
        For sessions.

    Raises
    ------
    ValueError
        There is nothing to score on, or `topn` is below 1. After the first epoch: as
        `fastw2v.evaluation.word_pairs`, `analogies` and `hit_rate`.
    TypeError
        `hit_rate` is a file, or no sessions.
    FileNotFoundError
        A file does not exist.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastw2v import Word2Vec
    >>> _ = Path("pairs.tsv").write_text("a\tb\t9\na\tc\t1\n")
    >>> sentences = [["a", "b"], ["c", "d"]] * 50
    >>> model = Word2Vec(sentences, min_count=1, sample=0, epochs=2, callbacks=[Evaluate(word_pairs="pairs.tsv")])
    >>> len(model.report.metrics["pairs"])
    2
    """

    def __init__(
        self,
        word_pairs: Paths = (),
        analogies: Paths = (),
        hit_rate: Any = (),  # noqa: ANN401 - sessions of any form
        *,
        restrict_vocab: int | None = 300_000,
        topn: int = 10,
    ) -> None:
        self.word_pairs, self.analogies = _paths(word_pairs), _paths(analogies)
        self.hit_rate = list(hit_rate) if isinstance(hit_rate, Iterator) else hit_rate
        self.restrict_vocab, self.topn = restrict_vocab, number("topn", topn, int, least=1, most=math.inf)
        if not (self.word_pairs or self.analogies or self._has_sessions()):
            cure = "pass word_pairs=path, analogies=path or hit_rate=sessions"
            raise ValueError(f"Evaluate has nothing to score on; {cure}")
        if self._has_sessions():
            self.hit_rate = checked_sessions(self.hit_rate)
        for path in (*self.word_pairs, *self.analogies):
            if not path.exists():
                raise FileNotFoundError(f"Evaluate: there is no file {str(path)!r}")

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Score the vectors."""
        for path in self.word_pairs:
            found = evaluation.word_pairs(model.wv, path, restrict_vocab=self.restrict_vocab)
            self._note(model, path.stem, found.spearman.statistic)
        for path in self.analogies:
            solved = evaluation.analogies(model.wv, path, restrict_vocab=self.restrict_vocab)
            self._note(model, path.stem, solved.accuracy)
        if self._has_sessions():
            predicted = evaluation.hit_rate(model.wv, self.hit_rate, self.topn)
            self._note(model, "hit_rate", predicted.hit_rate)
            self._note(model, "mrr", predicted.mrr)

    def _has_sessions(self) -> bool:
        return not hasattr(self.hit_rate, "__len__") or len(self.hit_rate) > 0

    def _note(self, model: Any, name: str, score: float) -> None:  # noqa: ANN401
        model.report.add_metric(name, score)
        logger.info("%s after epoch %d: %.4f", name, model.epochs_trained, score)


def _paths(paths: Paths) -> list[Path]:
    return [Path(paths)] if isinstance(paths, str | PathLike) else [Path(path) for path in paths]
