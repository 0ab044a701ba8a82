"""Train replicas by many plans and record how good their vectors are, a line of results/replicas.jsonl for each.

Usage: python -m benchmarks.studies.replicas [--corpus NAME] [--model skip-gram|CBOW] [--rule RULE ...]
           [--workers N ...] [--rounds R ...] [--seeds S ...] [--quick] [--results FOLDER]

It trains each combination that is not recorded yet, and may be stopped at any time. NAME is reviews, quarter (of the
reviews) or walks. RULE is sum, mean, "mean of touched", projection, directions, "in turn", or "contraction H1 H2" with
the curvatures of input and output rows. With one worker there is nothing to merge: it is trained once for each seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.report import results
from benchmarks.studies.replicas.corpora import CORPORA, Corpus
from benchmarks.studies.replicas.rules import rule_of
from benchmarks.studies.replicas.training import Plan, train
from fastw2v.config import TrainConfig

SUITE = "replicas"
MODELS = {"skip-gram": 1, "CBOW": 0}


class Cell(NamedTuple):
    """One training."""

    corpus: str
    model: str
    rule: str
    n_workers: int
    rounds: int
    seed: int


def cells(chosen: argparse.Namespace) -> Iterator[Cell]:
    """Yield what to train, the first seed of all before the second of any."""
    for seed, n_workers, rounds, rule in product(chosen.seeds, chosen.workers, chosen.rounds, chosen.rule):
        for model in chosen.model:
            if n_workers == 1:
                yield Cell(chosen.corpus, model, "none", 1, 1, seed)
            else:
                yield Cell(chosen.corpus, model, rule, n_workers, rounds, seed)


def cell_of(row: results.Row) -> Cell:
    """Return the training that a recorded line is of."""
    return Cell(**{name: row[name] for name in Cell._fields if name in row})


def measured(corpus: Corpus, cell: Cell) -> results.Row:
    """Train, and return seconds and scores; {"diverged": True} for vectors that are no numbers or beyond all use."""
    config = TrainConfig(sg=MODELS[cell.model], seed=cell.seed, workers=1, **corpus.options)  # type: ignore[arg-type]
    data, begun = corpus.data(config), time.perf_counter()
    rule = "mean" if cell.n_workers == 1 else cell.rule
    with np.errstate(all="ignore"):  # a sum may overflow: the scores tell
        train(config, data, Plan(rule, cell.n_workers, cell.rounds))
    seconds = {"seconds": results.digits(time.perf_counter() - begun)}
    weights = data.weights
    if not all(np.isfinite(matrix).all() and abs(matrix).max() < 1e4 for matrix in (weights.w_in, weights.w_out)):
        return seconds | {"diverged": True}
    found = corpus.scores(config, data.vocab, weights)
    return seconds | {name: np.round(value, 5).tolist() for name, value in found.items()}


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Return the arguments of the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", default="reviews", choices=CORPORA)
    parser.add_argument("--model", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--rule", nargs="+", default=["mean"])
    parser.add_argument("--workers", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, nargs="+", default=[0], help="of an epoch; 0: those of a cluster")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--quick", action="store_true", help="a small corpus, to try the program; record it elsewhere")
    parser.add_argument("--results", type=Path, help="folder of the recorded lines; default: benchmarks/results")
    chosen = parser.parse_args(arguments)
    for rule in chosen.rule:
        rule_of(rule)
    if chosen.quick and chosen.results is None:
        parser.error("--quick needs --results FOLDER: its lines are not for benchmarks/results")
    return chosen


def main(arguments: list[str] | None = None) -> None:
    """Train and record what is not recorded yet."""
    chosen = parsed(sys.argv[1:] if arguments is None else arguments)
    folder = chosen.results or results.FOLDER
    corpus = CORPORA[chosen.corpus](quick=chosen.quick)
    for cell in dict.fromkeys(cells(chosen)):
        if cell in results.latest(SUITE, cell_of, folder=folder):
            continue
        row = cell._asdict() | measured(corpus, cell) | results.here()
        results.append(SUITE, row, folder)
        print({name: value for name, value in row.items() if name not in results.ORIGIN}, flush=True)


if __name__ == "__main__":
    main()
