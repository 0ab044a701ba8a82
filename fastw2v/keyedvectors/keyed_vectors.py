"""KeyedVectors: vectors by word or integer key, with the interface of gensim 4's class of the same name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from fastw2v.compat import refuse_renamed
from fastw2v.evaluation import Correlation, Section, word_pairs
from fastw2v.evaluation import analogies as solve_analogies
from fastw2v.keyedvectors import sentences
from fastw2v.keyedvectors.stored_vectors import StoredVectors
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.runtime.lifecycle import Lifecycle
from fastw2v.vectors.by_id import vectors_by_id
from fastw2v.vectors.indexes import KeyIndex
from fastw2v.vectors.key_table import Key
from fastw2v.vocab import Vocab

logger = logging.getLogger("fastw2v")


@refuse_renamed("KeyedVectors")
class KeyedVectors(StoredVectors, Lifecycle):
    """Vectors by key.

    ``KeyedVectors(keys, vectors, counts)`` holds these vectors; ``KeyedVectors(vector_size)``, as in gensim, is empty
    and grows by `add_vectors`. With words as keys, an integer means a row, as in gensim; with integers as keys, an
    integer always means a key.

    Parameters
    ----------
    vector_size : int >= 1; or the keys
        Dimension of the vectors of an empty table. Or the key of each row: a sequence of str, or of int, all
        different; or a `Vocab`.
    count : int >= 0; or float32[n_vocab, dim]
        Rows to make room for in an empty table. Or the vectors: used in place, not copied; a view of padded rows is
        fine. Other dtypes are converted.
    dtype : float16, float32 or float64; or int64[n_vocab]
        Type of the vectors of an empty table. Or how often each key occurred in the corpus.
    mapfile_path
        Not used, as in gensim.
    keys, vectors, counts
        The same three by name: ``KeyedVectors(keys=words, vectors=matrix)``.

    Attributes
    ----------
    index_to_key : list of str, or of int
        The key of each row.
    key_to_index : dict
        The row of each key. With a Vocab, both are made at the first use.
    vectors : float32[n_vocab, dim]
        The matrix itself, which you may write to.
    norms : float32[n_vocab] or None
        Lengths of the vectors, computed by the first query. They follow what you write to `vectors`.
    vectors_lockf : float32[n_vocab] or float32[1]
        Factor of what training moves each row; 0 freezes the row. One number counts for all rows.
    expandos : dict of str to array[n_vocab]
        Attributes of the keys, such as "count"; see `set_vecattr`.

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

    mapfile_path: str | None = None

    @overload
    def __init__(
        self, vector_size: int, count: int = 0, dtype: npt.DTypeLike = np.float32, mapfile_path: str | None = None
    ) -> None: ...
    @overload
    def __init__(
        self,
        vector_size: Sequence[str] | Sequence[int] | Array | Vocab,
        count: npt.ArrayLike,
        dtype: npt.ArrayLike | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        keys: Sequence[str] | Sequence[int] | Array | Vocab,
        vectors: npt.ArrayLike,
        counts: npt.ArrayLike | None = None,
    ) -> None: ...
    def __init__(
        self,
        vector_size: Any = None,
        count: Any = 0,
        dtype: Any = np.float32,
        mapfile_path: str | None = None,
        *,
        keys: Any = None,
        vectors: Any = None,
        counts: Any = None,
    ) -> None:
        if vector_size is not None and keys is None and not isinstance(vector_size, int | np.integer):
            keys, vectors = vector_size, None if isinstance(count, int) else count
            counts = counts if dtype is np.float32 else dtype
        elif vector_size is not None:
            self._init_empty(vector_size, count, dtype)
            return
        if keys is None or vectors is None:
            raise TypeError(
                "expected keys and vectors, KeyedVectors(keys, matrix), or a size, KeyedVectors(vector_size)"
            )
        super().__init__(keys, vectors, counts)

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

        Takes and raises what `fastw2v.evaluation.analogies` does, which returns the number of questions too. With
        `similarity_function` "most_similar_cosmul" the answers are those of 3CosMul; gensim ignores it.

        Returns
        -------
        accuracy : float
            Share of the questions solved.
        sections : list of Section
        """
        result = solve_analogies(
            self,
            analogies,
            restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
            similarity_function=similarity_function,
        )
        return result.accuracy, result.sections

    @staticmethod
    def log_accuracy(section: Section) -> None:
        """Log the accuracy of a section of analogies, as gensim does."""
        n_correct, n_asked = len(section["correct"]), len(section["correct"]) + len(section["incorrect"])
        if n_asked:
            logger.info("%s: %.1f%% (%d/%d)", section["section"], 100 * n_correct / n_asked, n_correct, n_asked)

    @staticmethod
    def log_evaluate_word_pairs(pearson: Correlation, spearman: Correlation, oov: float, pairs: object) -> None:
        """Log correlations with the ratings in a file of word pairs, as gensim does."""
        logger.info("Pearson correlation with %s: %.4f", pairs, pearson[0])
        logger.info("Spearman correlation with %s: %.4f", pairs, spearman[0])
        logger.info("pairs with unknown words: %.1f%%", oov)

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Make vectors of some keys alone, in the order given; a key without a vector is left out.

        Parameters
        ----------
        keys : iterable of keys
            A key that comes again is used once.
        allow_inference : bool
            Has no effect: only models of subwords infer vectors for unknown words.
        copy_vecattrs : bool
            Copy the attributes of the keys as well.

        Returns
        -------
        KeyedVectors
            With copies of the vectors; empty if no key has one.
        """
        known = [key for key in dict.fromkeys(keys) if key in self.key_to_index]
        rows = self.rows_of(known)
        chosen = KeyedVectors(self.vector_size, dtype=self._vectors.dtype)
        extras = {name: values[rows] for name, values in self.expandos.items()} if copy_vecattrs else None
        chosen.add_vectors(known, self._vectors[rows], extras)
        return chosen

    def vectors_by_id(self, n_ids: int | None = None, *, fill: npt.ArrayLike | None = None) -> FloatArray:
        """Copy the vectors into a new array in which row i is the vector of the integer key i.

        Takes and raises what `fastw2v.vectors.by_id.vectors_by_id` does.

        Returns
        -------
        float32[n_ids, dim]
            In one piece (C order). Ids without a vector get `fill`, such as 0 or ``np.nan``; without it, they are an
            error. By default there are as many rows as the largest key and one.
        """
        return vectors_by_id(self, n_ids, fill=fill)

    def sentence_vectors(
        self,
        texts: Any,  # noqa: ANN401 - texts, or whatever training takes
        weighting: str = "mean",
        *,
        a: float = 1e-3,
        component: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """Return a vector for each text, made of the vectors of its words.

        Parameters
        ----------
        texts : iterable of str or of lists of keys; or (ids, starts), an array of integers or a table
            A str is split at whitespace; pass text in the letter case of the corpus. Words without a vector are left
            out; how many, is logged at INFO.
        weighting : "mean" or "sif"
            The mean of the words' vectors; or smooth inverse frequency (Arora, Liang and Ma 2017): a word of relative
            frequency p has the weight a / (a + p), and what the vectors of all texts have in common is removed, their
            projection on the first principal component.
        a : float above 0
            Of SIF. Smaller values make frequent words count less.
        component : float32[dim], optional
            Of SIF: the direction to remove, from `sif_component` of other texts, such as those a classifier was
            trained on. Zeros remove none. By default it is that of `texts`.

        Returns
        -------
        float32[n_texts, dim]
            Zeros, with a warning in the log, for a text without a known word.

        Raises
        ------
        ValueError
            An option is wrong, or SIF is asked for and these vectors have no counts.
        TypeError
            `texts` is one text, or a file.

        Examples
        --------
        >>> from fastw2v import KeyedVectors
        >>> wv = KeyedVectors(["good", "bad", "film"], [[1, 0], [-1, 0], [0, 1]], counts=[1, 1, 98])
        >>> wv.sentence_vectors(["good film", ["bad", "film"]]).tolist()
        [[0.5, 0.5], [-0.5, 0.5]]
        >>> wv.sentence_vectors(["good film"], "sif", a=0.01, component=[0, 1]).tolist()
        [[0.25, 0.0]]
        """
        return sentences.sentence_vectors(self, texts, weighting, a=a, component=component)

    def sif_component(self, texts: Any, *, a: float = 1e-3) -> FloatArray:  # noqa: ANN401
        """Return the direction that ``sentence_vectors(texts, "sif")`` removes: a unit vector, float32[dim].

        Takes and raises what `sentence_vectors` does. Use it for new texts: ``component=wv.sif_component(old_texts)``.
        """
        return sentences.sif_component(self, texts, a=a)

    def to_index(
        self,
        library: str = "usearch",
        *,
        metric: str = "cos",
        dtype: str = "float32",
        connectivity: int = 16,
        expansion_add: int = 128,
    ) -> KeyIndex:
        """Build an index of approximate nearest neighbours, which answers with keys.

        Parameters
        ----------
        library : "usearch", "hnswlib" or "faiss"
            A package to install; each builds a graph (HNSW).
        metric : "cos", "ip" or "l2"
            Cosine, dot product, or Euclid's distance.
        dtype : "float32", "float16" or "int8"
            In which the index stores the vectors; only usearch has others than float32, and int8 only with "cos".
        connectivity : int
            Edges of a node (M). More find more of the true neighbours, and take more memory.
        expansion_add : int
            Nodes that are looked at when one is added (efConstruction).

        Returns
        -------
        KeyIndex
            ``index.search(key_or_vector, k)`` gives (key, score) pairs; ``index.save(path)`` writes the library's own
            format, in which integer keys are the labels.

        Raises
        ------
        ImportError
            The library is not installed.
        ValueError
            An option is unknown, or not one of this library's; a key is negative, or a vector not finite.
        """
        return KeyIndex.build(
            self, library, metric=metric, dtype=dtype, connectivity=connectivity, expansion_add=expansion_add
        )

    def init_sims(self, replace: bool = False) -> None:
        """Do nothing, or with `replace` what `unit_normalize_all` does; gensim's former name, deprecated."""
        warnings.warn(
            "init_sims is deprecated: call unit_normalize_all or fill_norms", DeprecationWarning, stacklevel=2
        )
        if replace:
            self.unit_normalize_all()

    def word_vec(self, key: Key, norm: bool = False) -> FloatArray:
        """Return what `get_vector` does; gensim's former name, with a DeprecationWarning."""
        warnings.warn("word_vec is deprecated: call get_vector", DeprecationWarning, stacklevel=2)
        return self.get_vector(key, norm)
