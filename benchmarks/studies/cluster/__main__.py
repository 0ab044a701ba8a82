"""Train on Ray clusters of this machine, and record what comes out, a line of results/cluster.jsonl for each run.

    python -m benchmarks.studies.cluster quality --nodes 2 --seeds 1 2 3   (0 nodes: one process without Ray)
    python -m benchmarks.studies.cluster quality --nodes 0 --order-of 2 --seeds 1  (one process, the order of two nodes)
    python -m benchmarks.studies.cluster kills --kinds training exchange node driver --runs 20
    python -m benchmarks.studies.cluster speed --nodes 2
    python -m benchmarks.studies.cluster exchange --nodes 2 --vocab 200000 --dim 100 --block-mb 4 16 64
    python -m benchmarks.studies.cluster memory --vocab 1000000 --dim 300     (of a training, with a text)
    python -m benchmarks.studies.cluster network      (as root: Linux namespaces with links of limited speed)
    python -m benchmarks.studies.cluster tables       (what network has recorded, as in the README)
    python -m benchmarks.studies.cluster model --vocab 1000000 --dim 300      (up to 32 nodes, not measured)

--quick takes a small corpus; its lines need --results FOLDER.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import results
from benchmarks.studies.cluster import model, network
from benchmarks.studies.cluster.kills import KINDS, Chosen, kills, schedules_of
from benchmarks.studies.cluster.namespaces import NamespaceError
from benchmarks.studies.cluster.tables import tables
from benchmarks.studies.cluster.trainings import EPOCHS, memory, quality, speed
from benchmarks.studies.cluster.transfers import exchange
from fastw2v.config import TrainConfig
from fastw2v.distributed import Cluster
from fastw2v.distributed.rounds import round_ends

SUITE = "cluster"
STUDIES = ("quality", "kills", "speed", "exchange", "memory", "network", "tables", "model")
NODE_WORDS = 5e6  # that a node of 16 cores trains in a second, with 300 dimensions
LINK_SHARE = 0.5  # of a network's speed that an exchange uses


def rows(chosen: argparse.Namespace) -> Iterator[results.Row]:
    """Yield the lines of a study."""
    if chosen.study == "quality":
        options = {"epochs": chosen.epochs, "order_of": chosen.order_of, "parts": chosen.parts}
        yield from quality(chosen.nodes, chosen.seeds, **options, quick=chosen.quick)
    elif chosen.study == "kills":
        schedules = schedules_of(chosen.schedules)
        numbers = (chosen.runs, chosen.first, chosen.epochs)
        yield from kills(Chosen(chosen.kinds, *numbers, schedules, chosen.parts, chosen.quick))
    elif chosen.study == "speed":
        yield from speed(chosen.nodes, chosen.repeats, quick=chosen.quick)
    elif chosen.study == "network":
        yield from network.study(rounds=chosen.rounds, quick=chosen.quick)
    elif chosen.study == "memory":
        for block_mb in chosen.block_mb:
            yield memory(chosen.nodes, (chosen.vocab, chosen.dim), block_mb=block_mb, store_mb=chosen.store_mb)
    else:
        options = {"rounds": chosen.rounds, "block_mb": chosen.block_mb}
        yield from exchange(chosen.nodes, chosen.vocab, chosen.dim, **options)


def shown_model(chosen: argparse.Namespace) -> str:
    """Return the tables of a model: a round of the text, and from which text on a cluster is worth it."""
    shape = {"n_vocab": chosen.vocab, "dim": chosen.dim, "block_mb": max(chosen.block_mb)}
    of_text = model.table(LINK_SHARE, load_of(chosen.text_words), **shape)
    return f"{of_text}\n\n{model.crossings(LINK_SHARE, load_of, **shape)}"


def load_of(text_words: float) -> model.Load:
    """Return what nodes train between two merges of all rows of a text."""
    n_merges = len(round_ends(TrainConfig(epochs=EPOCHS), int(text_words))) / Cluster().cycle
    return model.Load(text_words * EPOCHS / n_merges, NODE_WORDS)


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Return the arguments of the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--order-of", type=int, default=1, help="nodes in whose order one machine reads the text")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first run, which its moment depends on")
    parser.add_argument("--kinds", choices=KINDS, nargs="+", default=["training"], help="what is killed, or when")
    parser.add_argument("--parts", type=int, default=1, help="of the text; quality and kills train on the first")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of quality and kills")
    parser.add_argument(
        "--schedules", nargs="+", default=[], metavar="ROUNDS:CYCLE", help="of kills, in turn; default: a cluster's own"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--vocab", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--block-mb", type=int, nargs="+", default=[32])
    parser.add_argument("--store-mb", type=int, default=400, help="of the object store of a node, for memory")
    parser.add_argument("--quick", action="store_true", help="a small corpus, to try the program; record it elsewhere")
    parser.add_argument("--results", type=Path, help="folder of the recorded lines; default: benchmarks/results")
    parser.add_argument("--text-words", type=float, default=1e9, help="of the text, for the model")
    parser.add_argument("--note", help="is recorded with the lines: what else ran")
    chosen = parser.parse_args(arguments)
    if chosen.quick and chosen.results is None:
        parser.error("--quick needs --results FOLDER: its lines are not for benchmarks/results")
    return chosen


def main(arguments: list[str] | None = None) -> None:
    """Run a study, and record its lines."""
    chosen = parsed(sys.argv[1:] if arguments is None else arguments)
    if chosen.study in ("model", "tables"):
        print(shown_model(chosen) if chosen.study == "model" else tables(chosen.results))
        return
    for row in rows(chosen):
        row |= {} if chosen.note is None else {"note": chosen.note}
        results.append(SUITE, row | results.here(), chosen.results or results.FOLDER)
        print(row, flush=True)


if __name__ == "__main__":
    try:
        main()
    except NamespaceError as error:
        sys.exit(str(error))
