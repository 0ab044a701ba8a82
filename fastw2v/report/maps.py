"""A map of the words: a picture by Matplotlib, or an HTML page with search."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from fastw2v.report.atlas import DEFAULT_TOP, Atlas, atlas_of, check_top
from fastw2v.report.labels import shortened
from fastw2v.report.page import write_map_page
from fastw2v.report.projection import check_method
from fastw2v.report.source import Reported, source_of
from fastw2v.runtime.files import writable_target
from fastw2v.runtime.pictures import check_picture, figure_class, write_picture
from fastw2v.vectors.key_table import Key

logger = logging.getLogger("fastw2v")
_PURPOSE = "A picture of the map"
_HTML = (".html", ".htm")
_WIDTH_POINTS, _FONT_POINTS = 720.0, 8.0
_TITLE_POINTS = 30.0


def write_map(
    model: Reported,
    path: str | PathLike[str],
    *,
    words: Iterable[Key] = (),
    top: int = DEFAULT_TOP,
    method: str = "pca",
) -> None:
    """Draw a map of the most frequent words, on which near words have similar vectors.

    Parameters
    ----------
    model : Word2Vec, KeyedVectors, or the path of a file of either
    path : path
        Ending in .png, .svg or .pdf, which Matplotlib draws, or in .html: a page that needs nothing, with search.
    words : iterable of keys
        Words to mark, whatever their frequency.
    top : int
        How many of the most frequent words, from 1 to 20,000. Without counts, the first rows.
    method : str
        "pca", or "tsne", which needs scikit-learn.

    Raises
    ------
    ImportError
        A package is not installed.
    KeyError, ValueError
        A word has no vector; or an argument is out of range; or the file is damaged.
    OSError
        A file cannot be read or written.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> from fastw2v.report import write_map
    >>> wv = KeyedVectors(["king", "queen", "man", "woman"], [[1, 2], [2, 1], [0, 1], [1, 0]])
    >>> write_map(wv, "map.html", words=["king"])
    """
    check_top(top)
    check_method(method)
    is_page = Path(path).suffix.lower() in _HTML
    if is_page:
        writable_target(path)
    else:
        check_picture(path, _PURPOSE)
    source = source_of(model)
    atlas = atlas_of(source.vectors, words, top=top, method=method)
    if is_page:
        write_map_page(source, atlas, path)
    else:
        with _missing_letters_logged(path):
            write_picture(_figure(atlas, source.name), path)


def _figure(atlas: Atlas, name: str) -> Any:  # noqa: ANN401 - Matplotlib is optional
    places, height = atlas.fitted(_WIDTH_POINTS)
    figure = figure_class(_PURPOSE)(figsize=(_WIDTH_POINTS / 72, (height + _TITLE_POINTS) / 72))
    axes = figure.add_axes((0, 0, 1, height / (height + _TITLE_POINTS)))
    axes.set(xlim=(0, _WIDTH_POINTS), ylim=(height, 0))
    axes.set_axis_off()
    title = f"{name}: {len(atlas.rows):,} words; {atlas.projection.about}"
    figure.text(0.02, 1 - 18 / (height + _TITLE_POINTS), title, fontsize=9, color="#555", parse_math=False)
    label_places = atlas.label_places(places, _WIDTH_POINTS, _FONT_POINTS)
    labelled = atlas.labelled(label_places, (_WIDTH_POINTS, height), _FONT_POINTS)
    axes.scatter(*places.T, s=5, color="#9aa3ab", linewidths=0)
    axes.scatter(*places[labelled].T, s=9, color="#0b6e72", linewidths=0)
    for i in labelled:
        look = {"fontweight": "bold", "color": "#0b6e72"} if atlas.is_chosen[i] else {"color": "#1c1d1f"}
        x, y = label_places[i]
        text = shortened(atlas.names[i])
        axes.text(x, y - 2.5, text, fontsize=_FONT_POINTS, ha="center", va="bottom", parse_math=False, **look)
    return figure


@contextmanager
def _missing_letters_logged(path: str | PathLike[str]) -> Iterator[None]:
    """Say in one line which letters Matplotlib's font lacks, in place of a warning for each."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    missing = set()
    for warning in found:
        letter = re.match(r"Glyph (\d+) .* missing from", str(warning.message))
        if letter is None:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        else:
            missing.add(int(letter[1]))
    if missing:
        some = ", ".join(f"U+{code:04X}" for code in sorted(missing)[:8])
        logger.warning(
            "%s: the font lacks %d letters (%s%s), drawn as boxes; a map in .html has them",
            path,
            len(missing),
            some,
            ", ..." if len(missing) > 8 else "",
        )
