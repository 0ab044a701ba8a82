"""Similarities: cosines and distances of keys, lists of keys and documents, under gensim's names."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.keyedvectors.neighbours import Neighbours
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.vectors.key_table import Key
from fastw2v.vectors.search import cosine, unit_rows

logger = logging.getLogger("fastw2v")


class Similarities(Neighbours):
    """Vectors by key, with the queries for nearest keys, for similarities and for distances."""

    def similarity(self, w1: Key, w2: Key) -> float:
        """Cosine of the vectors of two keys; 0 if one of the vectors is all zeros. KeyError for an unknown key."""
        return cosine(self.get_vector(w1), self.get_vector(w2))

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> float:
        """Cosine of the mean vectors of two lists of keys. Unknown keys are left out; ValueError if all are unknown."""
        return cosine(self[self.known_keys(ws1)].mean(axis=0), self[self.known_keys(ws2)].mean(axis=0))

    def distance(self, w1: Key, w2: Key) -> float:
        """One minus `similarity`."""
        return 1 - self.similarity(w1, w2)

    def distances(self, word_or_vector: Key | Array, other_words: Sequence[Key] = ()) -> FloatArray:
        """One minus the cosine to each of `other_words`, or to every row: float32[n]; KeyError for an unknown key."""
        unit = self.get_mean_vector([word_or_vector], post_normalize=True, ignore_missing=False)
        rows = self.rows_of(other_words) if len(other_words) else slice(None)
        return np.asarray(1 - self._vectors[rows] @ unit / self.fill_norms()[rows])

    def closer_than(self, key1: Key, key2: Key) -> list[Any]:
        """Keys nearer to `key1` than `key2` is, in the order of the rows. KeyError for an unknown key."""
        distances = self.distances(key1)
        is_closer = distances < distances[self.get_index(key2)]
        is_closer[self.get_index(key1)] = False
        return [self.index_to_key[row] for row in np.flatnonzero(is_closer)]

    def words_closer_than(self, word1: Key, word2: Key) -> list[Any]:
        """Return what `closer_than` does; gensim's former name, with a DeprecationWarning."""
        warnings.warn("words_closer_than is deprecated: call closer_than", DeprecationWarning, stacklevel=2)
        return self.closer_than(word1, word2)

    def rank(self, key1: Key, key2: Key) -> int:
        """Rank of `key2` among the neighbours of `key1`; the nearest has rank 1. KeyError for an unknown key."""
        return len(self.closer_than(key1, key2)) + 1

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """Return the key of a list with the largest cosine to `key1`; the first of equals. KeyError if unknown."""
        if len(keys_list) == 0:
            raise ValueError("keys_list is empty; expected at least one key")
        return keys_list[int(self.distances(key1, keys_list).argmin())]

    @staticmethod
    def cosine_similarities(vector_1: npt.ArrayLike, vectors_all: npt.ArrayLike) -> FloatArray:
        """Cosines of one vector to the rows of a matrix.

        Parameters
        ----------
        vector_1 : float[dim]
        vectors_all : float[n, dim]

        Returns
        -------
        float[n]
            0 for a row of zeros, for which gensim gives NaN.

        Examples
        --------
        >>> from fastw2v import KeyedVectors
        >>> KeyedVectors.cosine_similarities([1.0, 0.0], [[2.0, 0.0], [0.0, 3.0]]).tolist()
        [1.0, 0.0]
        """
        vector, matrix = np.asarray(vector_1), np.asarray(vectors_all)
        return np.asarray(unit_rows(matrix) @ unit_rows(vector[None])[0])

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Cosine of two keys, divided by the sum of the cosines of `wa` to its `topn` nearest keys.

        Values above 1/topn speak for synonyms (Leeuwenberg et al. 2016). KeyError for an unknown key.
        """
        return self.similarity(wa, wb) / sum(score for _, score in self.similar_by_key(wa, topn))

    def rank_by_centrality(self, words: Sequence[Key], use_norm: bool = True) -> list[tuple[float, Any]]:
        """Sort keys by their cosine to the mean of all, the most central first.

        Parameters
        ----------
        words : sequence of keys
            Unknown ones are left out, with a warning in the log.
        use_norm : bool
            Scale the vectors to unit length first.

        Returns
        -------
        list of (float, key)

        Raises
        ------
        ValueError
            No key has a vector.
        """
        known = self._known_of(words)
        vectors = np.array([self.get_vector(key, norm=use_norm) for key in known])
        scores = vectors @ unit_rows(vectors.mean(axis=0, keepdims=True))[0]
        return sorted(zip(scores.tolist(), known), reverse=True)

    def _known_of(self, keys: Sequence[Key]) -> list[Key]:
        """Return the keys that have a vector; log the others, and raise ValueError if there is none."""
        known = self.known_keys(keys)
        if len(known) < len(keys):
            logger.warning("left out keys without a vector: %s", {key for key in keys if key not in self})
        return known

    def similarity_unseen_docs(self, *_documents: object) -> float:
        """Raise NotImplementedError, as in gensim: only document vectors have this."""
        raise NotImplementedError("only doc2vec models infer vectors of documents; compare means: n_similarity")

    def wmdistance(self, document1: Sequence[Key], document2: Sequence[Key], norm: bool = True) -> float:
        """Word Mover's Distance between two documents (Kusner et al. 2015), solved by POT.

        Parameters
        ----------
        document1, document2 : sequences of keys
            Unknown keys are left out.
        norm : bool
            Scale the vectors to unit length first.

        Returns
        -------
        float
            Infinite if no key of one of the documents has a vector.

        Raises
        ------
        ImportError
            POT is not installed.
        """
        try:
            from ot import emd2
        except ImportError as error:
            raise ImportError("wmdistance needs POT; install it with: pip install POT") from error
        bags = [Counter(key for key in document if key in self) for document in (document1, document2)]
        if not all(bags):
            logger.warning("a document has no word with a vector: the distance is infinite")
            return float("inf")
        vectors = [np.array([self.get_vector(key, norm=norm) for key in bag], np.float64) for bag in bags]
        shares = [np.array(list(bag.values())) / bag.total() for bag in bags]
        return float(emd2(*shares, _distances(*vectors)))

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """Key farthest by cosine from the mean of all. Unknown keys are left out; ValueError if all are unknown."""
        known = self.known_keys(words)
        units = unit_rows(self[known])
        cosines = units @ unit_rows(units.mean(axis=0, keepdims=True))[0]
        return known[int(cosines.argmin())]


def _distances(a: Array, b: Array) -> Array:
    """Euclidean distance of every row of a to every row of b, float64[n_a, n_b]."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T
    is_same = (a[:, None, 0] == b[None, :, 0]) & (squares < 1e-9)  # rounding leaves more than 0 between equal rows
    return np.sqrt(np.where(is_same, 0, np.maximum(squares, 0)))
