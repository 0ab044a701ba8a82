"""A report as one HTML file that needs nothing else: no network, no font, no library."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from importlib import import_module, resources
from os import PathLike
from string import Template
from typing import Any

import numpy as np

from fastw2v.report import sections
from fastw2v.report.atlas import DEFAULT_TOP, Atlas, atlas_of, check_top
from fastw2v.report.history import History, history_of_report, read_log
from fastw2v.report.projection import check_method
from fastw2v.report.scores import scores
from fastw2v.report.source import Reported, Source, source_of
from fastw2v.report.words import by_frequency, shown, telling_rows
from fastw2v.runtime.arrays import RowArray
from fastw2v.runtime.files import atomic_write, existing_file, writable_target
from fastw2v.runtime.json_text import json_text
from fastw2v.vectors.key_table import Key

Files = Sequence[str | PathLike[str]]
_TOPN = 8
_NO_FILES = (
    "No file to score on was given: fastw2v report --pairs FILE --analogies FILE, or put wordsim353.tsv, simlex999.txt "
    "and questions-words.txt into a folder and set FASTW2V_DATA_DIR to it."
)


def write_report(
    model: Reported,
    path: str | PathLike[str],
    *,
    words: Iterable[Key] = (),
    top: int = DEFAULT_TOP,
    method: str = "pca",
    pairs: Files = (),
    analogies: Files = (),
    log: str | PathLike[str] | None = None,
) -> None:
    """Write what is known of a model, or of vectors, as one HTML page.

    The page shows the neighbours of words, a map with search, scores, the course of the training, frequency against
    length of the vectors, and settings. It needs no network, and follows the light or dark scheme of the reader.

    Parameters
    ----------
    model : Word2Vec, KeyedVectors, or the path of a file of either
        A file of `Word2Vec.save`, or a checkpoint, also tells settings, loss and speed.
    path : path
    words : iterable of keys
        Words to show the neighbours of, before those that the report chooses, and to mark on the map.
    top : int
        How many of the most frequent words are on the map and in the chart of lengths, from 1 to 20,000. A word takes
        about 200 bytes of the page. Neighbours are searched among all words.
    method : str
        Of the map: "pca", or "tsne", which needs scikit-learn.
    pairs, analogies : sequence of paths
        Files to score on, as for `fastw2v.evaluation`.
    log : path, optional
        A log of `fastw2v.callbacks.JsonLines`, whose curves are shown.

    Raises
    ------
    KeyError, ValueError
        A word has no vector; an argument is out of range; or a file is damaged.
    ImportError
        scikit-learn is not installed.
    OSError
        A file cannot be read or written.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> from fastw2v.report import write_report
    >>> wv = KeyedVectors(["king", "queen", "man", "woman"], [[1, 2], [2, 1], [0, 1], [1, 0]])
    >>> write_report(wv, "report.html", words=["king"])
    """
    check_top(top)
    check_method(method)
    writable_target(path)
    for file in (*pairs, *analogies):
        existing_file(file)
    source = source_of(model)
    history = history_of_report(source.training) if log is None else read_log(log)
    atlas = atlas_of(source.vectors, list(words), top=top, method=method)
    rows = _scored(source, pairs, analogies)
    parts = _sections(source, atlas, history=history, rows=rows)
    _write(path, source, atlas, kind="word vectors", parts=parts)


def write_map_page(source: Source, atlas: Atlas, path: str | PathLike[str]) -> None:
    """Write a page with the map alone."""
    parts = [sections.map_section(atlas, what=_what(source, atlas))]
    _write(path, source, atlas, kind="map of word vectors", parts=parts)


def _sections(source: Source, atlas: Atlas, *, history: History, rows: list[dict[str, Any]]) -> list[str]:
    vectors = source.vectors
    ordered = by_frequency(vectors)
    telling, rule = telling_rows(vectors, ordered)
    chosen = atlas.rows[atlas.is_chosen]
    parts = []
    if len(chosen):
        cards = sections.neighbours(source, chosen, ordered, topn=_TOPN)
        parts.append(sections.section("Neighbours of chosen words", cards))
    cards = sections.neighbours(source, telling[~np.isin(telling, chosen)], ordered, topn=_TOPN)
    about = f"Chosen by a rule: {rule}. The number is the cosine."
    parts.append(sections.section("Neighbours of telling words", sections.paragraph(about), cards))
    parts.append(sections.map_section(atlas, what=_what(source, atlas)))
    parts.append(sections.evaluation_section(rows, _NO_FILES))
    parts.append(sections.training_section(history, source.training))
    marked = np.concatenate([chosen, telling])
    parts.append(sections.lengths_section(source, atlas.rows, marked))
    parts.append(sections.settings_section(source.options))
    return parts


def _what(source: Source, atlas: Atlas) -> str:
    n_chosen = int(atlas.is_chosen.sum())
    n_all, n_mapped = len(source.vectors), len(atlas.rows)
    of = f"All {n_all:,} words" if n_mapped == n_all else f"{n_mapped:,} of the {n_all:,} words, the most frequent"
    if source.vectors.counts is None and n_mapped < n_all:
        of = f"The first {n_mapped:,} of the {n_all:,} words (the file has no counts)"
    return f"{of}{f', {n_chosen} of them chosen' if n_chosen else ''}"


def _scored(source: Source, pairs: Files, analogies: Files) -> list[dict[str, Any]]:
    """Score each file; one that cannot be scored, since too few of its words are known, says so."""
    rows = []
    for file, kind in [*((file, 0) for file in pairs), *((file, 1) for file in analogies)]:
        try:
            rows += scores(source.vectors, *(([file], []) if kind == 0 else ([], [file])))
        except ValueError as error:
            rows.append({"file": existing_file(file).name, "measure": "not scored", "error": error, "used": 0, "of": 0})
    return rows


def _data(source: Source, atlas: Atlas) -> str:
    """Return what the script needs, as JSON that no parser of HTML takes for markup."""
    vectors = source.vectors
    places, _ = atlas.fitted(sections.MAP_WIDTH)
    keys = [vectors.index_to_key[row] for row in atlas.rows]
    number_of: dict[Any, int] = {key: number for number, key in enumerate(keys)}
    found = vectors.most_similar_batch(keys, topn=_TOPN)
    near = [[number_of.setdefault(key, len(number_of)) for key, _ in each] for each in found]
    words = [str(key) for key in number_of]
    content = {
        "words": words,
        "shown": {number: text for number, word in enumerate(words) if (text := shown(word)) != word},
        "x": np.round(places[:, 0], 1).tolist(),
        "y": np.round(places[:, 1], 1).tolist(),
        "near": near,
        "cosine": [[round(score, 3) for _, score in each] for each in found],
        "about": _about_words(source, atlas.rows),
    }
    return json_text(content).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _about_words(source: Source, rows: RowArray) -> list[str]:
    counts = source.vectors.counts
    if counts is not None:
        return [f"{count:,} times in the text" for count in counts[rows]]
    return [f"row {row:,}" for row in rows]


def _write(path: str | PathLike[str], source: Source, atlas: Atlas, *, kind: str, parts: list[str]) -> None:
    style, script, template = map(_text, ("page.css", "page.js", "page.html"))
    page = Template(template).substitute(
        title=sections.escaped(source.name),
        kind=kind.capitalize(),
        version=sections.escaped(import_module("fastw2v").__version__),
        facts=sections.facts(source, len(atlas.rows)),
        sections="\n".join(parts),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=_data(source, atlas),
    )
    with atomic_write(path) as draft:
        draft.write_bytes(page.encode("utf-8"))


def _text(name: str) -> str:
    return resources.files("fastw2v.report").joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """Return what allows this content, and no other, to be obeyed by a browser."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
