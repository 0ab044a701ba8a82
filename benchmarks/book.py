"""Train the book's models on the Penn Treebank; print time, loss, neighbours and scores beside the book's vectors.

Usage: python benchmarks/book.py [--optimizer Adam] [--seeds 3] [--epochs 10] [--no-skipgram]

Needs FASTW2V_DATA_DIR with ptb.train.txt, cbow_params.pkl (the book's own vectors), questions-words.txt,
wordsim353.tsv and simlex999.txt. The rows are added to benchmarks/results/book.jsonl as well.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from typing import Annotated, Any

import numpy as np
import typer
from cases import BATCH, DIM, N_WORDS, QUERIES, WINDOW
from results import append, cell, here, spread

from fastw2v import KeyedVectors, evaluation, nn
from fastw2v.datasets import data_dir

NOTES = "4.16 at the start, 2.40 mid epoch 1, about 1.80 in epoch 5, 1.60 in epoch 8"
SCORES = {"analogies": "questions-words.txt", "ws353": "wordsim353.tsv", "simlex": "simlex999.txt"}


def train(
    optimizer: Annotated[str, typer.Option(help="SparseAdam, or Adam as in the book.")] = "SparseAdam",
    seeds: Annotated[int, typer.Option(help="Runs of CBOW, from seed 0 on.")] = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of CBOW; SkipGram has one.")] = 10,
    skipgram: Annotated[bool, typer.Option(help="Also run SkipGram.")] = True,
) -> None:
    """Train on the whole corpus, and print what came out beside the book's own vectors."""
    params = nn.load_params(data_dir() / "cbow_params.pkl")
    book = KeyedVectors(list(params["word_to_id"]), params["word_vecs"].astype(np.float32))
    show({"model": "the book's cbow_params.pkl", **neighbours(book), **scores(book)})
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        runs.append(trained("CBOW", optimizer, epochs, seed))
        show(runs[-1])
    if seeds > 1:
        means = {name: round(statistics.mean(row[name][0] for row in runs), 2) for name in SCORES}
        spreads = {f"{name} spread": spread(row[name][0] for row in runs) for name in SCORES}
        seconds = spread(row["seconds"] for row in runs)
        show({"model": "CBOW", "optimizer": optimizer, "seeds": seeds, "seconds": seconds, **means, **spreads})
    if skipgram:
        show(trained("SkipGram", optimizer, 1, 0))


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
    solved = evaluation.analogies(kv, data_dir() / SCORES["analogies"])
    found = {"analogies": [round(100 * solved.accuracy, 2), solved.n_used, solved.n_total]}
    for name in ("ws353", "simlex"):
        pairs = evaluation.word_pairs(kv, data_dir() / SCORES[name])
        found[name] = [round(100 * pairs.spearman.statistic, 2), pairs.n_used, pairs.n_total]
    return found


def show(row: dict[str, Any]) -> None:
    """Print a row and record it."""
    print(" | ".join(f"{name}: {cell(value)}" for name, value in row.items()), flush=True)
    append("book", here() | row)


if __name__ == "__main__":
    typer.run(train)
