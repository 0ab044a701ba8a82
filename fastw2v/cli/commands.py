"""The commands of the command line; `demo`, `profile`, `node2vec` and those that draw have modules of their own."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastw2v import __version__
from fastw2v.cli import clusters, console, pictures, tables
from fastw2v.cli.demo import demo
from fastw2v.cli.profile import profile
from fastw2v.runtime.json_text import json_text
from fastw2v.runtime.stopwatch import seconds_of
from fastw2v.runtime.word_bytes import printable

if TYPE_CHECKING:
    from fastw2v.keyedvectors import KeyedVectors

app = typer.Typer(
    name="fastw2v",
    help="word2vec training at the speed of the hardware.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="Vectors in any format that fastw2v writes.")]
Sg = Annotated[bool, typer.Option("--sg/--cbow", help="Skip-gram or CBOW.")]
Workers = Annotated[int | None, typer.Option(help="Threads; default: all cores.")]
Seed = Annotated[int, typer.Option(help="Seed of all random numbers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object last on stdout.")]
FileFormat = Annotated[
    str | None,
    typer.Option(
        metavar="FORMAT",
        help="word2vec-binary (or bin), word2vec-text (txt, vec), safetensors, parquet, feather, npy, npz, projector, "
        "static-embedding, usearch, hnswlib or faiss; default: by the ending of the file.",
    ),
]
TopN = Annotated[int, typer.Option("--topn", min=1, help="How many neighbours.")]

Column = Annotated[
    str | None, typer.Option(help="The inputs are tables (Parquet, CSV, JSON lines): sentences are in this column.")
]
Group = Annotated[str | None, typer.Option(help="Of a table with a row for an item: the sessions' column.")]
Items = Annotated[str | None, typer.Option(help="The column of the items, with --group.")]
Order = Annotated[str | None, typer.Option(help="The column to sort each session by, with --group.")]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    handler = console.StderrHandler()
    handler.setFormatter(console.PrintableFormatter("%(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("fastw2v").setLevel(logging.INFO)
    if version:
        console.say(__version__)
        raise typer.Exit


app.command()(demo)


@app.command(cls=clusters.ClusterCommand)
def train(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help="Text, a sentence a line: files, folders, patterns, or - for stdin; or tables."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to save the vectors.")],
    sg: Sg = False,
    column: Column = None,
    group: Group = None,
    items: Items = None,
    order: Order = None,
    pairs: Annotated[
        bool,
        typer.Option(
            "--pairs",
            help="Lines hold a centre, a context and perhaps a weight; of a table, --column has 2 or 3 names.",
        ),
    ] = False,
    weight: Annotated[str | None, typer.Option(help="With --column: the column of the sentences' weights.")] = None,
    subwords: Annotated[
        str | None,
        typer.Option(
            metavar="MIN-MAX", help="Train FastText: n-grams of 3-6 characters, so unseen words have vectors."
        ),
    ] = None,
    lower: Annotated[bool, typer.Option("--lower", help="Turn text to lower case.")] = False,
    tokens: Annotated[
        str | None, typer.Option(metavar="PATTERN", help='Tokens of text: a regular expression, or "simple".')
    ] = None,
    vector_size: Annotated[int, typer.Option(help="Dimension of the vectors.")] = 100,
    window: Annotated[int, typer.Option(help="Greatest distance of a context word.")] = 5,
    hs: Annotated[bool, typer.Option("--hs", help="Hierarchical softmax; with --negative 0, this loss alone.")] = False,
    negative: Annotated[int, typer.Option(help="Negatives for each positive.")] = 5,
    epochs: Annotated[int, typer.Option(help="Passes over the corpus.")] = 5,
    min_count: Annotated[int, typer.Option(help="Rarer words get no vector.")] = 5,
    sample: Annotated[float, typer.Option(help="Subsampling threshold; 0 keeps every word.")] = 1e-3,
    alpha: Annotated[float, typer.Option(help="First learning rate.")] = 0.025,
    min_alpha: Annotated[float, typer.Option(help="Last learning rate.")] = 0.0001,
    negative_sharing: Annotated[str, typer.Option(help='By "window", or by "pair" (slower).')] = "window",
    cbow_gradient: Annotated[str, typer.Option(help='"sum", or "mean" (needs a larger alpha).')] = "sum",
    loss: Annotated[bool, typer.Option("--loss/--no-loss", help="Sum up the loss.")] = True,
    workers: Workers = None,
    seed: Seed = 1,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="The same vectors for any number of workers (slower).")
    ] = False,
    device: Annotated[str, typer.Option(help='"auto" (the CPU), "cpu", "cuda", or "cuda:1" and so on.')] = "auto",
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a file, while training goes on, to --resume from.")
    ] = None,
    checkpoint_every: Annotated[
        str | None, typer.Option(metavar="WHEN", help='"5min" (default), "30s", "1h", a number of words, or "epoch".')
    ] = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append speed and loss, as lines of JSON, for `fastw2v plot`.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from --checkpoint; without such a file, begin anew.")
    ] = False,
    cluster: clusters.Address = None,
    cluster_nodes: clusters.Nodes = None,
    cluster_rounds: clusters.Rounds = None,
    cluster_cycle: clusters.Cycle = None,
    cluster_block_mb: clusters.BlockMb = None,
    cluster_deadline: clusters.Deadline = None,
    format: FileFormat = None,
    as_json: AsJson = False,
) -> None:
    """Train vectors on text and save them."""
    with console.friendly_errors():
        from fastw2v.cli import training
        from fastw2v.cli.inputs import cluster_corpus_of, corpus_of

        format = _checked_format(output, format, inputs)
        sizes = {"rounds": cluster_rounds, "cycle": cluster_cycle, "block_mb": cluster_block_mb}
        chosen = clusters.cluster_of(cluster, nodes=cluster_nodes, **sizes, deadline=cluster_deadline)
        columns = {"column": column, "group": group, "items": items, "order": order, "weight": weight}
        given = {name: value for name, value in columns.items() if value is not None}
        read = corpus_of if chosen is None else cluster_corpus_of
        corpus = read(inputs, given, pairs=pairs, lower=lower, tokens=tokens)
        _refuse_output_among(output, training.files_of(corpus))
        _refuse_in_folder([path for path in (output, checkpoint, log) if path is not None], inputs)
        watched: dict[str, Any] = {"every": checkpoint_every, "resume": resume, "log": log, "cluster": chosen}
        plan = training.Plan(corpus, output, checkpoint, **watched)
        options = {
            "sg": int(sg),
            "hs": int(hs),
            "vector_size": vector_size,
            "window": window,
            "negative": negative,
            "epochs": epochs,
            "min_count": min_count,
            "sample": sample,
            "alpha": alpha,
            "min_alpha": min_alpha,
            "negative_sharing": negative_sharing,
            "cbow_gradient": cbow_gradient,
            "compute_loss": loss,
            "workers": workers,
            "seed": seed,
            "deterministic": deterministic,
            "device": device,
        }
        model = plan.trained(options | training.subword_options(subwords))
        model.seconds["write"] = seconds_of(lambda: training.save(model, output, format))
        console.say(console.summary(model), to_stderr=as_json)
        if as_json:
            console.say(json_text(console.figures(model)))
        training.exit_if_stopped(model, checkpoint)


@app.command()
def similar(model: ModelFile, words: Annotated[list[str], typer.Argument(metavar="WORD...")], topn: TopN = 10) -> None:
    """Print the nearest neighbours of each word."""
    with console.friendly_errors():
        vectors = _load(model)
        answers = [vectors.most_similar(_key(vectors, word), topn=topn) for word in words]
        for word, neighbours in zip(words, answers):
            if not tables.is_wanted():
                console.say(f"[{printable(word)}]")
            _print_neighbours(neighbours, title=word)


@app.command()
def analogy(model: ModelFile, a: str, b: str, c: str, topn: TopN = 10) -> None:
    """Print the words that are to C as B is to A."""
    with console.friendly_errors():
        vectors = _load(model)
        one, two, three = (_key(vectors, word) for word in (a, b, c))
        found = vectors.most_similar(positive=[two, three], negative=[one], topn=topn)
        _print_neighbours(found, title=f"{a} : {b} = {c} : ?")


@app.command()
def eval(
    model: ModelFile,
    pairs: Annotated[list[Path] | None, typer.Option(help="Word pairs with scores, tab-separated.")] = None,
    analogies: Annotated[list[Path] | None, typer.Option(help="Analogy questions.")] = None,
    sessions: Annotated[
        list[Path] | None,
        typer.Option(
            help="Sessions that were not trained on, whose last item is predicted: text, a session a line, or tables."
        ),
    ] = None,
    column: Column = None,
    group: Group = None,
    items: Items = None,
    order: Order = None,
    topn: Annotated[int, typer.Option(min=1, help="Of --sessions: how many neighbours are looked at.")] = 10,
    restrict_vocab: Annotated[int, typer.Option(min=1, help="Use only the most frequent words.")] = 300_000,
    as_json: AsJson = False,
) -> None:
    """Score vectors on word pairs (Spearman's rank correlation), analogies, and sessions (hit rate and MRR).

    Without files, those in the folder FASTW2V_DATA_DIR: wordsim353.tsv, simlex999.txt, questions-words.txt.
    """
    with console.friendly_errors():
        from fastw2v.cli.inputs import sessions_of
        from fastw2v.datasets import evaluation_files
        from fastw2v.report.scores import scores, session_scores

        vectors = _load(model)
        if not pairs and not analogies and not sessions:
            pairs, analogies = evaluation_files()
        found = scores(vectors, pairs or [], analogies or [], restrict_vocab=restrict_vocab)
        columns = {"column": column, "group": group, "items": items, "order": order}
        for path in sessions or []:
            found += session_scores(vectors, path, sessions_of(vectors, path, **columns), topn=topn)
        _print_scores(found, as_json=as_json)
        if as_json:
            console.say(json_text(found))


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN")],
    target: Annotated[Path, typer.Argument(metavar="OUT")],
    format: FileFormat = None,
    dtype: Annotated[str | None, typer.Option(help="Store the numbers as float16 or int8, if the format can.")] = None,
) -> None:
    """Copy vectors into another format."""
    with console.friendly_errors():
        format = _checked_format(target, format, [source], dtype=dtype)
        _load(source).save(target, format=format, dtype=dtype)


app.command()(profile)
app.command()(pictures.report)
app.command("map")(pictures.map_command)
app.command()(pictures.plot)


def _checked_format(
    target: Path, format: str | None, sources: Iterable[object], *, dtype: str | None = None
) -> str | None:
    """Check, before the work, that the target can be written and is not an input; return the format's full name."""
    from fastw2v import formats

    format = formats.FORMAT_OF_ENDING.get(f".{format}", format)
    formats.check_target(target, format, dtype)
    _refuse_output_among(target, sources)
    return format


def _refuse_output_among(target: Path, sources: Iterable[object]) -> None:
    for source in sources:
        if isinstance(source, Path) and target.exists() and source.exists() and target.samefile(source):
            raise ValueError(f"{target} is the input itself; give the output another name (nothing was written)")


def _refuse_in_folder(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Raise ValueError if an output would be an input of the next run."""
    folders = [path.resolve() for path in inputs if path.is_dir()]
    for path in outputs:
        if path.resolve().parent in folders:
            raise ValueError(f"{path} would lie in the folder {path.parent}, whose files are read; put it elsewhere")


def _load(path: Path) -> KeyedVectors:
    from fastw2v.facebook import load_any

    return load_any(path)


def _key(vectors: KeyedVectors, word: str) -> Any:  # noqa: ANN401 - a word or an integer
    from fastw2v.report.words import key_of

    return key_of(vectors, word)


def _print_neighbours(neighbours: Any, *, title: str) -> None:  # noqa: ANN401 - a list, since topn is given
    if tables.is_wanted():
        rows = [(str(word), f"{score:.4f}") for word, score in neighbours]
        tables.say_table(title, ["word", "cosine"], rows)
        return
    for word, score in neighbours:
        console.say(f"{printable(str(word))}\t{score:.7f}")


def _print_scores(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if tables.is_wanted() and not as_json:
        rows = [
            (score["file"], score["measure"], f"{score['score']:.4f}", f"{score['used']:,} of {score['of']:,}")
            for score in found
        ]
        tables.say_table("", ["file", "measure", "score", "used"], rows, n_left=2)
        return
    for score in found:
        console.say(console.score_line(score), to_stderr=as_json)
