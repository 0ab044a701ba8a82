"""Word pairs: how well cosines agree with human ratings of similarity."""

from __future__ import annotations

from os import PathLike
from typing import NamedTuple

import numpy as np

from fastw2v.evaluation.correlation import Correlation, pearson, spearman
from fastw2v.evaluation.files import read_pairs
from fastw2v.evaluation.lookup import look_up, rows_by_word, too_few
from fastw2v.runtime.arrays import Array, RowArray
from fastw2v.vectors.key_table import KeyTable


class WordPairsResult(NamedTuple):
    """Result of `word_pairs`.

    Attributes
    ----------
    pearson, spearman : Correlation
        Of the cosines and the ratings.
    n_used, n_total : int
        Pairs whose words both have vectors, and all pairs of the file.
    oov_percent : float
        Pairs with an unknown word, in percent of all.
    """

    pearson: Correlation
    spearman: Correlation
    n_used: int
    n_total: int
    oov_percent: float


def word_pairs(
    kv: KeyTable,
    path: str | PathLike[str],
    delimiter: str = "\t",
    *,
    encoding: str = "utf8",
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> WordPairsResult:
    r"""Correlate cosines with human ratings of how similar two words are.

    Parameters
    ----------
    kv : KeyedVectors
        Keyed by words.
    path : path
        Lines "word, delimiter, word, delimiter, score". Lines that start with # are comments; other lines of another
        form are skipped, with a warning in the log.
    delimiter, encoding : str
    restrict_vocab : int, optional
        Only the first so many words are known.
    case_insensitive : bool
        Compare words in upper case. Of words that are then equal, the first row is used.
    dummy4unknown : bool
        Give pairs with an unknown word the cosine 0, rather than skip them.

    Returns
    -------
    WordPairsResult
        The numbers of gensim's `evaluate_word_pairs`, with the number of pairs.

    Raises
    ------
    TypeError
        The keys are integers.
    ValueError
        Fewer than two pairs can be used, or a score is not finite.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fastw2v import KeyedVectors
    >>> from fastw2v.evaluation import word_pairs
    >>> wv = KeyedVectors(["king", "queen", "apple"], [[1, 0], [0.8, 0.6], [0, 1]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "pairs.tsv")
    ...     _ = path.write_text("king\tqueen\t9\nking\tapple\t1\nking\tpear\t1\n")
    ...     result = word_pairs(wv, path)
    >>> round(result.spearman.statistic, 2), result.n_used, result.n_total
    (1.0, 2, 3)
    """
    fold = str.upper if case_insensitive else str
    row_of = rows_by_word(kv, restrict_vocab, fold)
    pairs = list(read_pairs(path, delimiter, encoding))
    rows = look_up(row_of, [(fold(a), fold(b)) for a, b, _ in pairs], 2)
    is_known = (rows >= 0).all(axis=1)
    is_counted = np.logical_or(is_known, dummy4unknown)
    if is_counted.sum() < 2:
        raise ValueError(too_few(path, "pairs", n_used=int(is_known.sum()), n_total=len(pairs), n_needed=2))
    scores = np.array([score for _, _, score in pairs])
    cosines = np.where(is_known, _pair_cosines(kv, rows), 0)[is_counted]
    n_used, n_total = int(is_known.sum()), len(pairs)
    by_value, by_rank = pearson(scores[is_counted], cosines), spearman(scores[is_counted], cosines)
    return WordPairsResult(by_value, by_rank, n_used, n_total, 100 * (n_total - n_used) / n_total)


def _pair_cosines(kv: KeyTable, rows: RowArray) -> Array:
    """Cosine of each pair of rows, in float64, so that nearly equal cosines keep their order."""
    a, b = (kv.matrix[column].astype(np.float64) for column in rows.T)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray(np.einsum("ij,ij->i", a, b) / np.where(lengths == 0, 1, lengths))
