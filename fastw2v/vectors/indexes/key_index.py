"""KeyIndex: approximate nearest neighbours by usearch, hnswlib or faiss, asked by key or vector, answered with keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.runtime.files import atomic_write, existing_file
from fastw2v.vectors.indexes.libraries import LIBRARIES, METRICS, Library, Shape, module_of
from fastw2v.vectors.key_table import KEY_TYPES, Key, KeyTable, keys_to_save
from fastw2v.vectors.search import unit_rows
from fastw2v.vocab import Vocab

_CHUNK_ROWS = 1 << 16  # that are copied to add them
_DTYPES = {"usearch": ("float32", "float16", "int8"), "hnswlib": ("float32",), "faiss": ("float32",)}


class KeyIndex:
    """An index of vectors whose answers are keys; made by `KeyedVectors.to_index`, or by `KeyIndex.load`.

    In the library's own file, which other programs can read, the label of a vector is its integer key; or, if the keys
    are words, its row, and the words are in a file of their own.

    Attributes
    ----------
    library : str
    metric : str
    index
        The library's own index, for its other options.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> wv = KeyedVectors(["a", "b", "c"], [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> index = wv.to_index("usearch")  # doctest: +SKIP
    >>> [(key, round(score, 2)) for key, score in index.search("a", k=1)]  # doctest: +SKIP
    [('b', 0.99)]
    """

    def __init__(self, library: str, engine: Library, shape: Shape, keys: list[str] | None) -> None:
        self.library, self.metric, self._engine, self._shape = library, shape.metric, engine, shape
        self._keys = keys
        self._label_of: dict[str, int] | None = None

    @property
    def index(self) -> Any:  # noqa: ANN401 - of the library
        """The library's own index."""
        return self._engine._index  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"KeyIndex<{self.library}, {len(self)} keys, {self._shape.dim} dimensions, metric={self.metric!r}>"

    def __len__(self) -> int:
        return self._shape.n_rows

    @classmethod
    def build(
        cls,
        kv: KeyTable,
        library: str = "usearch",
        *,
        metric: str = "cos",
        dtype: str = "float32",
        connectivity: int = 16,
        expansion_add: int = 128,
    ) -> KeyIndex:
        """Make an index of vectors; `KeyedVectors.to_index` documents the arguments and errors."""
        _check_options(library, metric, dtype)
        if len(kv) == 0:
            raise ValueError("there are no keys, and an index needs at least one; add some with add_vectors")
        shape = Shape(kv.vector_size, len(kv), metric, dtype, connectivity, expansion_add)
        labels, words = _labels(kv)
        engine = LIBRARIES[library].new(shape)
        for start in range(0, len(kv), _CHUNK_ROWS):
            chunk = np.ascontiguousarray(kv.matrix[start : start + _CHUNK_ROWS], np.float32)
            if not np.isfinite(chunk).all():
                bad = start + int(np.flatnonzero(~np.isfinite(chunk).all(axis=1))[0])
                raise ValueError(f"the vector of {kv.index_to_key[bad]!r} is not finite; leave it out of the index")
            vectors = unit_rows(chunk) if metric == "cos" else chunk
            engine.add(labels[start : start + len(chunk)], vectors)
        return cls(library, engine, shape, words)

    def search(self, query: Key | npt.ArrayLike, k: int = 10, *, expansion_search: int = 64) -> list[tuple[Any, float]]:
        """Find about the k nearest keys to a key or a vector.

        Parameters
        ----------
        query : key, or float32[dim]
            A key is not its own neighbour.
        k : int
        expansion_search : int
            Nodes of the graph that are looked at (efSearch); more find more of the true neighbours, and take longer.

        Returns
        -------
        list of (key, float)
            The nearest first: with the cosine for the metric "cos", the dot product for "ip", and the square of the
            distance for "l2".

        Raises
        ------
        KeyError
            The key is not in the index.
        ValueError
            The vector is not of shape (dim,).
        """
        if not isinstance(query, KEY_TYPES):
            vector = np.asarray(query, np.float32)
            if vector.shape != (self._shape.dim,):
                raise ValueError(f"query has shape {vector.shape}; expected a key, or {self._shape.dim} numbers")
            return self.search_batch(vector[None], k, expansion_search=expansion_search)[0]
        found = self._find(self._vector(query)[None], k + 1, expansion_search=expansion_search)[0]
        return [(key, score) for key, score in found if key != query][:k]

    def search_batch(
        self, queries: Sequence[Sequence[float]] | Array, k: int = 10, *, expansion_search: int = 64
    ) -> list[list[tuple[Any, float]]]:
        """Find about the k nearest keys to each of some vectors, float32[n_queries, dim]; otherwise as `search`."""
        vectors = np.ascontiguousarray(queries, np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self._shape.dim:
            raise ValueError(f"queries has shape {vectors.shape}; expected (n_queries, {self._shape.dim})")
        return self._find(vectors, k, expansion_search=expansion_search)

    def most_similar(self, vector: FloatArray, num_neighbors: int) -> list[tuple[Any, float]]:
        """Do what `search` does, so that the index can be given to `KeyedVectors.most_similar(indexer=)`."""
        return self.search(vector, num_neighbors)

    def _find(self, vectors: FloatArray, k: int, *, expansion_search: int) -> list[list[tuple[Any, float]]]:
        k = min(k, len(self))
        if k < 1:
            return [[] for _ in vectors]
        queries = unit_rows(vectors) if self.metric == "cos" else vectors
        labels, distances = self._engine.search(queries, k, expansion_search)
        scores = distances if self.metric == "l2" else 1 - distances
        found = (zip(*pair) for pair in zip(labels.tolist(), scores.tolist()))
        return [[(self._key(label), score) for label, score in line if label >= 0] for line in found]

    def _key(self, label: int) -> str | int:
        return label if self._keys is None else self._keys[label]

    def _label(self, key: Key) -> int:
        if self._keys is None:
            return -1 if isinstance(key, str) else int(key)
        if self._label_of is None:
            self._label_of = {word: row for row, word in enumerate(self._keys)}
        return self._label_of.get(key, -1) if isinstance(key, str) else -1

    def _vector(self, key: Key) -> FloatArray:
        label = self._label(key)
        try:
            vector = self._engine.vector(label) if label >= 0 else None
        except (RuntimeError, KeyError, TypeError):
            vector = None
        if vector is None or vector.shape != (self._shape.dim,):
            kind = "integers" if self._keys is None else "words"
            raise KeyError(f"{key!r} is not among the {len(self)} keys of the index, which are {kind}")
        return vector

    def save(self, path: str | PathLike[str]) -> None:
        """Write the index in the library's own format, and what else `load` needs to a file with ".keys.json" added.

        That file has the library, the metric, and the words in the order of their labels; null for integer keys.
        """
        content = {"library": self.library, **vars(self._shape), "keys": self._keys}
        with atomic_write(path) as draft:
            with atomic_write(f"{path}.keys.json") as keys_draft:
                text = json.dumps(content, ensure_ascii=False)
                keys_draft.write_bytes(text.encode("utf-8", "backslashreplace"))
            self._engine.save(str(draft))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> KeyIndex:
        """Read what `save` wrote.

        Raises
        ------
        FileNotFoundError
            One of the two files is missing.
        ValueError
            One of the files is damaged.
        ImportError
            The library is not installed.
        """
        keys_file = existing_file(f"{path}.keys.json")
        try:
            content = json.loads(keys_file.read_bytes())
            library, keys = content.pop("library"), content.pop("keys")
            shape = Shape(**content)
            _check_options(library, shape.metric, shape.dtype)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{keys_file} is damaged ({error}); save the index again") from error
        module_of(library)
        try:
            engine = LIBRARIES[library].load(str(existing_file(path)), shape)
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{path} is no index of {library}, or damaged ({error}); save it again") from error
        return cls(library, engine, shape, keys)


def _check_options(library: str, metric: str, dtype: str) -> None:
    for name, value, known in (("library", library, LIBRARIES), ("metric", metric, METRICS)):
        if value not in known:
            raise ValueError(f"{name} is {value!r}; expected one of {', '.join(known)}")
    if dtype not in _DTYPES[library]:
        raise ValueError(f"{library} stores {' or '.join(_DTYPES[library])}, not dtype={dtype!r}; usearch stores more")
    if dtype == "int8" and metric != "cos":
        raise ValueError(f"int8 holds vectors of unit length alone, and metric={metric!r} has others; use float16")


def _labels(kv: KeyTable) -> tuple[Array, list[str] | None]:
    """Return the labels, int64[n_vocab], and the words in the order of the labels, if keys are words."""
    keys = keys_to_save(kv)
    if not kv.is_integer:
        return np.arange(len(kv)), list(keys.keys if isinstance(keys, Vocab) else keys)
    ids = np.array(keys.ids if isinstance(keys, Vocab) else keys, np.int64)
    if len(ids) and ids.min() < 0:
        raise ValueError(f"the key {ids.min()} is negative, which no index takes as a label; use keys from 0 on")
    return ids, None
