"""KeyedVectors: vectors by word or integer key, with the queries of gensim 4's class of the same name."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fastw2v import formats
from fastw2v.compat import refuse_unsupported
from fastw2v.evaluation import Correlation, Section, word_pairs
from fastw2v.evaluation import analogies as solve_analogies
from fastw2v.runtime.arrays import Array, FloatArray, RowArray
from fastw2v.vectors.key_table import KEY_TYPES, Key, KeyTable, most_frequent_first
from fastw2v.vectors.search import cosine, nearest, topk, unit_rows

Neighbours: TypeAlias = list[tuple[Any, float]]
"""(key, cosine) of each neighbour, the nearest first."""

QueryItem: TypeAlias = "Key | Array | tuple[Key | Array, float]"
"""A key, a vector of shape (dim,), or either with a weight."""


class KeyedVectors(KeyTable):
    """Vectors by key.

    Parameters
    ----------
    keys : sequence of str, or of int; or Vocab
        The key of each row; all keys differ. With words as keys, an integer means a row, as in gensim; with integers
        as keys, an integer always means a key.
    vectors : float32[n_vocab, dim]
        Used in place, not copied; a view of padded rows is fine. Other dtypes are converted.
    counts : int64[n_vocab], optional
        How often each key occurred in the corpus.

    Attributes
    ----------
    index_to_key : list of str, or of int
        The key of each row.
    key_to_index : dict
        The row of each key. With a Vocab, both are made at the first use.
    vectors : float32[n_vocab, dim]
    norms : float32[n_vocab] or None
        Lengths of the vectors, computed by the first query. `wv[key] = vector` and `wv.vectors = matrix` reset them;
        after any other change of the matrix call `fill_norms(force=True)`.

    Raises
    ------
    TypeError
        The keys are neither all words nor all integers.
    ValueError
        A key occurs twice, there are no keys, or keys, vectors and counts differ in number.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> wv = KeyedVectors(["king", "queen", "apple"], [[1.0, 0.0], [0.8, 0.6], [0.0, 2.0]])
    >>> wv["apple"].tolist()
    [0.0, 2.0]
    >>> "pear" in wv
    False
    >>> round(wv.similarity("king", "queen"), 2)
    0.8
    >>> wv.doesnt_match(["king", "queen", "apple"])
    'apple'
    """

    def most_similar(
        self,
        positive: QueryItem | Sequence[QueryItem] | None = None,
        negative: QueryItem | Sequence[QueryItem] | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: object | None = None,
    ) -> Neighbours | FloatArray:
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
        indexer
            Not supported: every search is exact. A value other than None raises.

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
            The query is empty, a vector is not of shape (dim,), or `indexer` is given.

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
        refuse_unsupported({"indexer": indexer})
        if topn is not None and topn < 1:
            return []
        items = _weighted(positive, 1.0) + _weighted(negative, -1.0)
        keys, weights = [item for item, _ in items], [weight for _, weight in items]
        query = self.get_mean_vector(keys, weights, post_normalize=True, ignore_missing=False)
        searched = slice(restrict_vocab) if restrict_vocab else slice(clip_start, clip_end or None)
        scores = self._vectors[searched] @ query / self.fill_norms()[searched]
        if topn is None:
            return np.asarray(scores)
        query_rows = [self.get_index(key) for key in keys if isinstance(key, KEY_TYPES)]
        rows = np.arange(len(self))[searched]
        best_scores, best_rows = topk(scores[None], rows[None], topn + len(query_rows))
        return self._neighbours(best_scores[0], best_rows[0], query_rows=query_rows, topn=topn)

    def most_similar_batch(
        self, keys_or_vectors: Sequence[Key] | Array, topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbours]:
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
            key_rows, queries = None, unit_rows(self._checked_dim(keys_or_vectors))
        else:
            key_rows = self.rows_of(keys_or_vectors)
            queries = self._vectors[key_rows] / norms[key_rows, None]
        scores, rows = nearest(self._vectors[:stop], norms[:stop], queries, k=max(topn, 0) + 1)
        excluded = [[]] * len(queries) if key_rows is None else key_rows[:, None].tolist()
        found = zip(scores, rows, excluded)
        return [self._neighbours(s, r, query_rows=query_rows, topn=topn) for s, r, query_rows in found]

    def _neighbours(self, scores: FloatArray, rows: RowArray, *, query_rows: list[int], topn: int) -> Neighbours:
        """Return keys and cosines of the first `topn` rows, without those of the query and those without a cosine."""
        found = zip(rows.tolist(), scores.tolist())
        others = ((row, score) for row, score in found if row not in query_rows and score > -np.inf)
        return [(self.index_to_key[row], score) for row, score in others][: max(topn, 0)]

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbours | FloatArray:
        """Find the keys nearest to one key; see `most_similar`."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbours | FloatArray:
        """Find the keys nearest to one key; see `most_similar`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbours | FloatArray:
        """Find the keys nearest to one vector, float32[dim]; see `most_similar`."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

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

    def rank(self, key1: Key, key2: Key) -> int:
        """Rank of `key2` among the neighbours of `key1`; the nearest has rank 1. KeyError for an unknown key."""
        return len(self.closer_than(key1, key2)) + 1

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """Key farthest by cosine from the mean of all. Unknown keys are left out; ValueError if all are unknown."""
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
        """Correlate cosines with human ratings of word pairs.

        Takes and raises what `fastw2v.evaluation.word_pairs` does, which returns the number of pairs too.

        Returns
        -------
        pearson, spearman : Correlation
        oov_percent : float
            Pairs with an unknown word, in percent.
        """
        result = word_pairs(
            self,
            pairs,
            delimiter,
            encoding=encoding,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )
        return result.pearson, result.spearman, result.oov_percent

    def evaluate_word_analogies(
        self,
        analogies: str | PathLike[str],
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[Section]]:
        """Solve analogies, "a is to b as c is to d".

        Takes and raises what `fastw2v.evaluation.analogies` does, which returns the number of questions too. A
        `similarity_function` other than "most_similar" is not supported and raises ValueError.

        Returns
        -------
        accuracy : float
            Share of the questions solved.
        sections : list of Section
        """
        refuse_unsupported({"similarity_function": similarity_function})
        result = solve_analogies(
            self, analogies, restrict_vocab, case_insensitive=case_insensitive, dummy4unknown=dummy4unknown
        )
        return result.accuracy, result.sections

    def save(
        self,
        fname_or_handle: str | PathLike[str],
        separately: Sequence[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
        *,
        format: str | None = None,
    ) -> None:
        """Write the vectors to one file, in a format chosen by its ending: .safetensors, .bin, .txt or .vec.

        Takes `format` and raises as `fastw2v.formats.save`. The other parameters are those of gensim's pickles, which
        are not written here: a value other than gensim's default raises ValueError.
        """
        refuse_unsupported(locals())
        formats.save(self, fname_or_handle, format)

    def save_word2vec_format(
        self,
        fname: str | PathLike[str],
        fvocab: str | PathLike[str] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write the vectors as word2vec text or binary, whatever the ending of the file.

        As in gensim, the most frequent key comes first; `save` keeps the order of the rows.

        Parameters
        ----------
        fname : path
        binary : bool
            word2vec binary rather than text.
        fvocab, total_vec, write_header, prefix, append, sort_attr
            Not supported: a value other than gensim's default raises.

        Raises
        ------
        ValueError
            An argument is not supported, or the format cannot hold a key (empty, or with whitespace) or a vector (not
            finite).
        OSError
            The file cannot be written.
        """
        refuse_unsupported(locals())
        formats.save(most_frequent_first(self), fname, "word2vec-binary" if binary else "word2vec-text")

    @classmethod
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Self:
        """Read vectors from a file in any format; the content tells which.

        Raises as `fastw2v.formats.read`; `mmap` is not supported, and a value other than None raises ValueError.
        """
        refuse_unsupported({"mmap": mmap})
        return cls.from_file(formats.read(fname), fname)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | PathLike[str],
        fvocab: str | PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: npt.DTypeLike = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Read a word2vec text or binary file, plain or gzipped.

        Words are UTF-8. Bytes that are no UTF-8 survive as surrogates ("surrogateescape") where gensim raises.

        Parameters
        ----------
        fname : path
        binary : bool
            Whether the file is word2vec binary.
        limit : int, optional
            Read only the first so many vectors.
        fvocab, encoding, unicode_errors, datatype, no_header
            Not supported: a value other than gensim's default raises ("surrogateescape" may be given too).

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            An argument is not supported; or the file is damaged, or is not what `binary` says.
        """
        encoding = "utf8" if codecs.lookup(encoding).name == "utf-8" else encoding
        unicode_errors = "strict" if unicode_errors == "surrogateescape" else unicode_errors
        refuse_unsupported(locals())
        return cls.from_file(formats.read_word2vec_file(fname, binary, limit), fname)


def _weighted(items: QueryItem | Sequence[QueryItem] | None, weight: float) -> list[tuple[Any, float]]:
    """Pair a key, a vector, or each of a list of them, with its weight."""
    if items is None:
        return []
    if isinstance(items, KEY_TYPES) or (isinstance(items, np.ndarray) and items.ndim == 1):
        return [(items, weight)]
    return [item if isinstance(item, tuple) else (item, weight) for item in items]
