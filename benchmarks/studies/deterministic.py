"""Deterministic training: the same bytes for any number of workers, its speed, and its quality.

Usage: python -m benchmarks.studies.deterministic [--runs 10] [--rounds 9] [--seeds 3] [--mega-bytes 4]

It trains on film reviews where FASTW2V_DATA_DIR has them, else on the text of Python's standard library, and prints:
the hashes of vectors, output rows and loss for 1, 2, 3 and 8 threads, `--runs` each; the speed of two workers compared
with Hogwild's, in pairs one after the other; and with `--seeds` the scores of both. The hashes are taken on the first
`--mega-bytes` of the text, with as many threads as workers even where there are fewer cores.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from benchmarks.corpora import reviews
from fastw2v.backends import TrainingData, cpu_batched, get_backend
from fastw2v.config import TrainConfig
from fastw2v.datasets import evaluation_files
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.evaluation import analogies, word_pairs
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.trainer import TrainReport, train
from fastw2v.vectors.weights import Weights, initial_weights
from fastw2v.vocab import Vocab

MODELS = {"skip-gram": 1, "CBOW": 0}
WORKERS = 1, 2, 3, 8
Encoded = tuple[Vocab, Tokens]


def trained(corpus: Encoded, config: TrainConfig, *, deterministic: bool) -> tuple[Weights, TrainReport]:
    """Train new weights; return them and the report."""
    weights = initial_weights(corpus[0], config.vector_size, config.seed)
    backend = get_backend("cpu", deterministic=deterministic, n_tokens=corpus[1].n_tokens)
    return weights, train(backend, config, TrainingData(*corpus, weights))


def hashes(corpus: Encoded, sg: int, n_runs: int) -> Iterator[str]:
    """Table rows: workers, and each hash with the number of runs that gave it."""
    for workers in WORKERS:
        found: Counter[str] = Counter()
        for _ in range(n_runs):
            config = TrainConfig(sg=sg, epochs=1, workers=workers, compute_loss=True)
            with mock.patch.object(cpu_batched, "available_cores", return_value=workers):
                weights, report = trained(corpus, config, deterministic=True)
            content = weights.w_in.tobytes() + weights.w_out.tobytes() + repr(report.loss).encode()
            found[hashlib.sha256(content).hexdigest()[:16]] += 1
        yield f"| {workers} | {', '.join(f'{hash} ({n} runs)' for hash, n in found.items())} |"


def speeds(corpus: Encoded, sg: int, n_rounds: int, *, workers: int = 2) -> str:
    """A table row: words/s of Hogwild and of deterministic training in turn, and their ratios."""
    pairs = []
    for i in range(1 + n_rounds):
        config = TrainConfig(sg=sg, epochs=1, workers=workers)
        reports = [trained(corpus, config, deterministic=mode)[1] for mode in (False, True)]
        if i > 0:  # the first compiles
            pairs.append([report.raw_words / report.train_seconds for report in reports])
    ratios = sorted(both / hogwild for hogwild, both in pairs)
    medians = (f"{statistics.median(column) / 1e6:.2f} M" for column in zip(*pairs))
    return f"| {' | '.join(medians)} | {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}) |"


def scores(corpus: Encoded, sg: int, seed: int, *, deterministic: bool) -> list[float]:
    """Analogies, WordSim-353 and SimLex-999, of 100, after five epochs."""
    config = TrainConfig(sg=sg, seed=seed, workers=2)
    weights, _ = trained(corpus, config, deterministic=deterministic)
    vectors = KeyedVectors(corpus[0].keys, weights.w_in[:, : config.vector_size], corpus[0].counts)
    pairs, questions = evaluation_files()
    found = [100 * analogies(vectors, path, restrict_vocab=30_000).accuracy for path in questions]
    return found + [100 * word_pairs(vectors, path).spearman.statistic for path in pairs]


def quality(corpus: Encoded, sg: int, n_seeds: int) -> Iterator[str]:
    """Table rows: Hogwild and deterministic training, the means of all seeds and the spread of each score."""
    for name, deterministic in (("Hogwild", False), ("deterministic", True)):
        columns = zip(*(scores(corpus, sg, seed, deterministic=deterministic) for seed in range(1, 1 + n_seeds)))
        cells = [f"{statistics.mean(c):.1f} ({min(c):.1f}-{max(c):.1f})" for c in map(list, columns)]
        yield f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10, help="runs for each number of workers")
    parser.add_argument("--rounds", type=int, default=9, help="pairs of runs whose speed is measured")
    parser.add_argument("--seeds", type=int, default=0, help="seeds whose scores are compared (FASTW2V_DATA_DIR)")
    parser.add_argument("--mega-bytes", type=int, default=4, help="text that the hashes are taken on")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text, first = Path(folder, "text"), Path(folder, "first")
        reviews(text, quick=False)
        with open(text, "rb") as source:
            first.write_bytes(source.read(chosen.mega_bytes * 1_000_000))
        short, whole = (encode_corpus(path, min_count=5, workers=2) for path in (first, text))
        for name, sg in MODELS.items():
            if chosen.runs:
                _print_table(f"| {name}: workers | hashes |", hashes(short, sg, chosen.runs))
            if chosen.rounds:
                row = speeds(whole, sg, chosen.rounds)
                _print_table(f"| {name}: Hogwild, words/s | deterministic | ratio |", [row])
            if chosen.seeds:
                _print_table(f"| {name} | analogies | WordSim-353 | SimLex-999 |", quality(whole, sg, chosen.seeds))


def _print_table(head: str, rows: Iterator[str] | list[str]) -> None:
    print(head, "|".join(["", *["---"] * (head.count("|") - 1), ""]), *rows, "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
