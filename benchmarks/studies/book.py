"""Train the book's models on the Penn Treebank; print time, loss, neighbours and scores, and the book's.

Usage: python -m benchmarks.studies.book [--optimizer Adam]... [--seeds 3] [--epochs 10] [--skipgram-epochs 1]
                                         [--to FOLDER]

Needs FASTW2V_DATA_DIR with ptb.train.txt, cbow_params.pkl (the book's own vectors), questions-words.txt,
wordsim353.tsv and simlex999.txt. The vectors are scored after each epoch, outside of the time. The rows are added to
benchmarks/results/book.jsonl (or FOLDER's) as well.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.cases import BATCH, DIM, N_WORDS, QUERIES, WINDOW
from benchmarks.report.results import FOLDER, append, cell, here, spread
from fastw2v import KeyedVectors, evaluation, nn
from fastw2v.datasets import data_dir

NOTES = "4.16 at the start, 2.40 mid epoch 1, about 1.80 in epoch 5, 1.60 in epoch 8"
SCORES = {"analogies": "questions-words.txt", "ws353": "wordsim353.tsv", "simlex": "simlex999.txt"}


def train(
    optimizer: Annotated[
        list[str] | None, typer.Option(help="SparseAdam (the default), or Adam as in the book; may be repeated.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Runs of CBOW for each optimizer, from seed 0 on; 0: none.")] = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of CBOW.")] = 10,
    skipgram_epochs: Annotated[int, typer.Option(help="Epochs of SkipGram; 0: no SkipGram.")] = 1,
    to: Annotated[Path, typer.Option(help="Folder whose book.jsonl gets the rows.")] = FOLDER,
) -> None:
    """Train on the whole corpus; print the results, and those of the vectors that the book's author published."""
    params = nn.load_params(data_dir() / "cbow_params.pkl")
    book = KeyedVectors(list(params["word_to_id"]), params["word_vecs"].astype(np.float32))
    show({"model": "the book's cbow_params.pkl", **neighbours(book), **scores(book)}, to)
    for name in optimizer or ["SparseAdam"]:
        runs: list[dict[str, Any]] = []
        for seed in range(seeds):
            runs.append(trained("CBOW", name, epochs, seed=seed))
            show(runs[-1], to)
        if seeds > 1:
            means = {score: round(statistics.mean(row[score][0] for row in runs), 2) for score in SCORES}
            spreads = {f"{score} spread": spread(row[score][0] for row in runs) for score in SCORES}
            known = {"optimizer": name, "seeds": seeds, "seconds": spread(row["seconds"] for row in runs)}
            show({"model": "CBOW", **known, **means, **spreads}, to)
        if skipgram_epochs:
            show(trained("SkipGram", name, skipgram_epochs, seed=0), to)


def trained(name: str, optimizer: str, n_epochs: int, *, seed: int) -> dict[str, Any]:
    """Train one model; return its time, losses, neighbours, and scores after each epoch and at the end."""
    corpus, word_to_id, _ = nn.ptb.load_data("train")
    contexts, target = nn.create_contexts_target(corpus, WINDOW)
    model = getattr(nn, name)(N_WORDS, DIM, WINDOW, corpus, seed=seed)
    trainer = nn.Trainer(model, getattr(nn, optimizer)(), seed=seed)
    seconds, losses, marks = list[float](), list[np.ndarray](), list[dict[str, list[float]]]()
    for epoch in range(1, n_epochs + 1):
        begun, n_before = time.perf_counter(), len(trainer.loss_list)
        with contextlib.redirect_stdout(io.StringIO()):
            trainer.fit(contexts, target, 1, BATCH, eval_interval=20)
        seconds.append(time.perf_counter() - begun)
        losses.append(np.array(trainer.loss_list[n_before:]))
        kv = KeyedVectors(list(word_to_id), model.word_vecs)
        marks.append(scores(kv))
        known = ", ".join(f"{score} {found[0]:g}" for score, found in marks[-1].items())
        print(f"{name}, {optimizer}, epoch {epoch}: {seconds[-1]:.1f} s, loss {losses[-1].mean():.2f}, {known}")
    run = {"model": name, "optimizer": optimizer, "seed": seed, "epochs": n_epochs, "seconds": round(sum(seconds), 1)}
    run |= {
        "first loss": round(trainer.loss_list[0], 2),
        "mid epoch 1": round(losses[0][len(losses[0]) // 2], 2),
        "loss per epoch": [round(float(epoch.mean()), 2) for epoch in losses],
        "epoch_s": spread(seconds),
    }
    run |= {"the notes' CBOW": NOTES} if name == "CBOW" else {}
    run |= {f"{score} per epoch": [found[score][0] for found in marks] for score in SCORES}
    return {**run, **neighbours(kv), **marks[-1]}


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


def show(row: dict[str, Any], to: Path) -> None:
    """Print a row and record it."""
    print(" | ".join(f"{name}: {cell(value)}" for name, value in row.items()), flush=True)
    append("book", here() | row, to)


if __name__ == "__main__":
    try:
        typer.run(train)
    except OSError as error:  # the data are not there: the error has the cure
        sys.exit(str(error))
