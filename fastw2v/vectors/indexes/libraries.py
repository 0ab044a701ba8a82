"""What an index of each library does: take labelled vectors, search, give a vector back, save and load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.runtime.packages import optional_module

METRICS = ("cos", "ip", "l2")
PACKAGES = {"usearch": "usearch", "hnswlib": "hnswlib", "faiss": "faiss-cpu"}  # the package of each module


@dataclass(frozen=True)
class Shape:
    """What an index is made for.

    Parameters
    ----------
    dim, n_rows : int
    metric : "cos", "ip" or "l2"
    dtype : "float32", "float16" or "int8"
        In which the index stores the vectors.
    connectivity : int
        Edges of a node of the graph (M).
    expansion_add : int
        Nodes that are looked at when one is added (efConstruction).
    """

    dim: int
    n_rows: int
    metric: str
    dtype: str
    connectivity: int
    expansion_add: int


class Library(Protocol):
    """An index of some library, of labels (int64) and vectors."""

    def add(self, labels: Array, vectors: FloatArray) -> None:
        """Add vectors, float32[n, dim], of unit length if the metric is "cos"."""
        ...

    def search(self, queries: FloatArray, k: int, expansion: int) -> tuple[Array, FloatArray]:
        """Return the labels and the distances of the k nearest of each query; labels below 0 are none."""
        ...

    def vector(self, label: int) -> FloatArray:
        """Return the vector of a label, as the index has it."""
        ...

    def save(self, path: str) -> None:
        """Write the index in the library's own format."""
        ...


def module_of(name: str) -> Any:  # noqa: ANN401 - modules without types
    """Return a library's module; ImportError, with the cure, if it is not installed."""
    package = PACKAGES[name.partition(".")[0]]
    return optional_module(name, package=package, purpose=f"an index of {package}")


class Usearch:
    """An index of usearch; the distances are 1 - cosine, 1 - dot product, or the square of Euclid's."""

    def __init__(self, index: Any) -> None:  # noqa: ANN401
        self._index = index

    @classmethod
    def new(cls, shape: Shape) -> Usearch:
        """Make an empty index."""
        index = module_of("usearch.index").Index(
            ndim=shape.dim,
            metric={"cos": "cos", "ip": "ip", "l2": "l2sq"}[shape.metric],
            dtype=shape.dtype,
            connectivity=shape.connectivity,
            expansion_add=shape.expansion_add,
        )
        return cls(index)

    @classmethod
    def load(cls, path: str, shape: Shape) -> Usearch:
        """Read an index."""
        index = module_of("usearch.index").Index.restore(path)
        if index is None or index.ndim != shape.dim:
            raise ValueError(f"expected vectors of {shape.dim} numbers")
        return cls(index)

    def add(self, labels: Array, vectors: FloatArray) -> None:
        """Add vectors, on all cores."""
        self._index.add(labels.astype(np.uint64), vectors)

    def search(self, queries: FloatArray, k: int, expansion: int) -> tuple[Array, FloatArray]:
        """Return labels and distances."""
        self._index.expansion_search = max(expansion, k)
        found = self._index.search(queries, k)
        labels = np.asarray(found.keys).reshape(len(queries), -1).astype(np.int64)
        distances = np.asarray(found.distances).reshape(labels.shape)
        if hasattr(found, "counts"):
            labels[np.arange(labels.shape[1]) >= np.asarray(found.counts)[:, None]] = -1
        return labels, distances

    def vector(self, label: int) -> FloatArray:
        """Return the vector of a label; of int8, in steps."""
        return np.asarray(self._index.get(label), np.float32).ravel()

    def save(self, path: str) -> None:
        """Write usearch's own format."""
        self._index.save(path)


class Hnswlib:
    """An index of hnswlib, of float32; the distances are as usearch's."""

    def __init__(self, index: Any) -> None:  # noqa: ANN401
        self._index = index

    @classmethod
    def _empty(cls, shape: Shape) -> Any:  # noqa: ANN401
        space = {"cos": "cosine", "ip": "ip", "l2": "l2"}[shape.metric]
        return module_of("hnswlib").Index(space, shape.dim)

    @classmethod
    def new(cls, shape: Shape) -> Hnswlib:
        """Make an empty index."""
        index = cls._empty(shape)
        index.init_index(shape.n_rows, ef_construction=shape.expansion_add, M=shape.connectivity, random_seed=1)
        return cls(index)

    @classmethod
    def load(cls, path: str, shape: Shape) -> Hnswlib:
        """Read an index."""
        index = cls._empty(shape)
        index.load_index(path, max_elements=shape.n_rows)
        return cls(index)

    def add(self, labels: Array, vectors: FloatArray) -> None:
        """Add vectors, on all cores."""
        self._index.add_items(vectors, labels)

    def search(self, queries: FloatArray, k: int, expansion: int) -> tuple[Array, FloatArray]:
        """Return labels and distances."""
        self._index.set_ef(max(expansion, k))
        labels, distances = self._index.knn_query(queries, k)
        return labels.astype(np.int64), distances

    def vector(self, label: int) -> FloatArray:
        """Return the vector of a label."""
        return np.asarray(self._index.get_items([label]), np.float32).ravel()

    def save(self, path: str) -> None:
        """Write hnswlib's own format."""
        self._index.save_index(path)


class Faiss:
    """An IndexHNSW of faiss within an IndexIDMap2; here too the distances are made those of usearch."""

    def __init__(self, index: Any, shape: Shape) -> None:  # noqa: ANN401
        self._index, self._is_l2 = index, shape.metric == "l2"

    @classmethod
    def new(cls, shape: Shape) -> Faiss:
        """Make an empty index."""
        faiss = module_of("faiss")
        metric = faiss.METRIC_L2 if shape.metric == "l2" else faiss.METRIC_INNER_PRODUCT
        graph = faiss.IndexHNSWFlat(shape.dim, shape.connectivity, metric)
        graph.hnsw.efConstruction = shape.expansion_add
        index = faiss.IndexIDMap2(graph)
        return cls(index, shape)

    @classmethod
    def load(cls, path: str, shape: Shape) -> Faiss:
        """Read an index."""
        return cls(module_of("faiss").read_index(path), shape)

    def add(self, labels: Array, vectors: FloatArray) -> None:
        """Add vectors, on all cores."""
        self._index.add_with_ids(vectors, labels)

    def search(self, queries: FloatArray, k: int, expansion: int) -> tuple[Array, FloatArray]:
        """Return labels and distances."""
        faiss = module_of("faiss")
        faiss.downcast_index(self._index.index).hnsw.efSearch = max(expansion, k)
        scores, labels = self._index.search(queries, k)
        return labels, scores if self._is_l2 else 1 - scores

    def vector(self, label: int) -> FloatArray:
        """Return the vector of a label."""
        return np.asarray(self._index.reconstruct(label))

    def save(self, path: str) -> None:
        """Write faiss's own format."""
        module_of("faiss").write_index(self._index, path)


LIBRARIES: dict[str, Any] = {"usearch": Usearch, "hnswlib": Hnswlib, "faiss": Faiss}
