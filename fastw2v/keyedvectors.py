"""KeyedVectors: vectors by word or integer key, and the questions asked of them, under gensim 4's names."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fastw2v import formats
from fastw2v.evaluation import Correlation, Section, word_pairs
from fastw2v.evaluation import analogies as solve_analogies
from fastw2v.vectors.key_table import KEY_TYPES, Key, KeyTable
from fastw2v.vectors.search import FloatArray, RowArray, best_first, cosine, nearest, unit_rows

Neighbours: TypeAlias = list[tuple[Any, float]]
"""(key, cosine) of each neighbour, the nearest first."""

QueryItem: TypeAlias = "Key | npt.NDArray[Any] | tuple[Key | npt.NDArray[Any], float]"
"""A key, a vector of shape (dim,), or either with a weight."""


class KeyedVectors(KeyTable):
    """Vectors by key.

    Parameters
    ----------
    keys : sequence of str, or of int; or Vocab
        The key of each row, all different. When the keys are words, an integer is taken for a row, as in gensim;
        when they are integers, an integer is always a key.
    vectors : float32[n_vocab, dim]
        Used in place, not copied: a view of padded rows will do. Another dtype is converted.
    counts : int64[n_vocab], optional
        How often each key occurred in the corpus.

    Attributes
    ----------
    index_to_key : list of str, or of int
    key_to_index : dict
        Both made when first asked for, where the keys are a Vocab.
    vectors : float32[n_vocab, dim]
    norms : float32[n_vocab] or None
        Lengths of the vectors, made by the first query. `wv[key] = vector` and `wv.vectors = matrix` forget them;
        whoever writes to the matrix by another way calls `fill_norms(force=True)`.

    Raises
    ------
    TypeError
        The keys are neither all words nor all integers.
    ValueError
        A key occurs twice, there are no keys, or keys, vectors and counts differ in number.
    """

    def most_similar(
        self,
        positive: QueryItem | Sequence[QueryItem] | None = None,
        negative: QueryItem | Sequence[QueryItem] | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> Neighbours | FloatArray:
        """Find the keys nearest by cosine to the mean of some vectors.

        Parameters
        ----------
        positive, negative : key, vector, or list of them, optional
            What the mean is made of: the unit vectors of keys, and vectors as they are, with weight 1 or -1. In a
            list, (key, weight) gives another weight; the sign of a weight given so counts as it stands.
        topn : int or None
            How many neighbours; None for the cosines of all rows.
        clip_start, clip_end : int, optional
            Only rows in this range are searched.
        restrict_vocab : int, optional
            Only the first so many rows are searched, whatever `clip_start` and `clip_end` say.

        Returns
        -------
        list of (key, float), or float32[n_searched]
            Without the keys asked about; the array for `topn=None` has them.

        Raises
        ------
        KeyError
            A key has no vector.
        ValueError
            Nothing was given, or a vector is not of shape (dim,).
        """
        if topn is not None and topn < 1:
            return []
        items = _weighted(positive, 1.0) + _weighted(negative, -1.0)
        keys, weights = [item for item, _ in items], [weight for _, weight in items]
        query = self.get_mean_vector(keys, weights, post_normalize=True, ignore_missing=False)
        searched = slice(restrict_vocab) if restrict_vocab else slice(clip_start, clip_end or None)
        scores = self._vectors[searched] @ query / self.fill_norms()[searched]
        if topn is None:
            return np.asarray(scores)
        own_rows = [self.get_index(key) for key in keys if isinstance(key, KEY_TYPES)]
        rows = np.arange(len(self))[searched]
        best_scores, best_rows = best_first(scores[None], rows[None], topn + len(own_rows))
        return self._neighbours(best_scores[0], best_rows[0], own_rows, topn)

    def most_similar_batch(
        self, keys_or_vectors: Sequence[Key] | npt.NDArray[Any], topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbours]:
        """Answer `most_similar` for many keys, or for many vectors, at once.

        Parameters
        ----------
        keys_or_vectors : sequence of keys, or float32[n_queries, dim]
        topn : int
        restrict_vocab : int, optional
            Only the first so many rows are searched.

        Returns
        -------
        list of list of (key, float)
            The neighbours of each query in turn; a key is not its own neighbour.
        """
        norms, stop = self.fill_norms(), restrict_vocab or len(self)
        if isinstance(keys_or_vectors, np.ndarray) and keys_or_vectors.ndim == 2:
            own_rows, queries = None, unit_rows(self._checked_dim(keys_or_vectors))
        else:
            own_rows = self.rows_of(keys_or_vectors)
            queries = self._vectors[own_rows] / norms[own_rows, None]
        scores, rows = nearest(self._vectors[:stop], norms[:stop], queries, max(topn, 0) + 1)
        own = [[]] * len(queries) if own_rows is None else own_rows[:, None].tolist()
        return [self._neighbours(s, r, mine, topn) for s, r, mine in zip(scores, rows, own)]

    def _neighbours(self, scores: FloatArray, rows: RowArray, own_rows: list[int], topn: int) -> Neighbours:
        found = zip(rows.tolist(), scores.tolist())
        kept = ((row, score) for row, score in found if row not in own_rows and score > -np.inf)
        return [(self.index_to_key[row], score) for row, score in kept][: max(topn, 0)]

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbours | FloatArray:
        """`most_similar` to one key."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    similar_by_word = similar_by_key

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbours | FloatArray:
        """`most_similar` to one vector, float32[dim]."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    def similarity(self, w1: Key, w2: Key) -> float:
        """Cosine of the vectors of two keys; 0 when one of them is all zeros."""
        return cosine(self.get_vector(w1), self.get_vector(w2))

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> float:
        """Cosine of the mean vectors of two lists of keys; unknown keys are left out, ValueError if all are."""
        return cosine(self[self.known_keys(ws1)].mean(axis=0), self[self.known_keys(ws2)].mean(axis=0))

    def distance(self, w1: Key, w2: Key) -> float:
        """One minus `similarity`."""
        return 1 - self.similarity(w1, w2)

    def distances(self, word_or_vector: Key | npt.NDArray[Any], other_words: Sequence[Key] = ()) -> FloatArray:
        """One minus the cosine to each of `other_words`, or to every row: float32[n_others]."""
        unit = self.get_mean_vector([word_or_vector], post_normalize=True, ignore_missing=False)
        rows = self.rows_of(other_words) if len(other_words) else slice(None)
        return np.asarray(1 - self._vectors[rows] @ unit / self.fill_norms()[rows])

    def closer_than(self, key1: Key, key2: Key) -> list[Any]:
        """Keys nearer to `key1` than `key2` is, in the order of the rows."""
        distances = self.distances(key1)
        is_closer = distances < distances[self.get_index(key2)]
        is_closer[self.get_index(key1)] = False
        return [self.index_to_key[row] for row in np.flatnonzero(is_closer)]

    def rank(self, key1: Key, key2: Key) -> int:
        """Place of `key2` among the neighbours of `key1`; the nearest has rank 1."""
        return len(self.closer_than(key1, key2)) + 1

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """Key furthest by cosine from the mean of all; unknown keys are left out, ValueError if all are."""
        known = self.known_keys(words)
        units = unit_rows(self[known])
        cosines = units @ unit_rows(units.mean(axis=0, keepdims=True))[0]
        return known[int(cosines.argmin())]

    def evaluate_word_pairs(
        self,
        pairs: str | PathLike[str],
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Correlation, Correlation, float]:
        """Correlate cosines with people's judgements: (pearson, spearman, percentage of pairs with unknown words).

        See `fastw2v.evaluation.word_pairs`, which takes the same arguments and tells the number of pairs too.
        """
        result = word_pairs(self, pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown)
        return result.pearson, result.spearman, result.oov_percent

    def evaluate_word_analogies(
        self,
        analogies: str | PathLike[str],
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[float, list[Section]]:
        """Solve a is to b as c is to what: (share solved, sections).

        See `fastw2v.evaluation.analogies`, which takes the same arguments and tells the number of questions too.
        """
        result = solve_analogies(self, analogies, restrict_vocab, case_insensitive, dummy4unknown)
        return result.accuracy, result.sections

    def save(self, path: str | PathLike[str], format: str | None = None) -> None:
        """Write the vectors to a file; see `fastw2v.formats.save`."""
        formats.save(self, path, format)

    def save_word2vec_format(self, fname: str | PathLike[str], *, binary: bool = False) -> None:
        """Write the vectors as word2vec text, or binary, whatever the file's ending; in the order of the rows."""
        self.save(fname, "word2vec-binary" if binary else "word2vec-text")

    @staticmethod
    def load(path: str | PathLike[str]) -> KeyedVectors:
        """Read vectors from a file in any format; see `fastw2v.formats.read`."""
        return KeyedVectors.from_file(formats.read(path), path)

    @staticmethod
    def load_word2vec_format(
        fname: str | PathLike[str], *, binary: bool = False, limit: int | None = None
    ) -> KeyedVectors:
        """Read the first `limit` vectors, or all, of a word2vec text or binary file."""
        return KeyedVectors.from_file(formats.read_word2vec_file(fname, binary, limit), fname)


def _weighted(items: QueryItem | Sequence[QueryItem] | None, weight: float) -> list[tuple[Any, float]]:
    """Pair a key, a vector, or each of a list of them, with its weight."""
    if items is None:
        return []
    if isinstance(items, KEY_TYPES) or (isinstance(items, np.ndarray) and items.ndim == 1):
        return [(items, weight)]
    return [item if isinstance(item, tuple) else (item, weight) for item in items]
