"""Measure the speed-up by a second thread, and its limits: the machine, and cache lines that both threads write.

`python -m benchmarks.studies.two_threads` trains both models on the same tokens (film reviews where FASTW2V_DATA_DIR
has them, else the text of Python's standard library) by one thread; by two on separate weights; and by two on the same
weights: in alternation, `--rounds` times. It prints how many times the work of one thread two threads do in the same
time, and for each round how long a cache line took from one core to the other (`distance.py`). The host of a virtual
machine may move its cores at any time, so the rounds are printed one by one, nearest cores first, then their medians.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.studies.distance import line_ns
from benchmarks.studies.roofline import write_texts
from fastw2v.backends import TrainingData, get_backend
from fastw2v.config import TrainConfig
from fastw2v.corpus import text_corpus
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.trainer import train
from fastw2v.vectors.weights import initial_weights
from fastw2v.vocab import Vocab
from fastw2v_kernels.shared.threads import available_cores

MODELS = {"skip-gram": 1, "CBOW": 0}
ARRANGEMENTS = ((1, 1), (2, 1), (1, 2))  # models trained at the same time, and the threads of each


def words_per_s(sg: int, vocab: Vocab, tokens: Tokens, *, n_models: int, workers: int) -> float:
    """Words a second of all models together."""
    config = TrainConfig(sg=sg, vector_size=100, window=5, negative=5, sample=1e-3, epochs=1, workers=workers)
    weights = [initial_weights(vocab, config.vector_size, seed) for seed in range(1, 1 + n_models)]
    with ThreadPoolExecutor(n_models) as pool:
        data = (TrainingData(vocab, tokens, each) for each in weights)
        reports = list(pool.map(lambda each: train(get_backend("cpu"), config, each), data))
    return sum(report.raw_words for report in reports) / max(report.train_seconds for report in reports)


def rounds(sg: int, vocab: Vocab, tokens: Tokens, *, n_rounds: int) -> Iterator[tuple[float, float, float, float]]:
    """For each round: ns that a cache line takes; words/s of one thread, of two on separate and on the same weights."""
    for i in range(1 + n_rounds):
        before = line_ns()
        one, own, same = (words_per_s(sg, vocab, tokens, n_models=n, workers=workers) for n, workers in ARRANGEMENTS)
        if i > 0:  # the first warms up
            yield (before + line_ns()) / 2, one, own, same


def table(vocab: Vocab, tokens: Tokens, n_rounds: int) -> str:
    """Markdown: a row for each model and round."""
    lines = [
        "| | a cache line takes | one thread, words/s | two, separate weights | two, the same weights |",
        "|---|---|---|---|---|",
    ]
    for name, sg in MODELS.items():
        known = [
            (way, one, own / one, same / one) for way, one, own, same in rounds(sg, vocab, tokens, n_rounds=n_rounds)
        ]
        lines += [_row(name, figures) for figures in sorted(known)]
        lines.append(_row(f"{name}, median", map(statistics.median, zip(*known))))
    return "\n".join(lines)


def _row(name: str, figures: Iterable[float]) -> str:
    way, one, own, same = figures
    return f"| {name} | {way:.0f} ns | {one / 1e6:.2f} M | {own:.2f} x | {same:.2f} x |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each")
    chosen = parser.parse_args()
    if available_cores() < 2:
        sys.exit("this process may use one core: there is nothing to measure; run it where there are two")
    with tempfile.TemporaryDirectory() as folder:
        text = text_corpus(write_texts(Path(folder))["all words"])
        print(table(*encode_corpus(text, min_count=5, workers=2), chosen.rounds))
