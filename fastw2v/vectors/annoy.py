"""AnnoyIndexer: approximate neighbours by Annoy's trees, for `most_similar(indexer=)`, with gensim's interface."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v.runtime.arrays import FloatArray
from fastw2v.runtime.files import atomic_write, existing_file


class AnnoyIndexer:
    """An index of the unit vectors of a model, or of KeyedVectors, in Annoy's trees.

    Parameters
    ----------
    model : Word2Vec or KeyedVectors, optional
        Without it, call `load`.
    num_trees : int, optional
        More trees find more of the true neighbours, and take more memory and time.

    Raises
    ------
    ImportError
        Annoy is not installed.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> from fastw2v.vectors.annoy import AnnoyIndexer
    >>> wv = KeyedVectors(["a", "b"], [[1.0, 0.0], [0.9, 0.1]])
    >>> found = wv.most_similar("a", topn=2, indexer=AnnoyIndexer(wv, 5))  # doctest: +SKIP
    >>> [(key, round(score, 2)) for key, score in found]  # doctest: +SKIP
    [('a', 1.0), ('b', 0.99)]
    """

    def __init__(self, model: Any = None, num_trees: int | None = None) -> None:  # noqa: ANN401 - a model has vectors
        self.model, self.num_trees = model, num_trees
        self.index: Any = None
        self.labels: list[Any] = []
        if model is not None and num_trees is not None:
            self._build(getattr(model, "wv", model), num_trees)
        elif model is not None:
            raise ValueError("num_trees is missing; expected how many trees to build, such as 100")

    def _build(self, wv: Any, num_trees: int) -> None:  # noqa: ANN401
        self.index = _new_index(wv.vector_size)
        for row, vector in enumerate(wv.get_normed_vectors()):
            self.index.add_item(row, vector)
        self.index.build(num_trees)
        self.labels = wv.index_to_key

    def most_similar(self, vector: FloatArray, num_neighbors: int) -> list[tuple[Any, float]]:
        """Find about the nearest keys to a vector, float32[dim]; (key, cosine) of each, the nearest first."""
        if self.index is None:
            raise RuntimeError("there is no index yet; pass a model and num_trees, or call load")
        rows, distances = self.index.get_nns_by_vector(np.asarray(vector), num_neighbors, include_distances=True)
        return [(self.labels[row], 1 - distance**2 / 2) for row, distance in zip(rows, distances)]

    def save(self, fname: str | PathLike[str], protocol: int = 4) -> None:
        """Write the index to a file, and its keys to another, with ".keys" after the name; `protocol` has no effect."""
        if self.index is None:
            raise RuntimeError("there is no index yet; pass a model and num_trees")
        self.index.save(str(fname))
        content = {"dim": self.index.f, "num_trees": self.num_trees, "keys": self.labels}
        with atomic_write(f"{fname}.keys") as draft:
            draft.write_text(json.dumps(content), encoding="ascii")

    def load(self, fname: str | PathLike[str]) -> None:
        """Read what `save` wrote; FileNotFoundError if there is no such file."""
        content = json.loads(existing_file(f"{fname}.keys").read_text(encoding="ascii"))
        self.index = _new_index(content["dim"])
        self.index.load(str(Path(existing_file(fname))))
        self.num_trees, self.labels = content["num_trees"], content["keys"]


def _new_index(dim: int) -> Any:  # noqa: ANN401 - Annoy has no types
    try:
        from annoy import AnnoyIndex
    except ImportError as error:
        raise ImportError("AnnoyIndexer needs Annoy; install it with: pip install annoy") from error
    return AnnoyIndex(dim, metric="angular")
