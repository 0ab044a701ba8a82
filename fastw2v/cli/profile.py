"""The command `fastw2v profile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastw2v.cli import console

if TYPE_CHECKING:
    from fastw2v.profile import Profile

_MODELS = {"cbow": ("cbow",), "skipgram": ("skipgram",), "both": ("cbow", "skipgram")}
_MOST_WORDS = 10**9


def profile(
    model: Annotated[str, typer.Option(help='"cbow", "skipgram" or "both".')] = "cbow",
    corpus: Annotated[str, typer.Option(help='"zipf": synthetic; "ptb": the Penn Treebank, V = 10,000.')] = "zipf",
    vocab: Annotated[list[int] | None, typer.Option(help="Words; may be repeated. Default 1000 and 10000.")] = None,
    sweep: Annotated[
        str | None, typer.Option(metavar="FROM..TO", help="Vocabularies FROM, 10 FROM, ... up to TO: 1000..1000000.")
    ] = None,
    hidden: Annotated[int, typer.Option(help="Dimension of the vectors.")] = 100,
    window: Annotated[int, typer.Option(help="Context words on each side.")] = 5,
    batch: Annotated[int, typer.Option(help="Examples in a batch.")] = 100,
    negative: Annotated[int, typer.Option(help="Negatives for each positive.")] = 5,
    optimizer: Annotated[
        str, typer.Option(help='Of the compiled variant: "SparseAdam" or "Adam"; the others have Adam.')
    ] = "SparseAdam",
    seconds: Annotated[float, typer.Option(help="For each variant; 3 iterations at the least, 200 at the most.")] = 3.0,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all figures.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw cost against V, and stages.")] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a trace for Perfetto or chrome://tracing.")
    ] = None,
) -> None:
    """Show where the time goes: softmax, the book's negative sampling, compiled kernels, stage by stage."""
    with console.friendly_errors():
        writers = _checked_writers(json, plot, trace)
        options: dict[str, Any] = {
            "models": _models(model),
            **_words(corpus, vocab, sweep),
            "hidden_size": hidden,
            "window_size": window,
            "batch_size": batch,
            "sample_size": negative,
            "optimizer": optimizer,
            "seconds": seconds,
            "seed": seed,
        }
        from fastw2v.profile import profile as measure
        from fastw2v.profile.machine import keep_memory

        keep_memory()
        _show(measure(**options), writers)


def _show(measured: Profile, writers: list[tuple[Any, Path]]) -> None:
    from fastw2v.profile import report

    for line in report.text(measured):
        console.say(line)
    for left_out in measured.left_out:
        console.say(str(left_out))
    for warning in measured.warnings():
        console.say(f"warning: {warning}", to_stderr=True)
    for write, path in writers:
        write(measured, path)


def _checked_writers(json: Path | None, plot: Path | None, trace: Path | None) -> list[tuple[Any, Path]]:
    """Check, before the work, that the files can be written; return the writer and the path of each."""
    from fastw2v.profile import files
    from fastw2v.profile import plot as picture
    from fastw2v.runtime.files import writable_target

    if plot is not None:
        picture.check_target(plot)
    chosen = [(files.write_json, json), (files.write_trace, trace), (picture.write_plot, plot)]
    writers = [(write, path) for write, path in chosen if path is not None]
    for _, path in writers:
        writable_target(path)
    if len({path.resolve() for _, path in writers}) < len(writers):
        raise ValueError("two of --json, --plot and --trace name the same file; give each its own name")
    return writers


def _models(model: str) -> tuple[str, ...]:
    if model not in _MODELS:
        raise ValueError(f'model is {model!r}; expected "cbow", "skipgram" or "both"')
    return _MODELS[model]


def _words(corpus: str, vocab: list[int] | None, sweep: str | None) -> dict[str, Any]:
    """Return the arguments of `fastw2v.profile.profile` that choose the corpus or the vocabularies."""
    if (corpus == "ptb") + bool(vocab) + (sweep is not None) > 1:
        raise ValueError("--corpus ptb, --vocab and --sweep each choose the vocabulary; give one of them")
    if corpus == "ptb":
        from fastw2v.datasets import load_ptb

        return {"corpus": load_ptb("train")[0]}
    if corpus != "zipf":
        raise ValueError(f'corpus is {corpus!r}; expected "zipf" or "ptb"')
    return {"vocab_sizes": sweep_sizes(sweep) if sweep is not None else vocab or None}


def sweep_sizes(sweep: str) -> list[int]:
    """Return FROM, 10 FROM, ... and TO of "FROM..TO"."""
    ends = sweep.split("..")
    if (
        len(ends) != 2
        or not all(end.isdecimal() for end in ends)
        or not 1 <= int(ends[0]) <= int(ends[1]) <= _MOST_WORDS
    ):
        raise ValueError(f"sweep is {sweep!r}; expected two whole numbers, the smaller first: 1000..1000000")
    size, last = (int(end) for end in ends)
    sizes = []
    while size < last:
        sizes.append(size)
        size *= 10
    return [*sizes, last]
