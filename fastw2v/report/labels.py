"""Labels of points that do not cover one another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from fastw2v.runtime.arrays import Array

_LETTER_WIDTH, _WIDE_LETTER_WIDTH, _HEIGHT = 0.58, 1.05, 1.15  # in font sizes
_LONGEST = 20  # letters of a label


class Box(NamedTuple):
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two have a point in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def shortened(text: str) -> str:
    """Return a text cut to the length of a label."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def text_width(text: str, font_size: float) -> float:
    """Return about how wide a text is, in the unit of the font size."""
    n_wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return font_size * (_LETTER_WIDTH * (len(text) - n_wide) + _WIDE_LETTER_WIDTH * n_wide)


def moved_inside(places: Array, texts: Sequence[str], font_size: float, *, width: float) -> Array:
    """Return the middles of labels, float64[n, 2]: those of points near the left or right edge move inside."""
    half = np.array([text_width(text, font_size) / 2 for text in texts])
    return np.stack([np.maximum(np.minimum(places[:, 0], width - half), half), places[:, 1]], axis=1)


def place_labels(
    places: Array,
    texts: Sequence[str],
    candidates: Iterable[int],
    *,
    font_size: float,
    size: tuple[float, float],
    taken: Iterable[int] = (),
) -> list[int]:
    """Choose points whose labels, centred above them, cover no other label.

    Parameters
    ----------
    places : float64[n, 2]
        Points, y downwards, in the unit of the font size.
    texts : sequence of str
        Label of each point.
    candidates : iterable of int
        Points, the most important first.
    font_size : float
    size : (width, height)
        Of the area that labels may not leave.
    taken : iterable of int
        Points that have labels already.

    Returns
    -------
    list of int
        The chosen points, without those of `taken`.
    """
    boxes = [_box(places[i], texts[i], font_size) for i in taken]
    chosen = []
    for i in candidates:
        box = _box(places[i], texts[i], font_size)
        is_inside = box.left >= 0 and box.top >= 0 and box.right <= size[0] and box.bottom <= size[1]
        if is_inside and not any(map(box.overlaps, boxes)):
            boxes.append(box)
            chosen.append(i)
    return chosen


def _box(place: Array, text: str, font_size: float) -> Box:
    x, y = float(place[0]), float(place[1])
    half = text_width(text, font_size) / 2
    return Box(x - half, y - _HEIGHT * font_size, x + half, y + 0.15 * font_size)
