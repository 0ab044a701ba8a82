"""What a second thread brings, and what keeps it from bringing as much again: the machine, or lines that both write.

`python benchmarks/two_threads.py` trains both models on the same tokens (film reviews where FASTW2V_DATA_DIR has them,
else the text of Python's standard library) by one thread; by two, each on weights of its own; by two on the same
weights; and lets one and two threads multiply and add in registers: all in turn, `--rounds` times. A row has how many
times the work of one thread two get done in the same time, as the median and the quartiles over the rounds.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from peak import peak
from results import cell, quartiles
from roofline import write_texts

from fastw2v._weights import initial_weights
from fastw2v.backends import get_backend
from fastw2v.config import TrainConfig
from fastw2v.corpus import text_corpus
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.trainer import train
from fastw2v.vocab import Vocab

MODELS = {"skip-gram": 1, "CBOW": 0}


def words_per_s(sg: int, vocab: Vocab, tokens: Tokens, n_models: int, workers: int) -> float:
    """Words a second of `n_models` models that are trained at the same time, each by so many workers."""
    config = TrainConfig(sg=sg, vector_size=100, window=5, negative=5, sample=1e-3, epochs=1, workers=workers)
    weights = [initial_weights(vocab, config.vector_size, seed) for seed in range(1, 1 + n_models)]
    with ThreadPoolExecutor(n_models) as pool:
        reports = pool.map(lambda each: train(get_backend("cpu"), config, vocab, tokens, each), weights)
        return sum(report.raw_words / report.train_seconds for report in reports)


def multiply_adds_per_s(n_threads: int) -> float:
    """Multiply-adds of so many threads, measured now."""
    return peak.__wrapped__(n_threads).gflops


def table(vocab: Vocab, tokens: Tokens, rounds: int) -> str:
    """Markdown: a row for each model."""
    lines = [
        "| | one thread, words/s | two, weights of their own | two, the same weights | the same beside their own |",
        "|---|---|---|---|---|",
    ]
    in_registers = []
    for name, sg in MODELS.items():
        runs = []
        for i in range(1 + rounds):
            arrangements = ((1, 1), (2, 1), (1, 2))
            rates = [words_per_s(sg, vocab, tokens, n_models, workers) for n_models, workers in arrangements]
            in_registers.append(multiply_adds_per_s(2) / multiply_adds_per_s(1))
            if i > 0:  # the first warms up
                runs.append(rates)
        one, own, same = np.array(runs).T
        columns = (own / one, same / one, same / own)
        lines.append(f"| {name} | {np.median(one) / 1e6:.2f} M | {' | '.join(cell(quartiles(c)) for c in columns)} |")
    return "\n".join([*lines, f"\nMultiply-adds in registers: {cell(quartiles(in_registers))}."])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = text_corpus(write_texts(Path(folder))["all words"])
        print(table(*encode_corpus(text, min_count=5, workers=2), chosen.rounds))
