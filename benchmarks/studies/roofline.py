"""Measure the limits of the CPU trainer: the cost of a kept word per vector of its rows, and its fixed cost.

`python -m benchmarks.studies.roofline` trains both models by one thread, with negatives and with hierarchical
softmax, at two vector sizes, on a text (film reviews where FASTW2V_DATA_DIR has them, else the text of the standard
library), and on the same text with 200 words instead of all, whose rows stay in the cache. Three costs follow from
these times: that of one more vector in each row, compared with the time of its multiply-adds at the peak of the same
run; the fixed cost, which does not depend on the rows' length (subsampling, drawing, sums over lanes, sigmoids); and
that of cache misses. Each row is printed and recorded.
"""

from __future__ import annotations

import argparse
import lzma
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peak import peak
from benchmarks.report.results import FOLDER, Row, Spread, append, cell, digits, here, spread
from fastw2v import Word2Vec, datasets
from fastw2v_kernels._simd import LANES

SIZES, WINDOW, NEGATIVE = (100, 300), 5, 5
N_CACHED_WORDS = 200
_NEGATIVES, _PATHS = {"negative": NEGATIVE}, {"negative": 0, "hs": 1}
KINDS: dict[str, dict[str, Any]] = {
    "skip-gram": {"sg": 1} | _NEGATIVES,
    "CBOW": {"sg": 0} | _NEGATIVES,
    "skip-gram hs": {"sg": 1} | _PATHS,
    "CBOW hs": {"sg": 0} | _PATHS,
}
Times = dict[tuple[str, int], Spread]  # ns of a kept word by text and vector size


def write_texts(folder: Path) -> dict[str, Path]:
    """The text, and the same with few words."""
    packed = Path(os.environ.get("FASTW2V_DATA_DIR", ""), "imdb-unsup.txt.xz")
    text = lzma.open(packed).read() if packed.exists() else datasets.default_corpus().sources[0]
    few = {word: b"%d" % (zlib.crc32(word) % N_CACHED_WORDS) for word in set(text.split())}
    texts = {
        "all words": text,
        "few words": b"\n".join(b" ".join(few[w] for w in line.split()) for line in text.splitlines()),
    }
    for name, content in texts.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in texts}


class Sampled(NamedTuple):
    """Samples of a text. They depend on the seed only, not on the vector size."""

    contexts: float  # context rows of a kept word (CBOW counts examples: 1)
    kept_share: float  # of all words
    targets: float  # of a kept word: itself and its negatives, or the nodes of its path


def measure(options: dict[str, Any], texts: dict[str, Path], rounds: int) -> tuple[Times, dict[str, Sampled]]:
    """Time of a kept word; and what was trained, by text."""
    runs: dict[tuple[str, int], list[float]] = {}
    sampled: dict[str, Sampled] = {}
    for _ in range(1 + rounds):
        for size in SIZES:
            for name, path in texts.items():
                model = Word2Vec(corpus_file=path, vector_size=size, window=WINDOW, workers=1, **options)
                report = model.report
                runs.setdefault((name, size), []).append(1e9 * report.train_seconds / report.kept_words)
                shares = report.pairs / report.kept_words, report.kept_words / report.raw_words
                sampled[name] = Sampled(*shares, n_targets(model))
    return {key: spread(times[1:]) for key, times in runs.items()}, sampled  # the first round warms up


def n_targets(model: Word2Vec) -> float:
    """Rows of the output matrix that a kept word is trained with, in the mean."""
    if not model.hs:
        return 1 + model.negative
    kept = model.vocab.counts * model.vocab.keep_probabilities(model.sample)
    lengths = [len(model.wv.get_vecattr(word, "code")) for word in model.wv.index_to_key]
    return float(np.average(lengths, weights=kept))


def operations(sg: int, contexts: float, targets: float) -> float:
    """Multiply-adds of a kept word, for each column.

    Skip-gram: a score and two updates for each context and target. CBOW: the same for one hidden row, whose sum over
    the contexts, and the way back, are additions.
    """
    scored = 3 * targets
    return scored * contexts if sg else scored + contexts


def rows(rounds: int) -> Iterator[Row]:
    """A row for each model and vector size."""
    gflops = peak(1).gflops
    contexts: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        texts = write_texts(Path(folder))
        for model, kind in KINDS.items():
            times, sampled = measure(kind, texts, rounds)
            if kind["sg"]:
                contexts = {name: text.contexts for name, text in sampled.items()}  # CBOW counts examples
            n_operations = {name: operations(kind["sg"], n, sampled[name].targets) for name, n in contexts.items()}
            vectors = [-(-size // LANES) for size in SIZES]
            cached = [times["few words", size][0] for size in SIZES]
            slope = (cached[1] - cached[0]) / (vectors[1] - vectors[0])
            for size, n_vectors, in_cache in zip(SIZES, vectors, cached):
                ns = times["all words", size]
                longer = n_vectors * slope * (n_operations["all words"] / n_operations["few words"] - 1)
                cells = {
                    "gflops_share": [2 * size * n_operations["all words"] / gflops / ns[i] for i in (0, 2, 1)],
                    "ns_at_peak": n_vectors * 2 * LANES * n_operations["all words"] / gflops,
                    "vector_share": 2 * LANES * n_operations["few words"] / gflops / slope,
                    "ns_besides": in_cache - n_vectors * slope,
                    # About 4 ns too few: subsampling keeps fewer of 200 words (0.57 of the film reviews, 0.76 of all
                    # words), so a kept word there pays for 0.4 more dropped ones, at 12 ns each for subsampling.
                    "ns_misses": ns[0] - in_cache - longer,
                    "gflops_peak": gflops,
                    "contexts": contexts["all words"],
                    "targets": sampled["all words"].targets,
                    "kept_share": sampled["all words"].kept_share,
                    "few_words_kept_share": sampled["few words"].kept_share,
                }
                sizes = {"D": size, "window": WINDOW, "negative": kind["negative"], "rounds": rounds}
                yield {"name": f"{model}, D {size}", "model": model, **sizes, "ns_kept_word": ns} | {
                    name: [digits(x) for x in value] if isinstance(value, list) else digits(value)
                    for name, value in cells.items()
                }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each; their median is shown")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder for the recorded rows")
    options = parser.parse_args()
    for row in rows(options.rounds):
        print(" | ".join(f"{name}: {cell(value)}" for name, value in row.items()), flush=True)
        append("roofline", here() | row, options.to)
