"""KeyTable: a matrix of vectors whose rows have keys. `GrowingTable` adds rows, `KeyedVectors` the queries."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cached_property
from os import PathLike
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import Array, FloatArray, RowArray
from fastw2v.runtime.word_bytes import canonical_word
from fastw2v.vectors.search import row_norms, unit_rows
from fastw2v.vocab import Vocab

Key: TypeAlias = str | int | np.integer[Any]
KEY_TYPES = (str, int, np.integer)
_MAX_COMPARED = 2000  # keys that the error for an unknown key compares with it: about 20 ms of difflib


class UnknownKeyError(KeyError):
    """KeyError for a key without a vector. The message suggests similar keys; it is made only when it is read."""

    def __init__(self, key: Key, known: list[Any]) -> None:
        super().__init__(key)
        self._known = known

    def __str__(self) -> str:
        asked = f"no vector for {self.args[0]!r} among {len(self._known):,} keys"
        return f"{asked}: {self._cure()}; test with `key in wv`, or train with a lower min_count"

    def __reduce__(self) -> tuple[type[KeyError], tuple[str]]:
        return KeyError, (str(self),)  # do not pickle the vocabulary

    def _cure(self) -> str:
        key, known = self.args[0], [each for each in self._known if each is not None]
        if not known:
            return "there are no keys yet; add some with add_vectors"
        if not isinstance(known[0], str):
            return f"the keys are integers from {min(known)} to {max(known)}"
        if not isinstance(key, str):
            return f"the keys are words, and an integer means a row from 0 to {len(known) - 1}"
        close = _close_words(key, known)
        return f"perhaps {' or '.join(map(repr, close))} is meant" if close else "no key is similar"


def _close_words(word: str, known: list[str]) -> list[str]:
    """Return the words that differ in case alone, or else the closest ones of like length and first letter."""
    initial = word[:1].lower()
    alike = [k for k in known if k[:1].lower() == initial and abs(len(k) - len(word)) <= 2][:_MAX_COMPARED]
    return [k for k in alike if k.lower() == word.lower()] or get_close_matches(word, alike)


class NoKnownKeyError(ValueError, ZeroDivisionError):
    """None of some keys has a vector. gensim's `n_similarity` raises ZeroDivisionError here."""


class VectorTable(NamedTuple):
    """What a file of vectors holds.

    Attributes
    ----------
    keys : list of str, or int64[n_vocab]; or a Vocab
    vectors : float[n_vocab, dim]
    counts : int64[n_vocab], or None where the file has none
    attributes : dict of str to array[n_vocab]
    lock_factors : float32[n_vocab], or None where all are 1
    is_checked : bool
        Whether no key of a Vocab is doubled; else the first query looks.
    """

    keys: Sequence[str] | Sequence[int] | Array | Vocab
    vectors: Array
    counts: Array | None = None
    attributes: dict[str, Array] = {}  # noqa: RUF012 - of a named tuple; nothing writes to it
    lock_factors: Array | None = None
    is_checked: bool = True


class _Memory:
    """The memory of a matrix. An array made from it, and each view of that array, keeps this object alive."""

    def __init__(self, matrix: FloatArray) -> None:
        self.matrix = matrix
        self.__array_interface__ = matrix.__array_interface__


class KeyTable:
    """Keys, their vectors and their counts, row by row; `KeyedVectors` documents the arguments."""

    _unchecked: str | None = None  # the file that the keys came from, if nobody has looked whether one is doubled

    def __init__(
        self,
        keys: Sequence[str] | Sequence[int] | npt.NDArray[np.integer[Any]] | Vocab,
        vectors: npt.ArrayLike,
        counts: npt.ArrayLike | None = None,
    ) -> None:
        self._vocab = keys if isinstance(keys, Vocab) else None
        if not isinstance(keys, Vocab):
            self.index_to_key = checked_keys(keys)
        self._dtype: npt.DTypeLike = np.float32
        self._set_matrix(self._checked_vectors(vectors))
        self.n_edits = self.n_handed_out = 0  # tell the owner of a copy whether the copy may be out of date
        self.expandos: dict[str, Array] = {}
        self.counts = counts

    @property
    def counts(self) -> Array | None:
        """Occurrences of each key in the corpus, int64[n_vocab], or None; the attribute "count" of `expandos`."""
        return self.expandos.get("count")

    @counts.setter
    def counts(self, counts: npt.ArrayLike | None) -> None:
        if counts is None:
            self.expandos.pop("count", None)
            return
        array = np.asarray(counts, np.int64)
        if array.shape != (len(self),):
            raise ValueError(f"counts has shape {array.shape}, expected ({len(self)},): one count for each key")
        self.expandos["count"] = array

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_handed_out"]  # weak references cannot be pickled
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._set_matrix(self._vectors)

    @classmethod
    def from_file(cls, table: VectorTable, path: str | PathLike[str]) -> Self:
        """Make vectors from the content of a file; ValueError, which names the file, if the content does not fit.

        Keys that are not checked are looked at by the first query, which raises if one is doubled.
        """
        is_other = table.vectors.dtype in (np.float16, np.float64)
        vectors = np.broadcast_to(np.float32(0), table.vectors.shape) if is_other else table.vectors
        try:
            kv = cls(table.keys, vectors, table.counts)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        if is_other:
            kv._dtype = table.vectors.dtype
            kv._set_matrix(table.vectors)
        if not table.is_checked:
            kv._unchecked = str(path)
        kv.expandos |= table.attributes
        return kv

    def _checked_vectors(self, vectors: npt.ArrayLike) -> FloatArray:
        matrix = np.asarray(vectors, self._dtype)
        if matrix.ndim != 2 or len(matrix) != len(self) or matrix.shape[1] == 0:
            raise ValueError(f"vectors has shape {matrix.shape}, expected ({len(self)}, dim): one row for each key")
        return matrix

    def _set_matrix(self, matrix: FloatArray) -> None:
        """Use another matrix from now on; what was handed out belongs to the old one."""
        self._vectors = matrix
        self._handed_out: weakref.WeakSet[_Memory] = weakref.WeakSet()
        self._was_handed_out = False
        self.norms: FloatArray | None = None

    def _checked_dim(self, vectors: npt.ArrayLike) -> FloatArray:
        array = np.asarray(vectors, self._dtype)
        if array.shape[-1:] != (self.vector_size,):
            raise ValueError(f"vector of shape {array.shape}, expected {self.vector_size} numbers as in these vectors")
        return array

    @property
    def vectors(self) -> FloatArray:
        """float32[n_vocab, dim], the matrix itself; what you write to it, or to a view of it, the queries see.

        The lengths of the rows are computed anew by each query while an array that you got here exists. After training
        it is a view of longer rows; ``np.ascontiguousarray(wv.vectors)`` is in one piece, as libraries in C want it.
        """
        memory = next((m for m in self._handed_out if m.matrix is self._vectors), None) or _Memory(self._vectors)
        self._handed_out.add(memory)
        self._was_handed_out = True
        self.n_handed_out += 1
        return np.asarray(memory)

    @vectors.setter
    def vectors(self, vectors: npt.ArrayLike) -> None:
        self._set_matrix(self._checked_vectors(vectors))
        self.n_edits += 1

    @property
    def matrix(self) -> FloatArray:
        """The vectors as a read-only view, float32[n_vocab, dim], for code that does not write to them."""
        view = self._vectors.view()
        view.flags.writeable = False
        return view

    @cached_property
    def index_to_key(self) -> list[Any]:
        """Key of each row; if the keys came as a `Vocab`, the list is made at the first use."""
        return self._vocab.keys  # type: ignore[union-attr]  # without a Vocab, __init__ has set it

    @property
    def key_source(self) -> list[Any] | Vocab:
        """The list of keys if it exists, because the user may have changed it; else the `Vocab`."""
        has_list = self._vocab is None or "index_to_key" in vars(self) or "keys" in vars(self._vocab)
        return self.index_to_key if has_list else self._vocab  # type: ignore[return-value]

    @cached_property
    def key_to_index(self) -> dict[Any, int]:
        """Row of each key; made at the first use. ValueError, which names the file, if a mapped file doubles a key."""
        rows = {key: row for row, key in enumerate(self.index_to_key)}
        if self._unchecked is not None and len(rows) < len(self.index_to_key):
            try:
                checked_keys(self.index_to_key)
            except ValueError as error:
                raise ValueError(f"{self._unchecked}: {error}") from error
        self._unchecked = None
        return rows

    @property
    def is_integer(self) -> bool:
        """Whether the keys are integers, not words."""
        source = self.key_source
        if isinstance(source, Vocab):
            return source.is_integer
        first = next((key for key in source if key is not None), "")
        return not isinstance(first, str)

    @property
    def vector_size(self) -> int:
        """Dimension of the vectors."""
        return int(self._vectors.shape[1])

    def __len__(self) -> int:
        return len(self.key_source)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def __contains__(self, key: object) -> bool:
        return isinstance(key, KEY_TYPES) and self.has_index_for(key)

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> FloatArray:
        """Vector of one key (read-only float32[dim]) or several (a new float32[n_keys, dim]); KeyError if unknown."""
        if isinstance(key_or_keys, KEY_TYPES):
            return self.get_vector(key_or_keys)
        return self._vectors[self.rows_of(key_or_keys)]

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Row of a key. For an unknown key: `default` if it is given, else KeyError."""
        row = self.key_to_index.get(key)
        if row is None and isinstance(key, str):
            row = self.key_to_index.get(canonical_word(key))
        if row is not None:
            return row
        if not isinstance(key, str) and not self.is_integer and 0 <= key < len(self):
            return int(key)
        if default is None:
            raise UnknownKeyError(key, self.index_to_key)
        return default

    def rows_of(self, keys: Iterable[Key]) -> RowArray:
        """Rows of several keys, intp[n_keys]; KeyError for an unknown key."""
        if isinstance(keys, str):
            raise TypeError(f"{keys!r} is one word; a list of keys is expected")
        return np.fromiter((self.get_index(key) for key in keys), np.intp)

    def known_keys(self, keys: Iterable[Key]) -> list[Key]:
        """The keys that have a vector; ValueError if none has."""
        if isinstance(keys, str):
            raise TypeError(f"{keys!r} is one word; a list of keys is expected")
        known = [key for key in keys if key in self]
        if not known:
            raise NoKnownKeyError(f"no key of {keys!r} has a vector; give at least one that has")
        return known

    def lock_factors(self) -> FloatArray | None:
        """Factor of what training moves each row, float32[n_vocab]; None if all are 1, as they are in this class."""
        return None

    def has_index_for(self, key: Key) -> bool:
        """Whether the key has a vector; the same as `key in wv`."""
        return self.get_index(key, -1) >= 0

    def get_vector(self, key: Key, norm: bool = False) -> FloatArray:
        """Vector of a key, read-only float32[dim]; with `norm`, scaled to unit length. KeyError for an unknown key."""
        row = self.get_index(key)
        vector: FloatArray = self._vectors[row] / self.fill_norms()[row] if norm else self._vectors[row]
        vector.flags.writeable = False
        return vector

    def get_mean_vector(
        self,
        keys: Sequence[Key | Array],
        weights: npt.ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> FloatArray:
        """Weighted mean of vectors, given by their keys or themselves.

        Parameters
        ----------
        keys : sequence of keys or float32[dim]
        weights : float[n_keys], optional
            All 1 by default. The weighted sum is divided by the sum of the absolute weights.
        pre_normalize : bool
            Scale the vectors of keys to unit length first; vectors given themselves are not scaled.
        post_normalize : bool
            Scale the mean to unit length.
        ignore_missing : bool
            Leave out unknown keys, rather than raise KeyError.

        Returns
        -------
        float32[dim]

        Raises
        ------
        KeyError
            A key is unknown, and `ignore_missing` is False.
        ValueError
            There are no keys, `weights` has another length, or a vector is not of shape (dim,).
        """
        scales = np.ones(len(keys)) if weights is None else np.asarray(weights, np.float64)
        if len(keys) == 0:
            raise ValueError("nothing to take the mean of: give at least one key or vector")
        if scales.shape != (len(keys),):
            raise ValueError(f"{len(keys)} keys and weights of shape {scales.shape}; give one weight for each key")
        mean, total = np.zeros(self.vector_size), 0.0
        for key, scale in zip(keys, scales):
            if not isinstance(key, KEY_TYPES):
                mean += scale * self._checked_dim(key)
            elif not ignore_missing or key in self:
                mean += scale * self.get_vector(key, norm=pre_normalize)
            else:
                continue
            total += abs(scale)
        mean /= total or 1
        vector = mean.astype(self._vectors.dtype)
        return unit_rows(vector[None])[0] if post_normalize else vector

    def fill_norms(self, force: bool = False) -> FloatArray:
        """Lengths of the vectors, float32[n_vocab], 1 for a vector of zeros; cached until `force` or a change."""
        if self.norms is None or force or self._may_have_changed():
            self.norms = row_norms(self._vectors)
        return self.norms

    def _may_have_changed(self) -> bool:
        """Whether an array that `vectors` handed out existed since the last call: it may have been written to."""
        may_have_changed = self._was_handed_out
        self._was_handed_out = len(self._handed_out) > 0
        return may_have_changed

    def get_normed_vectors(self) -> FloatArray:
        """All vectors scaled to unit length, a new float32[n_vocab, dim]."""
        return np.asarray(self._vectors / self.fill_norms()[:, None])


def checked_keys(keys: Sequence[Any] | Array) -> list[Any]:
    """The keys as a list; ValueError if there is none or one occurs twice, TypeError if they mix words and integers."""
    listed = keys.tolist() if isinstance(keys, np.ndarray) else keys if isinstance(keys, list) else list(keys)
    kinds = set(map(type, listed))
    if not (all(issubclass(kind, str) for kind in kinds) or all(issubclass(kind, int | np.integer) for kind in kinds)):
        raise TypeError(f"keys are {sorted(kind.__name__ for kind in kinds)}, expected all str or all int")
    if isinstance(keys, str) or not listed:
        raise ValueError(f"keys is {keys!r}, expected a list of at least one key")
    if len(set(listed)) != len(listed):
        row_of = {key: row for row, key in enumerate(listed)}
        twice = next(key for row, key in enumerate(listed) if row_of[key] != row)
        raise ValueError(f"key {twice!r} occurs twice; every row needs a different key")
    return listed


def keys_to_save(kv: KeyTable) -> list[Any] | Vocab:
    """Keys to save; ValueError if the user changed the list so that a key occurs twice: no reader accepts that."""
    if kv._unchecked is not None:
        kv.key_to_index  # noqa: B018 - making it finds doubled keys
    source = kv.key_source
    if isinstance(source, Vocab):
        return source
    if len(source) and isinstance(source[0], str):
        source = list(map(canonical_word, source))
    hashes = np.fromiter(map(hash, source), np.int64, len(source))  # takes less memory than a set of the keys
    return checked_keys(source) if len(np.unique(hashes)) < len(hashes) else source


def sorted_by(kv: KeyTable, values: Array | None) -> KeyTable:
    """Return the vectors sorted by falling values of their rows, stably; `kv` itself if they are, or without values."""
    if values is None or (values[:-1] >= values[1:]).all():
        return kv
    rows = np.argsort(values[::-1], kind="stable")[::-1]
    rows = len(values) - 1 - rows
    sorted_table = KeyTable([kv.index_to_key[row] for row in rows], kv.matrix[rows])
    sorted_table.expandos = {name: array[rows] for name, array in kv.expandos.items()}
    return sorted_table
