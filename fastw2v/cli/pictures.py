"""The commands `fastw2v report`, `fastw2v map` and `fastw2v plot`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from fastw2v.cli import console

Words = Annotated[str, typer.Option(metavar="WORD,WORD,...", help="Words to show, whatever their frequency.")]
Top = Annotated[int, typer.Option(help="How many of the most frequent words the map shows; up to 20,000.")]
Method = Annotated[str, typer.Option(help='Of the map: "pca", or "tsne" (slower; needs scikit-learn).')]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="A model, a checkpoint, or vectors in any format.")]


def report(
    model: Model,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.html", help="The page to write.")],
    words: Words = "",
    top: Top = 1000,
    method: Method = "pca",
    pairs: Annotated[list[Path] | None, typer.Option(help="Word pairs with scores, tab-separated.")] = None,
    analogies: Annotated[list[Path] | None, typer.Option(help="Analogy questions.")] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="A log of `fastw2v train --log`.")] = None,
) -> None:
    """Write one HTML page about vectors: neighbours, map, scores, loss, speed, settings.

    The page needs no network. Without --pairs and --analogies, the files in the folder FASTW2V_DATA_DIR are scored on,
    if it is set.
    """
    with console.friendly_errors():
        from fastw2v.report import write_report

        _refuse_input(output, [model, log, *(pairs or []), *(analogies or [])])
        if not pairs and not analogies:
            pairs, analogies = _files_of_folder()
        files: dict[str, Any] = {"pairs": pairs or [], "analogies": analogies or [], "log": log}
        write_report(model, output, words=_split(words), top=top, method=method, **files)
        console.say(f"wrote {output}")


def map_command(
    model: Model,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="A picture (.png, .svg, .pdf), or a page (.html).")
    ],
    words: Words = "",
    top: Top = 1000,
    method: Method = "pca",
) -> None:
    """Draw a map of the most frequent words, on which near words have similar vectors."""
    with console.friendly_errors():
        from fastw2v.report import write_map

        _refuse_input(output, [model])
        write_map(model, output, words=_split(words), top=top, method=method)
        console.say(f"wrote {output}")


def plot(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A log of `fastw2v train --log`, or a model.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The picture: .png, .svg or .pdf.")],
) -> None:
    """Draw the curves of a training: losses, scores and speed."""
    with console.friendly_errors():
        from fastw2v.report import write_curves

        _refuse_input(output, [log])
        write_curves(log, output)
        console.say(f"wrote {output}")


def _split(words: str) -> list[str]:
    return [word for word in words.split(",") if word]


def _files_of_folder() -> tuple[list[Path], list[Path]]:
    """Return the files of FASTW2V_DATA_DIR to score on; none without it, and the page says how to give some."""
    from fastw2v.datasets import evaluation_files

    try:
        return evaluation_files()
    except FileNotFoundError:
        return [], []


def _refuse_input(output: Path, inputs: Iterable[Path | None]) -> None:
    for path in inputs:
        if path is not None and path.exists() and output.exists() and output.samefile(path):
            raise ValueError(f"{output} is the input itself; give the output another name (nothing was written)")
