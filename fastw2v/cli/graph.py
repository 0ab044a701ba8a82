"""The command `fastw2v node2vec`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fastw2v.cli import console
from fastw2v.cli.commands import AsJson, FileFormat, Seed, Workers, _checked_format
from fastw2v.runtime.json_text import json_text
from fastw2v.runtime.stopwatch import seconds_of


def node2vec(
    edges: Annotated[
        Path, typer.Argument(metavar="EDGES", help="An edge a line: source, target and possibly a weight.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to save the vectors.")],
    p: Annotated[float, typer.Option("--p", help="Large: walks seldom go back.")] = 1.0,
    q: Annotated[float, typer.Option("--q", help="Large: walks stay near; small: they go away.")] = 1.0,
    walk_length: Annotated[int, typer.Option(help="Nodes of a walk.")] = 80,
    num_walks: Annotated[int, typer.Option(help="Walks that begin at each node.")] = 10,
    directed: Annotated[bool, typer.Option("--directed", help="Walk edges from source to target alone.")] = False,
    weighted: Annotated[
        bool, typer.Option("--weighted/--unweighted", help="Use the weights, if there are some, or ignore them.")
    ] = True,
    sg: Annotated[bool, typer.Option("--sg/--cbow", help="Skip-gram or CBOW.")] = True,
    vector_size: Annotated[int, typer.Option(help="Dimension of the vectors.")] = 128,
    window: Annotated[int, typer.Option(help="Greatest distance of a context node in a walk.")] = 10,
    negative: Annotated[int, typer.Option(help="Negatives for each positive.")] = 5,
    epochs: Annotated[int, typer.Option(help="Passes over the walks.")] = 5,
    sample: Annotated[float, typer.Option(help="Subsampling threshold; 0 keeps every visit.")] = 0,
    alpha: Annotated[float, typer.Option(help="First learning rate.")] = 0.025,
    min_alpha: Annotated[float, typer.Option(help="Last learning rate.")] = 0.0001,
    loss: Annotated[bool, typer.Option("--loss/--no-loss", help="Sum up the loss.")] = True,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write losses and speed to FILE, for `fastw2v report --log`."),
    ] = None,
    workers: Workers = None,
    seed: Seed = 1,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="The same vectors for any number of workers (slower).")
    ] = False,
    device: Annotated[str, typer.Option(help='"auto" (the CPU), "cpu", "cuda", or "cuda:1" and so on.')] = "auto",
    format: FileFormat = None,
    as_json: AsJson = False,
) -> None:
    """Train vectors of the nodes of a graph on random walks, and save them."""
    with console.friendly_errors():
        from fastw2v.cli import training
        from fastw2v.graph import Node2Vec

        format = _checked_format(output, format, [edges])
        callbacks = training.callbacks_of(log, (output, edges))
        walks: dict[str, Any] = {"walk_length": walk_length, "num_walks": num_walks, "p": p, "q": q}
        walks |= {"directed": directed, "weight_key": "weight" if weighted else None}
        model = Node2Vec(edges, vector_size, workers=workers, seed=seed, **walks).fit(
            sg=int(sg),
            window=window,
            negative=negative,
            epochs=epochs,
            sample=sample,
            alpha=alpha,
            min_alpha=min_alpha,
            compute_loss=loss,
            deterministic=deterministic,
            device=device,
            callbacks=callbacks,
        )
        model.seconds["write"] = seconds_of(lambda: training.save(model, output, format))
        console.say(console.summary(model), to_stderr=as_json)
        if as_json:
            console.say(json_text(console.figures(model)))
        training.exit_if_stopped(model)
