"""The book's layers: compiled kernels beside the book's NumPy, on the Penn Treebank.

Usage: python benchmarks/book.py ops          each operation, cpu and reference in turn
       python benchmarks/book.py iteration    CBOW and SkipGram by the iteration and by the stage
       python benchmarks/book.py train        whole runs: time, loss, neighbours and scores beside the book's vectors

Needs FASTW2V_DATA_DIR with ptb.train.txt; `train` also cbow_params.pkl (the book's own vectors), questions-words.txt,
wordsim353.tsv and simlex999.txt. Nothing else should be running. "floor" is the ratio that the project has set itself;
a cell "a (b-c)" is a median with least and greatest. The rows are added to benchmarks/results/book.jsonl as well.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import statistics
import time
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import book_ops
import numpy as np
import typer
from book_ops import BATCH, DIM, WINDOW, Array, Job
from peers import data_file, machine, spread

from fastw2v import KeyedVectors, evaluation, nn

Seconds = list[float]

RESULTS = Path(__file__).parent / "results" / "book.jsonl"
N_WORDS, N_MANY_WORDS = 10_000, 1_000_000
# By how much cpu is to be faster than the reference.
FLOORS = {
    ("sampler distinct", N_WORDS): 300,
    ("embedding backward", N_WORDS): 20,
    ("embedding backward", N_MANY_WORDS): 1000,
    ("dot_sigmoid_loss fwd+bwd", N_WORDS): 10,
}
STAGES = ("gather", "forward", "backward", "merge", "update")
# (device, optimizer), and the same for a whole iteration; None: no floor.
RUNS = {
    "CBOW": {("reference", "Adam"): None, ("cpu", "Adam"): 12, ("cpu", "SparseAdam"): 100},
    "SkipGram": {("reference", "Adam"): None, ("cpu", "Adam"): 25, ("cpu", "SparseAdam"): 150},
}
NOTES = "4.16 at the start, 2.40 mid epoch 1, about 1.80 in epoch 5, 1.60 in epoch 8"
QUERIES = ("you", "year", "car", "toyota")
SCORES = {"analogies": "questions-words.txt", "ws353": "wordsim353.tsv", "simlex": "simlex999.txt"}

app = typer.Typer(add_completion=False)


# Operations


@app.command()
def ops(n_rounds: Annotated[int, typer.Option(help="Timed runs of each, in turn.")] = 5) -> None:
    """Time each operation at the book's shapes, and where the vocabulary is large."""
    for n_words in (N_WORDS, N_MANY_WORDS):
        small = n_words == N_WORDS
        corpus = nn.ptb.load_data("train")[0] if small else book_ops.zipf_ids(20 * n_words, n_words)
        for name, pair in book_ops.jobs_of(corpus, n_words, small=small).items():
            slow, fast = interleaved(pair, n_rounds)
            row = {"op": name, "n_words": n_words, "reference_us": micro(slow), "cpu_us": micro(fast)}
            ratio = spread(a / b for a, b in zip(slow, fast))
            show("ops", row | {"ratio": ratio, "floor": FLOORS.get((name, n_words), "-")})


def interleaved(jobs: list[Job], n_rounds: int) -> list[Seconds]:
    """Seconds a call of each job, one round after the other; a round of a short job is many calls."""
    n_calls = [max(1, int(0.02 / min(timed(job, 1), timed(job, 1)))) for job in jobs]
    rounds = [[timed(job, n) for job, n in zip(jobs, n_calls)] for _ in range(n_rounds)]
    return [list(column) for column in zip(*rounds)]


def timed(job: Job, n_calls: int) -> float:
    """Seconds a call."""
    begun = time.perf_counter()
    for _ in range(n_calls):
        job()
    return (time.perf_counter() - begun) / n_calls


# Iterations


@app.command()
def iteration(
    n_rounds: Annotated[int, typer.Option(help="Rounds, in which every run has its turn.")] = 5,
    n_steps: Annotated[
        int, typer.Option(help="Iterations of the reference in a round; of cpu ten times as many.")
    ] = 10,
    max_grad: Annotated[float | None, typer.Option(help="Clip the gradients to this norm; the book does not.")] = None,
) -> None:
    """Time whole iterations of both models."""
    for model, floors in RUNS.items():
        runs = {key: Run(model, *key, max_grad) for key in [*floors, ("reference", "SparseAdam")]}
        rounds: dict[Any, list[Array]] = {key: [] for key in runs}
        for turn in range(n_rounds + 1):
            for key, run in runs.items():
                steps = [run.step() for _ in range(n_steps * (10 if key[0] == "cpu" else 1))]
                # Means: where the machine pauses a run, medians would count the pauses of long steps alone.
                rounds[key] += [np.mean(steps, axis=0)] if turn else []  # the first fills caches and compiles
        for key in runs:
            show("iteration", iteration_row(model, key, rounds) | {"floor": floors.get(key) or "-"})


class Run:
    """A model in training."""

    def __init__(self, model: str, device: str, optimizer: str, max_grad: float | None) -> None:
        corpus = nn.ptb.load_data("train")[0]
        self.contexts, self.target = nn.create_contexts_target(corpus, WINDOW)
        self.model = getattr(nn, model)(N_WORDS, DIM, WINDOW, corpus, device=device, seed=0)
        self.optimizer = getattr(nn, optimizer)(device=device)
        self.order, self.n, self.max_grad = np.random.default_rng(0).permutation(len(self.target)), 0, max_grad

    def step(self) -> Seconds:
        """One iteration of Trainer; seconds of each stage, and of all."""
        ends = [time.perf_counter()]
        rows = self.order[self.n : self.n + BATCH]
        self.n = (self.n + BATCH) % (len(self.order) - BATCH)
        contexts, target = self.contexts.take(rows, axis=0), self.target.take(rows)
        ends.append(time.perf_counter())
        self.model.forward(contexts, target)
        ends.append(time.perf_counter())
        self.model.backward()
        ends.append(time.perf_counter())
        params, grads = nn.remove_duplicate(self.model.params, self.model.grads)
        if self.max_grad is not None:
            nn.clip_grads(grads, self.max_grad)
        ends.append(time.perf_counter())
        self.optimizer.update(params, grads)
        ends.append(time.perf_counter())
        return [*(b - a for a, b in pairwise(ends)), ends[-1] - ends[0]]


def iteration_row(model: str, key: tuple[str, str], rounds: dict[Any, list[Array]]) -> dict[str, Any]:
    """Cells of one run: its time, its stages, and its ratio to the reference with either optimizer."""
    total = [stages[-1] for stages in rounds[key]]
    row: dict[str, Any] = {"model": model, "device": key[0], "optimizer": key[1], "us": micro(total)}
    medians = np.median(rounds[key], axis=0)[:-1]
    row |= {stage: float(f"{1e6 * seconds:.4g}") for stage, seconds in zip(STAGES, medians)}
    for optimizer in ("Adam", "SparseAdam"):
        slow = [stages[-1] for stages in rounds["reference", optimizer]]
        row[f"x reference {optimizer}"] = spread(a / b for a, b in zip(slow, total))
    return row


# Whole runs


@app.command()
def train(
    optimizer: Annotated[str, typer.Option(help="SparseAdam, or Adam as in the book.")] = "SparseAdam",
    seeds: Annotated[int, typer.Option(help="Runs of CBOW, from seed 0 on.")] = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of CBOW; SkipGram has one.")] = 10,
    skipgram: Annotated[bool, typer.Option(help="Also run SkipGram.")] = True,
) -> None:
    """Train on the whole corpus, and print what came out beside the book's own vectors."""
    params = nn.load_params(data_file("cbow_params.pkl"))
    book = KeyedVectors(list(params["word_to_id"]), params["word_vecs"].astype(np.float32))
    show("train", {"model": "the book's cbow_params.pkl", **neighbours(book), **scores(book)})
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        runs.append(trained("CBOW", optimizer, epochs, seed))
        show("train", runs[-1])
    if seeds > 1:
        means = {name: round(statistics.mean(row[name][0] for row in runs), 2) for name in SCORES}
        spreads = {f"{name} spread": spread(row[name][0] for row in runs) for name in SCORES}
        seconds = spread(row["seconds"] for row in runs)
        show("train", {"model": "CBOW", "optimizer": optimizer, "seeds": seeds, "seconds": seconds, **means, **spreads})
    if skipgram:
        show("train", trained("SkipGram", optimizer, 1, 0))


def trained(name: str, optimizer: str, epochs: int, seed: int) -> dict[str, Any]:
    """Train one model; return its time, losses, neighbours and scores."""
    corpus, word_to_id, _ = nn.ptb.load_data("train")
    contexts, target = nn.create_contexts_target(corpus, WINDOW)
    model = getattr(nn, name)(N_WORDS, DIM, WINDOW, corpus, seed=seed)
    trainer = nn.Trainer(model, getattr(nn, optimizer)(), seed=seed)
    begun = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        trainer.fit(contexts, target, epochs, BATCH, eval_interval=20)
    seconds = round(time.perf_counter() - begun, 1)
    by_epoch = np.array_split(np.array(trainer.loss_list), epochs)
    losses = {
        "first loss": round(trainer.loss_list[0], 2),
        "mid epoch 1": round(by_epoch[0][len(by_epoch[0]) // 2], 2),
        "loss per epoch": [round(float(epoch.mean()), 2) for epoch in by_epoch],
        "the notes' CBOW": NOTES,
    }
    kv = KeyedVectors(list(word_to_id), model.word_vecs)
    run = {"model": name, "optimizer": optimizer, "seed": seed, "epochs": epochs, "seconds": seconds}
    return {**run, **losses, **neighbours(kv), **scores(kv)}


def neighbours(kv: KeyedVectors) -> dict[str, str]:
    """The five nearest words of each query."""
    return {
        query: ", ".join(f"{word} {cosine:.2f}" for word, cosine in kv.most_similar(query, topn=5)) for query in QUERIES
    }


def scores(kv: KeyedVectors) -> dict[str, list[float]]:
    """Analogies solved and Spearman correlations, in percent, each with the questions used, and all."""
    solved = evaluation.analogies(kv, data_file(SCORES["analogies"]))
    found = {"analogies": [round(100 * solved.accuracy, 2), solved.n_used, solved.n_total]}
    for name in ("ws353", "simlex"):
        pairs = evaluation.word_pairs(kv, data_file(SCORES[name]))
        found[name] = [round(100 * pairs.spearman.statistic, 2), pairs.n_used, pairs.n_total]
    return found


# Output


def micro(seconds: Sequence[float]) -> list[float]:
    """Median, least and greatest in microseconds."""
    return spread(1e6 * x for x in seconds)


def show(command: str, row: dict[str, Any]) -> None:
    """Print a row and record it."""
    print(" | ".join(f"{name}: {cell(value)}" for name, value in row.items()), flush=True)
    with open(RESULTS, "a") as results:
        known = {"command": command, "date": str(date.today()), "machine": machine(), "cores": os.cpu_count()}
        results.write(json.dumps(known | row) + "\n")


def cell(value: object) -> str:
    """A median with its spread, or the value as it is."""
    is_spread = isinstance(value, list) and len(value) == 3 and all(isinstance(x, float) for x in value)
    return "{:g} ({:g}-{:g})".format(*value) if is_spread else str(value)  # type: ignore[misc]


if __name__ == "__main__":
    app()
