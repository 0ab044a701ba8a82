"""The parts of a report as HTML. Every word and every name of a file goes through `escaped`."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from fastw2v.report.atlas import Atlas
from fastw2v.report.charts import curve_chart, dots_path, point_chart
from fastw2v.report.history import History, Points
from fastw2v.report.labels import shortened
from fastw2v.report.source import Source
from fastw2v.report.words import by_frequency, lengths, shown
from fastw2v.runtime.arrays import RowArray
from fastw2v.trainer import TrainReport

MAP_WIDTH = 720.0
WIDE_FONT, NARROW_FONT = 12.0, 23.0  # as page.css has them, for wide pages and for phones
_KIND_OF = {0: "CBOW", 1: "skip-gram"}


def escaped(text: object) -> str:
    """Return a text as it stands in an element or in quotes."""
    return html.escape(shown(text))


def section(heading: str, *parts: str) -> str:
    """Return a section with its heading."""
    return f"<section>\n<h2>{heading}</h2>\n" + "\n".join(parts) + "\n</section>"


def paragraph(text: str, kind: str = "note") -> str:
    """Return a paragraph of text that is HTML already."""
    return f'<p class="{kind}">{text}</p>'


def facts(source: Source, n_mapped: int) -> str:
    """Return the few numbers that a reader wants first."""
    vectors, training = source.vectors, source.training
    found = [("Words", f"{len(vectors):,}"), ("Numbers in a vector", f"{vectors.vector_size:,}")]
    if "sg" in source.options:
        found.append(("Model", _KIND_OF.get(source.options["sg"], "not known")))
    if training is not None:
        found.append(("Words trained", _short(training.raw_words)))
        found.append(("Words/s", _short(training.raw_words / max(training.train_seconds, 1e-9))))
        if training.loss_per_epoch:
            found.append(("Last loss of a pair", f"{training.loss_per_epoch[-1]:.4f}"))
    else:
        found.append(("On the map", f"{n_mapped:,}"))
    return f'<dl class="facts">{"".join(_fact(*fact) for fact in found)}</dl>'


def _fact(name: str, value: object) -> str:
    return f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>"


def _short(number: float) -> str:
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= factor:
            return f"{number / factor:.3g}{unit}"
    return f"{number:.3g}"


def neighbours(source: Source, rows: RowArray, ordered: RowArray, *, topn: int) -> str:
    """Return a card for each word, with its nearest neighbours among all words."""
    vectors = source.vectors
    rank_of = {int(row): rank for rank, row in enumerate(ordered, 1)}
    keys = [vectors.index_to_key[row] for row in rows]
    cards = []
    for row, key, found in zip(rows, keys, vectors.most_similar_batch(keys, topn=topn)):
        items = "".join(f"<li><bdi>{escaped(word)}</bdi><span>{score:.2f}</span></li>" for word, score in found)
        rank = f'<span class="rank">rank {rank_of[int(row)]:,}</span>'
        cards.append(f'<div class="card"><h3>{rank}<bdi>{escaped(key)}</bdi></h3><ol class="near">{items}</ol></div>')
    return f'<div class="cards">{"".join(cards)}</div>'


def map_section(atlas: Atlas, *, what: str) -> str:
    """Return the map as SVG, with the panel for search that the script fills; `what` says which words it has."""
    places, height = atlas.fitted(MAP_WIDTH)
    size = (MAP_WIDTH, height)
    of_narrow, of_wide = (atlas.label_places(places, MAP_WIDTH, font) for font in (NARROW_FONT, WIDE_FONT))
    narrow = atlas.labelled(of_narrow, size, NARROW_FONT)
    of_wide[narrow] = of_narrow[narrow]
    wide = atlas.labelled(of_wide, size, WIDE_FONT, taken=narrow)
    labels = [*_labels(atlas, of_narrow, narrow, kind="both"), *_labels(atlas, of_wide, wide, kind="wide")]
    about = f"{what}; {escaped(atlas.projection.about)}"
    return section(
        "Map",
        paragraph(
            f"{about}. Near words have similar vectors, as far as two dimensions can show it; the neighbours in the "
            "lists are those in all dimensions.",
        ),
        '<div class="atlas" id="atlas"><figure>'
        f'<svg viewBox="0 0 {MAP_WIDTH:.0f} {height:.0f}" role="img" aria-label="Map of {len(atlas.rows):,} words">'
        f'<g class="dots"><path d="{dots_path(places)}"/></g><g class="labels">{"".join(labels)}</g>'
        '<g id="overlay"></g></svg></figure>',
        '<div class="panel" id="panel" hidden><label for="search">Search a word on the map</label>'
        '<input type="search" id="search" autocomplete="off" autocapitalize="off" spellcheck="false">'
        '<div class="found" id="found"></div><p class="status" id="status" role="status">or point at the map</p>'
        '<div class="picked" id="picked"></div></div></div>',
    )


def _labels(atlas: Atlas, places: Any, chosen: Iterable[int], *, kind: str) -> Iterable[str]:  # noqa: ANN401
    for i in chosen:
        x, y = places[i]
        mark = " chosen" if atlas.is_chosen[i] else ""
        yield f'<text class="{kind}{mark}" x="{x:.1f}" y="{y - 4:.1f}">{escaped(shortened(atlas.names[i]))}</text>'


def evaluation_section(rows: Sequence[dict[str, Any]], missing: str) -> str:
    """Return a table of scores, with what part of each file could be used; or why there is none."""
    if not rows:
        return section("Evaluation", paragraph(escaped(missing)))
    head = '<tr><th>file</th><th>measure</th><th class="number">score</th><th>questions used</th></tr>'
    body = "".join(map(_score_row, rows))
    note = "A question with a word that has no vector is left out: compare scores only where the same part was used."
    return section("Evaluation", paragraph(note), f'<div class="scroll"><table>{head}{body}</table></div>')


def _score_row(row: dict[str, Any]) -> str:
    share = row["used"] / max(row["of"], 1)
    bar = (
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="all" width="100" height="8"/><rect class="used" width="{100 * share:.1f}" height="8"/></svg>'
    )
    score = escaped(row["error"]) if "error" in row else f"{row['score']:.4f}"
    used = (
        f"<span>{row['used']:,} of {row['of']:,}</span> <span>({100 * share:.0f} %)</span>{bar}"
        if row["of"]
        else "none"
    )
    cells = f"<td>{escaped(row['file'])}</td><td>{escaped(row['measure'])}</td>"
    return f'<tr>{cells}<td class="number">{score}</td><td>{used}</td></tr>'


def training_section(history: History, training: TrainReport | None) -> str:
    """Return the curves of a training, and the seconds of its phases; or that the file holds none."""
    charts = []
    if history.losses():
        note = (
            "“loss” is taken while training reads the text, and may rise. Compare models by the loss of held-out text."
        )
        charts.append(_curves("Loss of a pair (nats)", history.losses(), ("epoch", "loss"), note=note))
    if history.scores():
        charts.append(_curves("Scores while training", history.scores(), ("epoch", "score")))
    if len(history.speed) > 1:
        speed = {"speed": history.speed}
        charts.append(_curves("Speed (words/s)", speed, ("words trained (millions)", "words/s"), from_zero=True))
    if training is None and not charts:
        none = (
            "The file holds vectors alone. Losses and speed are in the files of <code>Word2Vec.save</code> and of "
            "checkpoints, and in the log of <code>fastw2v train --log FILE</code>, which "
            "<code>fastw2v report --log FILE</code> takes."
        )
        return section("Training", paragraph(none))
    parts = [] if training is None else [_training_facts(training)]
    if charts:
        parts.append(f'<div class="charts">{"".join(charts)}</div>')
    else:
        parts.append(paragraph("No loss was kept: train with <code>compute_loss=True</code>."))
    return section("Training", *parts)


def _training_facts(training: TrainReport) -> str:
    seconds = training.train_seconds
    workers = f"{training.workers} worker{'s' * (training.workers != 1)}, {training.device}"
    found = [
        ("Words trained", f"{training.raw_words:,}"),
        ("Left by subsampling", f"{training.kept_words:,}"),
        ("Pairs", f"{training.pairs:,}"),
        ("Training took", f"{seconds:.1f} s on {workers}"),
    ]
    if training.stopped_at is not None:
        found.append(("Stopped", f"{training.stopped_at}: {training.stopped_by}"))
    return f'<dl class="options">{"".join(_fact(*fact) for fact in found)}</dl>'


def _curves(
    title: str, curves: dict[str, Points], axes: tuple[str, str], *, note: str = "", from_zero: bool = False
) -> str:
    fit = {shown(name): points for name, points in curves.items()}
    chart = curve_chart(fit, *axes, from_zero=from_zero)
    legend = ""
    if len(fit) > 1:
        line = '<svg viewBox="0 0 28 8" aria-hidden="true"><polyline class="curve c{}" points="0,4 28,4"/></svg>'
        items = "".join(f"<li>{line.format(min(i, 3))}{escaped(name)}</li>" for i, name in enumerate(fit))
        legend = f'<ul class="legend">{items}</ul>'
    caption = f"<figcaption>{note}</figcaption>" if note else ""
    return f"<figure><h3>{title}</h3>{chart}{legend}{caption}</figure>"


def lengths_section(source: Source, rows: RowArray, marked: RowArray) -> str:
    """Return the chart of frequency and length; of ranks where there are no counts."""
    vectors = source.vectors
    counts = None if vectors.counts is None else vectors.counts[rows]
    has_counts = counts is not None and bool((counts > 0).all())
    ordered = by_frequency(vectors)
    rank_of = {int(row): rank for rank, row in enumerate(ordered, 1)}
    xs = np.asarray(counts if has_counts else [rank_of[int(row)] for row in rows], np.float64)
    axis = "count of the word" if has_counts else "rank of the word (the file has no counts)"
    place_of = {int(row): place for place, row in enumerate(rows)}
    places = [place_of[int(row)] for row in marked if int(row) in place_of]
    names = [shown(vectors.index_to_key[row]) for row in rows]
    chart = point_chart(xs, lengths(vectors, rows), (axis, "length of the vector"), names=names, marked=places)
    note = "Words of like frequency with longer vectors occur in fewer kinds of contexts."
    figure = f"<figure><h3>Length of the vector</h3>{chart}<figcaption>{note}</figcaption></figure>"
    return section("Frequency and length", f'<div class="charts">{figure}</div>')


def settings_section(options: dict[str, Any]) -> str:
    """Return the options of the training; or that the file holds none."""
    if not options:
        return section("Settings", paragraph("The file holds no settings of the training."))
    found = "".join(_fact(name, value) for name, value in options.items())
    return section("Settings", f'<dl class="options">{found}</dl>')
