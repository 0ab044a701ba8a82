"""Neighbours: the queries for the keys nearest to keys and vectors, under gensim's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import Array, FloatArray, RowArray
from fastw2v.vectors.growing_table import GrowingTable
from fastw2v.vectors.key_table import KEY_TYPES, Key
from fastw2v.vectors.search import nearest, topk, unit_rows

NeighbourList: TypeAlias = list[tuple[Any, float]]
"""(key, cosine) of each neighbour, the nearest first."""

QueryItem: TypeAlias = "Key | Array | tuple[Key | Array, float]"
"""A key, a vector of shape (dim,), or either with a weight."""


class Indexer(Protocol):
    """An index of vectors, as `fastw2v.vectors.annoy.AnnoyIndexer`."""

    def most_similar(self, vector: FloatArray, num_neighbors: int) -> NeighbourList:
        """Return the neighbours of a unit vector, float32[dim], the nearest first."""
        ...


class Neighbours(GrowingTable):
    """Vectors by key, with the queries for nearest keys."""

    def most_similar(
        self,
        positive: QueryItem | Sequence[QueryItem] | None = None,
        negative: QueryItem | Sequence[QueryItem] | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Indexer | None = None,
    ) -> NeighbourList | FloatArray:
        """Find the keys nearest by cosine to the mean of some vectors.

        Parameters
        ----------
        positive, negative : key, vector, or list of them, optional
            What to take the mean of: the unit vectors of keys, and vectors at their own length. Weights are 1 for
            `positive` and -1 for `negative`; in a list, (key, weight) gives another weight, used with its own sign.
        topn : int or None
            How many neighbours; None returns the cosines of all rows.
        clip_start, clip_end : int, optional
            Only rows in this range are searched.
        restrict_vocab : int, optional
            Only the first so many rows are searched; `clip_start` and `clip_end` are then ignored, as in gensim.
        indexer : Indexer, optional
            An index that answers in place of the exact search, such as `fastw2v.vectors.annoy.AnnoyIndexer`. Rows are
            then not restricted, and the keys of the query are not left out, as in gensim.

        Returns
        -------
        list of (key, float)
            The nearest first, without the keys of the query.
        float32[n_searched]
            With ``topn=None``: the cosine of each row searched, those of the query too.

        Raises
        ------
        KeyError
            A key has no vector.
        ValueError
            The query is empty, or a vector is not of shape (dim,).

        Examples
        --------
        >>> from fastw2v import KeyedVectors
        >>> wv = KeyedVectors(["king", "queen", "man", "woman"], [[1, 2], [2, 1], [0, 1], [1, 0]])
        >>> key, cosine = wv.most_similar(positive=["king", "woman"], negative=["man"], topn=1)[0]
        >>> key, round(cosine, 2)
        ('queen', 0.86)
        >>> wv.most_similar("king", topn=None).shape
        (4,)
        """
        if topn is not None and topn < 1:
            return []
        items = _weighted(positive, 1.0) + _weighted(negative, -1.0)
        keys, weights = [item for item, _ in items], [weight for _, weight in items]
        query = self.get_mean_vector(keys, weights, post_normalize=True, ignore_missing=False)
        if indexer is not None and topn is not None:
            return indexer.most_similar(query, topn)
        searched = slice(restrict_vocab) if restrict_vocab else slice(clip_start, clip_end or None)
        with np.errstate(invalid="ignore"):  # rows with NaN or infinite numbers, which are no neighbours
            scores = self._vectors[searched] @ query / self.fill_norms()[searched]
        return self._best(scores, searched, keys, topn)

    def _best(
        self, scores: FloatArray, searched: slice, asked: Sequence[Any], topn: int | None
    ) -> NeighbourList | FloatArray:
        """Return the best keys by the scores of the rows searched, without the keys that were asked for."""
        if topn is None:
            return np.asarray(scores)
        query_rows = [self.get_index(key, -1) for key in asked if isinstance(key, KEY_TYPES)]
        rows = np.arange(len(self))[searched]
        best_scores, best_rows = topk(
            np.where(np.isnan(scores), -np.inf, scores)[None], rows[None], topn + len(query_rows)
        )
        return self._neighbours(best_scores[0], best_rows[0], query_rows=query_rows, topn=topn)

    def most_similar_cosmul(
        self,
        positive: QueryItem | Sequence[QueryItem] | None = None,
        negative: QueryItem | Sequence[QueryItem] | None = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> NeighbourList | FloatArray:
        """Find keys by products of cosines rather than their sum: 3CosMul of Levy and Goldberg 2014, equation 4.

        The score of a row is the product of (1 + cosine) / 2 over `positive`, divided by that over `negative`.

        Parameters
        ----------
        positive, negative : key, vector, or list of them, optional
            Vectors given themselves are used at their own length, as in gensim.
        topn : int or None
            How many keys; None returns the scores of all rows.
        restrict_vocab : int, optional
            Only the first so many rows are searched.

        Returns
        -------
        list of (key, float)
            The best first, without the keys of the query.
        float32[n_searched]
            With ``topn=None``: the score of each row searched.

        Raises
        ------
        KeyError
            A key has no vector.
        ValueError
            `positive` is empty, or a vector is not of shape (dim,).

        Examples
        --------
        >>> from fastw2v import KeyedVectors
        >>> wv = KeyedVectors(["king", "queen", "man", "woman"], [[1, 2], [2, 1], [0, 1], [1, 0]])
        >>> wv.most_similar_cosmul(positive=["king", "woman"], negative=["man"], topn=1)[0][0]
        'queen'
        """
        if topn is not None and topn < 1:
            return []
        asked = [[item for item, _ in _weighted(items, 1.0)] for items in (positive, negative)]
        if not asked[0]:
            raise ValueError("nothing to search for: give at least one positive key or vector")
        searched = slice(restrict_vocab or None)
        vectors, norms = self._vectors[searched], self.fill_norms()[searched]

        def product_of(items: list[Any]) -> FloatArray:
            cosines = [vectors @ self._query_vector(item) / norms for item in items]
            return np.asarray(np.prod([(1 + cosine) / 2 for cosine in cosines], axis=0, initial=1, dtype=np.float32))

        scores = product_of(asked[0]) / (product_of(asked[1]) + np.float32(1e-6))
        return self._best(scores, searched, asked[0] + asked[1], topn)

    def _query_vector(self, item: Key | Array) -> FloatArray:
        return self.get_vector(item, norm=True) if isinstance(item, KEY_TYPES) else self._checked_dim(item)

    def most_similar_batch(
        self, keys_or_vectors: Sequence[Key] | Array, topn: int = 10, restrict_vocab: int | None = None
    ) -> list[NeighbourList]:
        """Find the neighbours of many keys, or of many vectors, in one call; much faster than one call for each.

        Parameters
        ----------
        keys_or_vectors : sequence of keys, or float32[n_queries, dim]
        topn : int
            How many neighbours for each query.
        restrict_vocab : int, optional
            Only the first so many rows are searched.

        Returns
        -------
        list of list of (key, float)
            The neighbours of each query; a key is not its own neighbour.

        Raises
        ------
        KeyError
            A key has no vector.
        ValueError
            The vectors are not of shape (n_queries, dim).
        """
        norms, stop = self.fill_norms(), restrict_vocab or len(self)
        if isinstance(keys_or_vectors, np.ndarray) and keys_or_vectors.ndim == 2:
            queries = unit_rows(self._checked_dim(keys_or_vectors))
            excluded: list[list[int]] = [[]] * len(queries)
        else:
            excluded, queries = self._unit_queries(keys_or_vectors)
        vectors = np.asarray(self._vectors[:stop], np.float32)
        scores, rows = nearest(vectors, norms[:stop], np.asarray(queries, np.float32), k=max(topn, 0) + 1)
        found = zip(scores, rows, excluded)
        return [self._neighbours(s, r, query_rows=query_rows, topn=topn) for s, r, query_rows in found]

    def _unit_queries(self, keys: Sequence[Key] | Array) -> tuple[list[list[int]], FloatArray]:
        """Return the rows of keys, each in a list, and their unit vectors."""
        rows = self.rows_of(keys)
        return rows[:, None].tolist(), np.asarray(self._vectors[rows] / self.fill_norms()[rows, None])

    def _neighbours(self, scores: FloatArray, rows: RowArray, *, query_rows: list[int], topn: int) -> NeighbourList:
        """Return keys and cosines of the first `topn` rows, without those of the query and those without a cosine."""
        found = zip(rows.tolist(), scores.tolist())
        others = ((row, score) for row, score in found if row not in query_rows and score > -np.inf)
        return [(self.index_to_key[row], score) for row, score in others][: max(topn, 0)]

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> NeighbourList | FloatArray:
        """Find the keys nearest to one key; see `most_similar`."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> NeighbourList | FloatArray:
        """Find the keys nearest to one key; see `most_similar`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> NeighbourList | FloatArray:
        """Find the keys nearest to one vector, float32[dim]; see `most_similar`."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)


def _weighted(items: QueryItem | Sequence[QueryItem] | None, weight: float) -> list[tuple[Any, float]]:
    """Pair a key, a vector, or each of a list of them, with its weight."""
    if items is None:
        return []
    if isinstance(items, KEY_TYPES) or (
        isinstance(items, np.ndarray) and items.ndim == 1 and items.dtype.kind in "fiu"
    ):
        return [(items, weight)]
    return [item if isinstance(item, tuple) else (item, weight) for item in items]
