"""Two dimensions of many: principal components by NumPy, or t-SNE by scikit-learn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.arrays import Array, RowArray
from fastw2v.runtime.packages import optional_module
from fastw2v.vectors.search import unit_rows

METHODS = ("pca", "tsne")
_PERPLEXITY = 30


class Projection(NamedTuple):
    """Places of words on a plane.

    Attributes
    ----------
    places : float64[n, 2]
    about : str
        How they were found, in words.
    """

    places: Array
    about: str


def check_method(method: str) -> None:
    """Raise ValueError for an unknown method, ImportError if its package is not installed."""
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(METHODS)}")
    if method == "tsne":
        _tsne_class()


def project(vectors: KeyedVectors, rows: RowArray, method: str) -> Projection:
    """Project some words to a plane, by the directions of their vectors.

    Parameters
    ----------
    vectors : KeyedVectors
    rows : intp[n]
        Rows whose numbers are finite.
    method : str
        "pca": the two principal components of the unit vectors. "tsne": t-SNE by cosine, which keeps near words near.

    Returns
    -------
    Projection
        The same for the same input.
    """
    check_method(method)
    units = unit_rows(vectors.vectors[rows].astype(np.float64))
    return _tsne(units) if method == "tsne" else _pca(units)


def _pca(units: Array) -> Projection:
    centred = units - units.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred)
    plane = axes[:, ::-1][:, :2]
    largest = np.abs(plane).argmax(axis=0)
    plane = plane * np.where(plane[largest, np.arange(plane.shape[1])] < 0, -1.0, 1.0)  # the sign is arbitrary
    places = np.zeros((len(units), 2))
    places[:, : plane.shape[1]] = centred @ plane
    share = variances[::-1][:2].sum() / max(variances.sum(), np.finfo(float).tiny)
    return Projection(
        places,
        f"the first two principal components of the unit vectors, which hold {100 * share:.0f} % of the variance",
    )


def _tsne(units: Array) -> Projection:
    perplexity = min(_PERPLEXITY, max(1.0, (len(units) - 1) / 3))
    if len(units) < 4:
        return _pca(units)
    start = _pca(units).places
    start = start / max(start[:, 0].std(), np.finfo(float).tiny) * 1e-4  # as scikit-learn scales its own
    chosen = {"metric": "cosine", "init": start, "perplexity": perplexity, "random_state": 0}
    places = _tsne_class()(2, **chosen).fit_transform(units)
    about = f"t-SNE by cosine, perplexity {perplexity:.0f}, begun from the principal components"
    return Projection(np.asarray(places, np.float64), about)


def _tsne_class() -> Any:  # noqa: ANN401 - scikit-learn has no types
    return optional_module("sklearn.manifold", package="scikit-learn", purpose='A map with method "tsne"').TSNE
