"""What binds the CPU trainer: what a kept word costs for each vector of its rows, and what it costs besides.

`python benchmarks/roofline.py` trains both models by one thread, at two vector sizes, on a text (film reviews where
FASTW2V_DATA_DIR has them, else the text of Python's standard library), and on the same text with 200 words in the place
of all, whose rows stay in the cache. From these times: the cost of one more vector in each row beside the multiply-adds
that it needs at the peak of the same run; the cost that does not depend on the rows' length (subsampling, drawing, sums
over lanes, sigmoids); and what cache misses add.
"""

from __future__ import annotations

import argparse
import lzma
import os
import statistics
import tempfile
import zlib
from pathlib import Path

from peak import peak

from fastw2v import Word2Vec, datasets
from fastw2v_kernels._simd import LANES

SIZES, WINDOW, NEGATIVE = (100, 300), 5, 5
N_CACHED_WORDS = 200
Times = dict[tuple[str, int], float]  # ns of a kept word by text and vector size


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


def measure(sg: int, texts: dict[str, Path], rounds: int) -> tuple[Times, float]:
    """Median time of a kept word, and the context rows that it has."""
    runs: dict[tuple[str, int], list[float]] = {}
    for _ in range(1 + rounds):
        for size in SIZES:
            for name, path in texts.items():
                model = Word2Vec(corpus_file=path, sg=sg, vector_size=size, window=WINDOW, negative=NEGATIVE, workers=1)
                report = model.report
                runs.setdefault((name, size), []).append(1e9 * report.train_seconds / report.kept_words)
                contexts = report.pairs / report.kept_words
    return {key: statistics.median(times[1:]) for key, times in runs.items()}, contexts  # the first round warms up


def table(rounds: int) -> str:
    """Markdown: a row for each model and vector size."""
    gflops, targets = peak(1).gflops, 1 + NEGATIVE
    lines = [
        "| | vector_size | ns a kept word | share of peak | multiply-adds at peak | a vector costs, of peak | "
        "besides vectors | cache misses |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        texts = write_texts(Path(folder))
        contexts = 0.0
        for sg, name in ((1, "skip-gram"), (0, "CBOW")):
            times, found = measure(sg, texts, rounds)
            contexts = contexts or found  # of skip-gram: CBOW counts examples
            # Skip-gram: a score and two updates for each context and target. CBOW: the same for one hidden row, whose
            # sum over the contexts, and the way back, are additions.
            n_operations = 3 * targets * (contexts if sg else 1) + (0 if sg else contexts)
            ns_of_vector = 2 * LANES * n_operations / gflops
            vectors = [-(-size // LANES) for size in SIZES]
            cached = [times["few words", size] for size in SIZES]
            slope = (cached[1] - cached[0]) / (vectors[1] - vectors[0])
            for size, n_vectors, in_cache in zip(SIZES, vectors, cached):
                ns = times["all words", size]
                share = 2 * size * n_operations / gflops / ns
                lines.append(
                    f"| {name} | {size} | {ns:.0f} | {share:.0%} | {n_vectors * ns_of_vector:.0f} | "
                    f"{ns_of_vector / slope:.0%} | {in_cache - n_vectors * slope:.0f} | {ns - in_cache:.0f} |"
                )
    lines.append(f"\nPeak: {gflops:.0f} GFLOP/s of multiply-adds; {contexts:.1f} contexts a word, {targets} targets.")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each; their median is shown")
    print(table(parser.parse_args().rounds))
