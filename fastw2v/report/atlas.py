"""The words on a map: which ones, where, and which of them are labelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fastw2v.keyedvectors import KeyedVectors
from fastw2v.report.labels import moved_inside, place_labels, shortened
from fastw2v.report.projection import Projection, project
from fastw2v.report.words import by_frequency, rows_of, shown
from fastw2v.runtime.arrays import Array, RowArray
from fastw2v.vectors.key_table import Key

DEFAULT_TOP = 1000
_MOST = 20_000
_MARGIN = 0.04  # of the longer side
_LEAST_HEIGHT = 0.5  # of the width


@dataclass(frozen=True)
class Atlas:
    """Words on a map.

    Attributes
    ----------
    rows : intp[n]
        The most frequent words first, then chosen ones that are not among them.
    names : list of str
        Words as they are shown.
    is_chosen : bool[n]
    projection : Projection
    """

    rows: RowArray
    names: list[str]
    is_chosen: Array
    projection: Projection

    def fitted(self, width: float) -> tuple[Array, float]:
        """Return the places on an area of this width, y downwards, float64[n, 2], and the height of the area.

        A step is as long in each direction.
        """
        places = self.projection.places * (1, -1)
        low, extent = places.min(axis=0), np.ptp(places, axis=0)
        inner = width * (1 - 2 * _MARGIN)
        height = min(max(extent[1] / max(extent[0], 1e-12), _LEAST_HEIGHT), 1.0) * inner
        scale = min(inner / max(extent[0], 1e-12), height / max(extent[1], 1e-12))
        space = (np.array([inner, height]) - extent * scale) / 2
        return (places - low) * scale + space + _MARGIN * width, height + 2 * _MARGIN * width

    def label_places(self, places: Array, width: float, font_size: float) -> Array:
        """Return the middles of the words' labels, float64[n, 2]; see `moved_inside`."""
        return moved_inside(places, [shortened(name) for name in self.names], font_size, width=width)

    def labelled(
        self, places: Array, size: tuple[float, float], font_size: float, *, taken: Iterable[int] = ()
    ) -> list[int]:
        """Return the words that have room for a label: the chosen ones first, then the most frequent."""
        texts = [shortened(name) for name in self.names]
        order = np.argsort(~self.is_chosen, kind="stable").tolist()
        taken = list(taken)
        others = [i for i in order if i not in set(taken)]
        return place_labels(places, texts, others, font_size=font_size, size=size, taken=taken)


def check_top(top: int) -> None:
    """Raise ValueError if the number of words is out of range."""
    if not isinstance(top, int | np.integer) or not 1 <= top <= _MOST:
        raise ValueError(f"top is {top!r}; expected a whole number from 1 to {_MOST:,}: how many words the map shows")


def atlas_of(vectors: KeyedVectors, words: Iterable[Key], *, top: int, method: str) -> Atlas:
    """Return the map of the `top` most frequent words, and of chosen ones.

    Raises
    ------
    KeyError
        A chosen word has no vector.
    ValueError
        No vector is finite, or a chosen one is not.
    """
    chosen, ordered = rows_of(vectors, words), by_frequency(vectors)
    if len(ordered) == 0:
        raise ValueError("no vector has finite numbers alone, so there is nothing to draw; train again")
    for row in chosen[~np.isin(chosen, ordered)]:
        name = vectors.index_to_key[row]
        raise ValueError(f"the vector of {name!r} has numbers that are not finite; leave the word out")
    frequent = ordered[:top]
    rows = np.concatenate([frequent, chosen[~np.isin(chosen, frequent)]])
    names = [shown(vectors.index_to_key[row]) for row in rows]
    return Atlas(rows, names, np.isin(rows, chosen), project(vectors, rows, method))
