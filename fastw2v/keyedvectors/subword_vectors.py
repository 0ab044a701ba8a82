"""FastTextKeyedVectors: vectors of words made of n-grams, so that words never seen have vectors too."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import NoReturn, Self

import numpy as np
import numpy.typing as npt

from fastw2v.compat import refuse_unsupported
from fastw2v.formats.names import chosen_format
from fastw2v.formats.safetensors import is_safetensors, read_safetensors, write_safetensors
from fastw2v.formats.safetensors_table import TABLE_TENSORS, table_metadata, table_of, table_tensors, vocab_of
from fastw2v.formats.subword_table import NGRAMS, SUBWORD_TENSORS, subword_metadata, subword_rows, subword_tensors
from fastw2v.keyedvectors.keyed_vectors import KeyedVectors
from fastw2v.runtime.arrays import Array, FloatArray, RowArray
from fastw2v.runtime.class_only import class_only
from fastw2v.runtime.files import existing_file
from fastw2v.runtime.word_bytes import encode_word
from fastw2v.vectors.key_table import KEY_TYPES, Key
from fastw2v.vectors.search import row_norms, unit_rows
from fastw2v.vectors.subwords import Subwords, draw_ngram_rows
from fastw2v.vocab import Vocab

logger = logging.getLogger("fastw2v")


class FastTextKeyedVectors(KeyedVectors):
    """Vectors of a FastText model: any word has one, the mean of the vectors of its character n-grams.

    A word of the vocabulary has a row of its own too, which counts as one n-gram more. `FastText` makes these vectors,
    and so do `load_facebook_vectors` and `FastTextKeyedVectors.load`.

    Parameters
    ----------
    vocab : Vocab
    rows : float32[n_rows, stride]
        Rows of words, and behind them those of n-grams, as `subwords` says; stride is a multiple of 16.
    dim : int
        Columns that count.
    subwords : Subwords
    seed : int
        Of the rows of n-grams that do not occur in the vocabulary: they are drawn when they are asked for.

    Attributes
    ----------
    vectors : float32[n_vocab, dim]
        The vectors of the words, made of their rows. They are made anew when the rows have been trained, so write to
        `vectors_vocab` what training shall go on from.
    min_n, max_n, bucket : int
        Lengths of n-grams, in characters with "<" and ">" around the word, and the number of hash buckets.
    """

    def __init__(self, vocab: Vocab, rows: FloatArray, dim: int, subwords: Subwords, *, seed: int) -> None:
        self._rows, self._dim, self._subwords, self._seed = rows, dim, subwords, seed
        self._composed: FloatArray | None = None
        super().__init__(keys=vocab, vectors=np.broadcast_to(np.float32(0), (len(vocab), dim)), counts=vocab.counts)
        self._composed = None

    @property
    def _vectors(self) -> FloatArray:
        if self._composed is None:
            self._composed = mean_rows(self._rows, self._subwords)[:, : self._dim]
        return self._composed

    @_vectors.setter
    def _vectors(self, matrix: FloatArray) -> None:
        self._composed = matrix

    def rows_moved(self) -> None:
        """Make the vectors anew at the next query, since their rows have been trained or written to."""
        self._set_matrix(None)  # type: ignore[arg-type]

    @property
    def min_n(self) -> int:
        """Characters of the shortest n-gram."""
        return self._subwords.rule.min_n

    @property
    def max_n(self) -> int:
        """Characters of the longest n-gram."""
        return self._subwords.rule.max_n

    @property
    def bucket(self) -> int:
        """Number of buckets that n-grams are hashed to."""
        return self._subwords.rule.n_buckets

    @property
    def subwords(self) -> Subwords:
        """The rows that each word is made of."""
        return self._subwords

    @property
    def rows(self) -> FloatArray:
        """float32[n_rows, dim]: the rows of words, and behind them those of the n-grams that occur, as a view."""
        return self._rows[:, : self._dim]

    @property
    def vectors_vocab(self) -> FloatArray:
        """float32[n_vocab, dim]: the words' own rows, a view that may be written to; then call `rows_moved`."""
        return self._rows[: len(self), : self._dim]

    @property
    def vectors_ngrams(self) -> FloatArray:
        """float32[bucket, dim]: the row of each bucket, a read-only copy that is made when it is asked for.

        In memory there are only the n-grams of the vocabulary; `rows` has them without a copy.
        """
        matrix = self.ngram_rows(np.arange(self.bucket))[:, : self._dim]
        matrix.flags.writeable = False
        return matrix

    @cached_property
    def buckets_word(self) -> list[Array]:
        """The buckets of the n-grams of each word, int32[n_ngrams]; made at the first use."""
        _, bucket_of_row, ids, starts = (getattr(self._subwords, name) for name in _SUBWORDS)
        return [bucket_of_row[ids[begin + 1 : end] - len(self)] for begin, end in pairwise(starts)]

    def ngram_rows(self, buckets: Array) -> FloatArray:
        """Return the rows of some buckets, float32[n, stride]; those that never occurred are as drawn from `seed`."""
        at = self._subwords.rows_of_buckets(buckets)
        rows: FloatArray = self._rows[len(self) + at]  # of -1, the last word's
        unseen = np.flatnonzero(at < 0)
        if len(unseen):
            drawn = np.empty((len(unseen), rows.shape[1]), np.float32)
            draw_ngram_rows(drawn, self._dim, np.asarray(buckets)[unseen], seed=self._seed)
            rows[unseen] = drawn
        return rows

    def has_ngrams_for(self, key: object) -> bool:
        """Whether a vector can be made of the n-grams of a key: of any str, unless the model has no n-grams."""
        return isinstance(key, str) and self._subwords.rule.has_ngrams and not self.is_integer

    def __contains__(self, key: object) -> bool:
        """Whether the key has a vector: any word has, as in gensim; ``key in wv.key_to_index`` tells known ones."""
        return self.has_ngrams_for(key) or super().__contains__(key)

    def get_vector(self, key: Key, norm: bool = False) -> FloatArray:
        """Vector of a word, read-only float32[dim]; with `norm`, scaled to unit length.

        A word that is not in the vocabulary has the mean of its n-grams: zeros, with a warning in the log, if it has
        none. KeyError for such a word if the model has no n-grams.
        """
        if not self.has_ngrams_for(key) or self.get_index(key, -1) >= 0:
            return super().get_vector(key, norm)
        vector = self._of_unseen(str(key))
        if norm:
            vector = vector / row_norms(vector[None])[0]
        vector.flags.writeable = False
        return vector

    def _of_unseen(self, word: str) -> FloatArray:
        """Mean of the n-grams of a word in the arithmetic of fastText: their sum, in order, times 1 / n."""
        buckets = self._subwords.rule.of_words([encode_word(word)]).values
        if len(buckets) == 0:
            logger.warning("%r has no n-grams of %d to %d characters; its vector is 0", word, self.min_n, self.max_n)
            return np.zeros(self._dim, np.float32)
        total = self.ngram_rows(buckets).sum(axis=0)[: self._dim]
        return np.asarray(total * np.float32(1 / len(buckets)))

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> FloatArray:
        """Vector of one word (read-only float32[dim]) or several (a new float32[n_keys, dim])."""
        if isinstance(key_or_keys, KEY_TYPES):
            return self.get_vector(key_or_keys)
        vectors = [self.get_vector(key) for key in key_or_keys]
        return np.array(vectors, np.float32).reshape(len(vectors), self._dim)

    def get_sentence_vector(self, sentence: Sequence[Key]) -> FloatArray:
        """Return the mean of the unit vectors of words, float32[dim], as gensim's method of this name."""
        return self.get_mean_vector(sentence)

    def _unit_queries(self, keys: Sequence[Key] | Array) -> tuple[list[list[int]], FloatArray]:
        rows = [self.get_index(key, -1) for key in keys]
        return [[row] for row in rows], unit_rows(self[keys])

    def distances(self, word_or_vector: Key | Array, other_words: Sequence[Key] = ()) -> FloatArray:
        """One minus the cosine to each of `other_words`, or to every row: float32[n]."""
        if len(other_words) == 0:
            return super().distances(word_or_vector)
        unit = self.get_mean_vector([word_or_vector], post_normalize=True, ignore_missing=False)
        return np.asarray(1 - unit_rows(self[other_words]) @ unit)

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Make vectors of some words alone, in the order given, as `KeyedVectors.vectors_for_all`.

        Parameters
        ----------
        keys : iterable of keys
            A key that comes again is used once.
        allow_inference : bool
            True: words that are not in the vocabulary get the vectors of their n-grams. False: they are left out.
        copy_vecattrs : bool
            Copy the attributes of the keys as well; words that are not in the vocabulary get 0.

        Returns
        -------
        KeyedVectors
        """
        wanted = list(dict.fromkeys(keys))
        known = super().vectors_for_all(wanted, False, copy_vecattrs)
        inferred = [key for key in wanted if allow_inference and key not in known and self.has_ngrams_for(key)]
        if not inferred:
            return known
        known.add_vectors(inferred, self[inferred])
        known.allocate_vecattrs()
        order = known.rows_of([key for key in wanted if key in known])
        known._reorder(order)
        return known

    def _reorder(self, order: RowArray) -> None:
        self._rows[: len(order)] = self._rows[order]
        self._subwords = self._subwords.taken(order)
        vars(self).pop("buckets_word", None)
        super()._reorder(order)

    def add_vectors(
        self,
        keys: Key | Sequence[Key],
        weights: npt.ArrayLike,
        extras: Mapping[str, Array] | None = None,
        replace: bool = False,
    ) -> NoReturn:
        """Raise TypeError: a word of these vectors is made of n-grams, and has no vector of its own to add."""
        raise TypeError(
            "words cannot be added to vectors that are made of n-grams; a word that is not there has a vector already. "
            "To add vectors, copy these: wv.vectors_for_all(wv.index_to_key)"
        )

    def add_vector(self, key: Key, vector: npt.ArrayLike) -> NoReturn:
        """Raise TypeError, as `add_vectors` does."""
        self.add_vectors(key, vector)

    def save(
        self,
        fname_or_handle: str | PathLike[str],
        separately: Sequence[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
        *,
        format: str | None = None,
        dtype: str | None = None,
    ) -> None:
        """Write the vectors, and to a safetensors file the rows of words and n-grams too, which `load` reads.

        Other formats, and a `dtype`, hold the vectors of the vocabulary alone, which is logged. Takes and raises what
        `KeyedVectors.save` does.
        """
        if dtype is not None or chosen_format(Path(fname_or_handle), format) != "safetensors":
            logger.info("%s: the file has the words' vectors; n-grams are in safetensors files alone", fname_or_handle)
            super().save(fname_or_handle, separately, sep_limit, ignore, pickle_protocol, format=format, dtype=dtype)
            return
        refuse_unsupported({"ignore": frozenset(ignore)})
        tensors = table_tensors(self) | subword_tensors(self.rows, self._subwords)
        metadata = {"format": "fastw2v"} | table_metadata(self) | subword_metadata(self._subwords, self._seed)
        write_safetensors(fname_or_handle, tensors, metadata)

    @staticmethod
    def has_file_ngrams(path: str | PathLike[str]) -> bool:
        """Whether a file is safetensors with rows of n-grams, which `load` reads."""
        file = existing_file(path)
        return is_safetensors(file) and NGRAMS in read_safetensors(file, lambda name: False)[1]

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Self:
        """Read vectors with their n-grams, which `save` or `FastText.save` wrote as safetensors.

        Parameters
        ----------
        fname : path
        mmap : None
            Rows are read into memory: another value raises ValueError. `KeyedVectors.load` maps the vectors alone.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or has no n-grams.
        """
        if mmap is not None:
            raise ValueError(f"mmap is {mmap!r}; expected None: KeyedVectors.load maps the words' vectors alone")
        path = existing_file(fname)
        if not is_safetensors(path):
            raise ValueError(
                f"{path} has no n-grams; read its vectors by KeyedVectors.load, or .bin of fastText by "
                "load_facebook_vectors"
            )
        tensors, metadata = read_safetensors(path, lambda name: name in (*TABLE_TENSORS, *SUBWORD_TENSORS))
        table = table_of(tensors, path, metadata)
        rows, subwords, seed = subword_rows(tensors, metadata, vocab_of(tensors, path), path=path)
        wv = cls(vocab_of(tensors, path), rows, table.vectors.shape[1], subwords, seed=seed)
        wv.expandos |= table.attributes
        return wv


_SUBWORDS = ("rule", "bucket_of_row", "row_ids", "row_starts")


def mean_rows(rows: FloatArray, subwords: Subwords) -> FloatArray:
    """Return the mean of the rows of each word, float32[n_vocab, stride]."""
    from fastw2v_kernels.mean_rows.cpu import mean_rows_cpu
    from fastw2v_kernels.shared.memory import aligned

    means = aligned((subwords.n_vocab, rows.shape[1]))
    mean_rows_cpu(rows, subwords.row_ids, row_starts=subwords.row_starts, out=means)
    return means
