"""GrowingTable: keys and vectors to which rows and attributes of rows can be added, under gensim's names."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import Array, FloatArray, RowArray
from fastw2v.vectors.key_table import KEY_TYPES, Key, KeyTable, checked_keys
from fastw2v.vectors.search import row_norms
from fastw2v.vectors.tree import HuffmanTree

logger = logging.getLogger("fastw2v")
_FLOATS = (np.float16, np.float32, np.float64)
_OF_PATH = ("code", "point")


class GrowingTable(KeyTable):
    """Keys, vectors and attributes, to all of which rows can be added; `KeyedVectors` documents the arguments."""

    _room: FloatArray | None = None  # the matrix with free rows at its end
    _own_keys: list[Any] | None = None  # index_to_key once it has grown; before, it may be the caller's list
    _attribute_rooms: Mapping[str, Array] = MappingProxyType({})  # arrays of attributes with free rows at their end
    _own_attributes: Mapping[str, Array] = MappingProxyType({})  # arrays of attributes that no caller holds
    next_index: int = 0
    tree: HuffmanTree | None = None  # of a model with hierarchical softmax
    n_row_changes: int = 0  # tells the owner of the matrix whether rows still have the keys they had

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_room": None, "_attribute_rooms": {}}

    def _init_empty(self, vector_size: int, count: int, dtype: npt.DTypeLike) -> None:
        """Make a table without keys, with `count` rows of zeros for keys to come."""
        kind = np.dtype(dtype)
        if kind not in _FLOATS:
            raise ValueError(f"dtype is {kind}; expected float16, float32 or float64")
        if not (isinstance(vector_size, int | np.integer) and vector_size >= 1):
            raise ValueError(f"vector_size is {vector_size!r}; expected a whole number of at least 1")
        if not (isinstance(count, int | np.integer) and count >= 0):
            raise ValueError(f"count is {count!r}; expected how many rows to make room for, 0 or more")
        self._vocab, self._dtype = None, kind
        self.index_to_key, self.key_to_index = [None] * int(count), {}
        self._set_matrix(np.zeros((int(count), int(vector_size)), kind))
        self.n_edits = self.n_handed_out = 0
        self.expandos = {}

    def add_vector(self, key: Key, vector: npt.ArrayLike) -> int:
        """Add a key with its vector, and return its row; a key that is there keeps its vector.

        Parameters
        ----------
        key : str or int
        vector : float[dim]

        Returns
        -------
        int
            The row of the key.

        Raises
        ------
        TypeError
            The key is a word and the others are integers, or the other way round.
        ValueError
            The vector has another length.

        Examples
        --------
        >>> from fastw2v import KeyedVectors
        >>> wv = KeyedVectors(2)
        >>> wv.add_vector("a", [1.0, 2.0]), wv.add_vector("b", [3.0, 4.0])
        (0, 1)
        """
        is_free = self.next_index < len(self) and self.index_to_key[self.next_index] is None
        if not is_free or key in self.key_to_index:
            self.add_vectors([key], np.asarray(vector)[None])
            return self.key_to_index[_plain(key)]
        (new,) = self._checked_new([key])
        row, self.next_index = self.next_index, self.next_index + 1
        self._vectors[row] = self._checked_dim(vector)
        self.index_to_key[row], self.key_to_index[new] = new, row
        self._note_change()
        return row

    def add_vectors(
        self,
        keys: Key | Sequence[Key],
        weights: npt.ArrayLike,
        extras: Mapping[str, Array] | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors, after the last row.

        Parameters
        ----------
        keys : sequence of str or of int
        weights : float[n_keys, dim]
        extras : mapping of str to array[n_keys], optional
            Attributes of these keys; see `set_vecattr`.
        replace : bool
            Whether keys that are there get the new vector and attributes; else they keep the old ones.

        Raises
        ------
        TypeError
            Words and integers are mixed, or an attribute has another type than before.
        ValueError
            A key occurs twice in `keys`, or keys, vectors and extras differ in number or length.

        Examples
        --------
        >>> from fastw2v import KeyedVectors
        >>> wv = KeyedVectors(2)
        >>> wv.add_vectors(["a", "b"], [[1.0, 2.0], [3.0, 4.0]])
        >>> wv.add_vectors(["b", "c"], [[0.0, 0.0], [5.0, 6.0]])
        >>> wv.vectors.tolist()
        [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
        """
        listed: Sequence[Key] = [keys] if isinstance(keys, KEY_TYPES) else list(keys)
        rows = np.asarray(weights, self._dtype).reshape(len(listed), -1) if len(listed) else np.empty((0, 0))
        if len(listed) == 0:
            return
        vectors, extras = self._checked_dim(rows), {name: np.asarray(v) for name, v in (extras or {}).items()}
        for name, values in extras.items():
            if len(values) != len(listed):
                raise ValueError(f"extras[{name!r}] has {len(values)} values for {len(listed)} keys; expected as many")
        self._allocate({name: values.dtype.type for name, values in extras.items()})
        plain, is_known = self._checked_new(listed), np.array([key in self.key_to_index for key in listed])
        first = self._grow(int((~is_known).sum()))
        if self.index_to_key is not self._own_keys:
            self.index_to_key = self._own_keys = list(self.index_to_key)
        for key in (key for key, known in zip(plain, is_known) if not known):
            self.key_to_index[key] = len(self.index_to_key)
            self.index_to_key.append(key)
        self.allocate_vecattrs()
        changed = np.flatnonzero(is_known) if replace else np.empty(0, np.intp)
        for chosen, targets in (
            (~is_known, slice(first, None)),
            (changed, [self.key_to_index[plain[i]] for i in changed]),
        ):
            self._vectors[targets] = vectors[chosen]
            for name, values in extras.items():
                self._own(name)[targets] = values[chosen]
        self._note_change()

    def __setitem__(self, key_or_keys: Key | Iterable[Key], vectors: npt.ArrayLike) -> None:
        """Set the vectors of keys, float[dim] for one and float[n_keys, dim] for several; new keys are added."""
        keys = [key_or_keys] if isinstance(key_or_keys, KEY_TYPES) else list(key_or_keys)
        rows = [self.get_index(key, -1) for key in keys]
        if min(rows, default=0) < 0:
            self.add_vectors(keys, np.asarray(vectors).reshape(len(keys), -1), replace=True)
            return
        matrix = self._checked_dim(vectors)
        if matrix.shape != (self.vector_size,) and len(matrix) != len(keys):
            raise ValueError(f"vectors of shape {matrix.shape} for {len(keys)} keys; expected one row for each")
        self._check_writable()
        self._vectors[rows] = matrix
        self.norms = None
        self.n_edits += 1

    def resize_vectors(self, seed: int = 0) -> None:
        """Make the matrix as long as `index_to_key`; new rows are uniform in [-1/dim, 1/dim), drawn from `seed`."""
        n_rows, n_new = len(self._vectors), len(self.index_to_key) - len(self._vectors)
        matrix = np.empty((n_rows + max(n_new, 0), self.vector_size), self._vectors.dtype)
        matrix[:n_rows] = self._vectors
        draw = np.random.default_rng(seed).random((len(self.index_to_key), self.vector_size), dtype=np.float32)
        matrix[n_rows:] = (2 * draw[n_rows:] - 1) / self.vector_size
        self._set_matrix(matrix[: len(self.index_to_key)])
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self.allocate_vecattrs()
        self._note_change()

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:  # noqa: ANN401 - any type that an array can hold
        """Set an attribute of a key, such as its count; the first value decides the type of the attribute.

        Raises
        ------
        KeyError
            The key has no vector.
        TypeError
            The attribute has values of another type.

        Examples
        --------
        >>> from fastw2v import KeyedVectors
        >>> wv = KeyedVectors(["a", "b"], [[1.0, 2.0], [3.0, 4.0]])
        >>> wv.set_vecattr("b", "colour", "red")
        >>> wv.get_vecattr("b", "colour")
        'red'
        """
        row = self.get_index(key)
        self.allocate_vecattrs([attr], [type(val)])
        self._own(attr)[row] = val

    def get_vecattr(self, key: Key, attr: str) -> Any:  # noqa: ANN401
        """Attribute of a key: "count", or what `set_vecattr` has set. KeyError for an unknown key or attribute.

        Of a model with hierarchical softmax also "code", the decisions that lead to the word in the tree (uint8), and
        "point", the rows of ``model.syn1`` that make them (uint32).
        """
        if attr in _OF_PATH and self.tree is not None:
            return self.tree.path(self.get_index(key))[_OF_PATH.index(attr)]
        if attr not in self.expandos:
            there = (
                f"only {', '.join(map(repr, self.expandos))}"
                if self.expandos
                else "no counts (word2vec files have none)"
            )
            raise KeyError(f"no attribute {attr!r}: these vectors have {there}")
        value = self.expandos[attr][self.get_index(key)]
        return int(value) if isinstance(value, np.integer) else value

    def allocate_vecattrs(self, attrs: Sequence[str] | None = None, types: Sequence[type] | None = None) -> None:
        """Make arrays for attributes, zeros at first, or bring those that exist to the number of keys.

        Parameters
        ----------
        attrs, types : sequences of str and of type, optional
            Names and types; str, and others that arrays have no type for, are kept as objects.

        Raises
        ------
        TypeError
            An attribute has values of another type.
        """
        if attrs is None:
            self._allocate({})
        else:
            self._allocate(dict(zip(attrs, types or ())))

    def _allocate(self, kinds: Mapping[str, type]) -> None:
        for name, kind in kinds.items():
            dtype = np.dtype(np.int64 if kind is int else object if kind is str else kind)
            there = self.expandos.setdefault(name, np.zeros(len(self.index_to_key), dtype))
            if not np.can_cast(dtype, there.dtype, "same_kind"):
                raise TypeError(f"attribute {name!r} has values of type {there.dtype}; expected no {dtype}")
        for name, values in self.expandos.items():
            if len(values) != len(self.index_to_key):
                self.expandos[name] = self._resized(name, values, len(self.index_to_key))
                self._own_attributes = {**self._own_attributes, name: self.expandos[name]}

    def _resized(self, name: str, values: Array, n_rows: int) -> Array:
        """Return the values of an attribute for another number of rows, 0 for new ones; the room for them doubles."""
        if n_rows < len(values):
            return values[:n_rows].copy()
        room = self._attribute_rooms.get(name)
        if room is None or values.base is not room or n_rows > len(room):
            room = np.zeros(max(2 * len(values), n_rows, 8), values.dtype)
            room[: len(values)] = values
            self._attribute_rooms = {**self._attribute_rooms, name: room}
        return room[:n_rows]

    def _own(self, attr: str) -> Array:
        """Return the array of an attribute to write to; a copy of it at first, since the caller may hold it."""
        if self._own_attributes.get(attr) is not self.expandos[attr]:
            self.expandos[attr] = self.expandos[attr].copy()
            self._own_attributes = {**self._own_attributes, attr: self.expandos[attr]}
        return self.expandos[attr]

    def sort_by_descending_frequency(self) -> None:
        """Sort the rows by falling count, stably; KeyError without counts."""
        if self.counts is None:
            raise KeyError('no counts to sort by; set them, wv.counts = array or wv.set_vecattr(key, "count", n)')
        self._reorder(np.argsort(-self.counts, kind="stable"))

    def _reorder(self, order: RowArray) -> None:
        """Put the rows into this order, with their keys and attributes."""
        self.index_to_key = [self.index_to_key[row] for row in order]
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self._set_matrix(self._vectors[order])
        self.expandos = {name: values[order] for name, values in self.expandos.items()}
        self.tree = None if self.tree is None else self.tree.in_order(order)
        self._note_change()

    def unit_normalize_all(self) -> None:
        """Scale every vector to unit length, in place. The lengths are lost, and training should not go on."""
        self._check_writable()
        self._vectors /= row_norms(self._vectors)[:, None]
        self.norms = None
        self.n_edits += 1

    def _check_writable(self) -> None:
        if not self._vectors.flags.writeable:
            raise ValueError(
                "these vectors are mapped read-only from their file; load it with mmap='c', or without mmap"
            )

    def _checked_new(self, keys: Sequence[Key]) -> list[Any]:
        """Return keys as plain str or int; TypeError if they do not go with those that are there."""
        plain = [_plain(key) for key in checked_keys(list(keys))]
        there = next((key for key in self.index_to_key if key is not None), plain[0])
        if isinstance(there, str) != isinstance(plain[0], str):
            kind = "words" if isinstance(there, str) else "integers"
            raise TypeError(f"key {plain[0]!r} is a {type(plain[0]).__name__}; the keys of these vectors are {kind}")
        return plain

    def _grow(self, n_new: int) -> int:
        """Make room for more rows after the last; return the first of them. The room doubles, so few calls copy."""
        n_rows = len(self._vectors)
        room: Array | None = self._room
        if room is None or self._vectors.base is not room or n_rows + n_new > len(room):
            room = np.empty((max(2 * n_rows, n_rows + n_new, 8), self.vector_size), self._vectors.dtype)
            room[:n_rows] = self._vectors
            self._room = room
            self._set_matrix(room)
        self._vectors = room[: n_rows + n_new]
        return n_rows

    def _note_change(self) -> None:
        self.norms = None
        self.n_edits += 1
        self.n_row_changes += 1


def _plain(key: Key) -> str | int:
    """Return a key of NumPy as Python's."""
    return str(key) if isinstance(key, str) else int(key)
