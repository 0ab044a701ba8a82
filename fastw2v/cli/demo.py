"""The command `fastw2v demo`."""

from __future__ import annotations

import shlex
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastw2v.cli import console, tables
from fastw2v.runtime.word_bytes import printable

if TYPE_CHECKING:
    from fastw2v.model import Word2Vec

WORDS = ("list", "read", "true", "monday", "width", "first", "error", "thread")
_NAME = "fastw2v-demo"


def demo(
    sg: Annotated[bool, typer.Option("--sg/--cbow", help="Skip-gram or CBOW.")] = True,
    epochs: int = 5,
    workers: Annotated[int | None, typer.Option(help="Threads; default: all cores.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help=f"The model; default: {_NAME}.safetensors, or a free name."
        ),
    ] = None,
) -> None:
    """Train on the Python standard library's own text, show neighbours of a few words, and keep the model to try."""
    with console.friendly_errors():
        from fastw2v.cli import training
        from fastw2v.datasets import default_corpus

        target, flaw = _target(output)
        options = {"sg": int(sg), "epochs": epochs, "workers": workers, "seed": seed, "min_count": 50}
        corpus = default_corpus()
        model = training.Plan(corpus).trained(options | {"compute_loss": True})
        _say_neighbours(model)
        console.say(console.summary(model))
        if target is not None:
            model.save(target)
        if model.report.stopped_at is None:
            console.say(console.about_the_loss(model, corpus))
        _say_what_next(target, flaw)
        training.exit_if_stopped(model)


def _target(output: Path | None) -> tuple[Path | None, str]:
    """Return the file for the model, checked before the work; or None, and why there is none.

    Raises
    ------
    FileExistsError
        The given file exists.
    OSError
        The given file cannot be written.
    """
    from fastw2v.runtime.files import check_writable

    if output is not None:
        if output.exists():
            raise FileExistsError(f"{output} exists, and the demo overwrites nothing; give another name")
        check_writable(output)
        return output, ""
    names = (f"{_NAME}{f'-{number}' if number > 1 else ''}.safetensors" for number in count(1))
    free = next(Path(name) for name in names if not Path(name).exists())
    try:
        check_writable(free)
    except OSError as error:
        return None, str(error)
    return free, ""


def _say_neighbours(model: Word2Vec) -> None:
    found = {word: model.wv.most_similar(word, topn=6) for word in WORDS if word in model.wv}
    console.say("")
    if tables.is_wanted():
        rows = [(word, _line(near)) for word, near in found.items()]
        tables.say_table("", ["word", "nearest neighbours"], rows, n_left=2)
    else:
        for word, near in found.items():
            console.say(f"{word:>8}  {_line(near)}")
    console.say("")


def _line(neighbours: Any) -> str:  # noqa: ANN401 - a list, since topn is given
    return "  ".join(f"{printable(str(word))} {score:.2f}" for word, score in neighbours)


def _say_what_next(target: Path | None, flaw: str) -> None:
    console.say("")
    if target is None:
        console.say(f"The model was not kept: {flaw}. To keep it: fastw2v demo -o FILE")
        return
    console.say(f"The model is in {target.resolve()}. Try it:")
    name = shlex.quote(str(target))
    for command in (
        f"fastw2v similar {name} error",
        f"fastw2v analogy {name} write writing read",
        f"fastw2v report {name} -o report.html",
        "fastw2v train YOUR_TEXT.txt -o vectors.bin --sg",
    ):
        console.say(f"  {command}")
