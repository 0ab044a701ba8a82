"""fastw2v beside gensim on film reviews: speed in alternating runs, memory, and quality in the same row.

Usage: python benchmarks/peers.py table [--pairs 3] [--seeds 3] [--model sg] [--model cbow]
       python benchmarks/peers.py markdown        the latest results as README's table

Needs gensim (extra `bench`) and FASTW2V_DATA_DIR with imdb-unsup.txt.xz, questions-words.txt, wordsim353.tsv and
simlex999.txt. Every run is a process of its own. Speed: one epoch, one thread each, nothing else running. Quality: five
epochs, one thread each (with several, gensim's `corpus_file` mode does not let the learning rate fall to its end), as
many runs at once as there are cores. The rows are added to benchmarks/results/peers.jsonl as well.
"""

from __future__ import annotations

import json
import lzma
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

Row = tuple[str, dict[str, Any]]
Figures = dict[str, Any]

RESULTS = Path(__file__).parent / "results" / "peers.jsonl"
KNOBS = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "min_count": 5}
SCORES = ("analogies", "ws353", "simlex")

# What stands in a row: the tool, the model, and the knobs by which it differs from the common ones.
ROWS: dict[str, list[Row]] = {
    "sg": [
        ("gensim", {"sg": 1}),
        ("fastw2v", {"sg": 1}),
        ("fastw2v", {"sg": 1, "negative_sharing": "pair"}),
    ],
    "cbow": [
        ("gensim", {"sg": 0, "alpha": 0.05}),
        ("fastw2v", {"sg": 0, "alpha": 0.05, "cbow_gradient": "sum"}),
        ("fastw2v", {"sg": 0, "alpha": 0.05, "cbow_gradient": "mean"}),
        ("fastw2v", {"sg": 0, "alpha": 0.075, "cbow_gradient": "mean"}),
        ("gensim", {"sg": 0}),
        ("fastw2v", {"sg": 0, "cbow_gradient": "sum"}),
    ],
}

app = typer.Typer(add_completion=False)


@app.command()
def table(
    pairs: Annotated[int, typer.Option(help="Timed runs of each tool, in turn; 0: no timing.")] = 3,
    seeds: Annotated[int, typer.Option(help="Seeds for the quality; 0: no quality.")] = 3,
    model: Annotated[list[str] | None, typer.Option(help="sg, cbow; default both.")] = None,
    workers: Annotated[int, typer.Option(help="Threads of the timed runs.")] = 1,
) -> None:
    """Print the table, a row as soon as it is known."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "reviews.txt")
        with lzma.open(data_file("imdb-unsup.txt.xz")) as packed, open(corpus, "wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 24)
        print(f"{machine()}, {os.cpu_count()} cores; {KNOBS}; {workers} timed threads")
        for name in model or list(ROWS):
            timed = speeds(ROWS[name], corpus, pairs, workers)
            for row, times in zip(ROWS[name], timed):
                show(row, times, timed[0], quality(row, corpus, seeds))


def speeds(rows: list[Row], corpus: Path, pairs: int, workers: int) -> list[list[Figures]]:
    """Timings of each row, one run of each in turn; the first, untimed, turn fills caches and compiles."""
    n_turns = pairs + 1 if pairs else 0
    turns = [[child(row, corpus, epochs=1, workers=workers, seed=1) for row in rows] for _ in range(n_turns)]
    return [list(column) for column in zip(*turns[1:])] or [[] for _ in rows]


def quality(row: Row, corpus: Path, seeds: int) -> list[Figures]:
    """Scores after five epochs, for each seed."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(child, row, corpus, epochs=5, workers=1, seed=1 + n, score=True) for n in range(seeds)]
    return [job.result() for job in jobs]


def child(row: Row, corpus: Path, **job: Any) -> Figures:  # noqa: ANN401
    """Run one training in a process of its own."""
    request = json.dumps({"tool": row[0], "knobs": KNOBS | row[1], "corpus": str(corpus), **job})
    done = subprocess.run([sys.executable, __file__, "run", request], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{request} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def show(row: Row, times: list[Figures], peer: list[Figures], scored: list[Figures]) -> None:
    """Print and record one row."""
    cells: dict[str, Any] = {"tool": row[0], "version": version(row[0]), "knobs": KNOBS | row[1]}
    if times:
        for figure in ("words_per_s", "total_s"):
            cells[figure] = spread(run[figure] for run in times)
        cells["train_ratio"] = spread(a["words_per_s"] / b["words_per_s"] for a, b in zip(times, peer))
        cells["total_ratio"] = spread(b["total_s"] / a["total_s"] for a, b in zip(times, peer))
        cells["peak_rss_mb"] = max(run["peak_rss_mb"] for run in times)
        cells["rss_bound_mb"] = times[0]["rss_bound_mb"]
    for name in SCORES if scored else ():
        cells[name] = spread(100 * run[name] for run in scored)
        cells[f"{name}_mean"] = round(statistics.mean(100 * run[name] for run in scored), 2)
    print(json.dumps({k: v for k, v in cells.items() if k not in ("knobs", "version")} | row[1]), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    with open(RESULTS, "a") as results:
        cells |= {"date": str(date.today()), "machine": machine(), "cores": os.cpu_count()}
        results.write(json.dumps(cells) + "\n")


def spread(values: Iterable[float]) -> list[float]:
    """Median, least and greatest, to four digits."""
    known = sorted(values)
    return [float(f"{x:.4g}") for x in (statistics.median(known), known[0], known[-1])]


def machine() -> str:
    """The processor's name, and whether kernels use AVX-512 on it."""
    from fastw2v_kernels._simd import LANES

    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {LANES} lanes"


@app.command()
def markdown() -> None:
    """Print the latest speed and the latest quality of every row as a table."""
    rows: dict[str, Figures] = {}
    for line in RESULTS.read_text().splitlines():
        cells = json.loads(line)
        key = json.dumps([cells["tool"], cells["knobs"]], sort_keys=True)
        rows[key] = rows.get(key, {}) | cells
    columns = ["model", "tool", "words/s", "x gensim", "file to vectors", "x gensim", "peak MB (bound)", *SCORES]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for cells in rows.values():
        knobs = cells["knobs"]
        own = ", ".join(f"{k} {v}" for k, v in knobs.items() if k not in KNOBS and k != "sg")
        tool = f"{cells['tool']} ({own})" if own else cells["tool"]
        scores_text = " | ".join(quality_cell(cells, name) for name in SCORES)
        print(f"| {'skip-gram' if knobs['sg'] else 'CBOW'} | {tool} | {timing_cells(cells)} | {scores_text} |")


def timing_cells(cells: Figures) -> str:
    """Speed, its ratio to gensim's, seconds in all, their ratio, memory: each a median with least and greatest."""
    if "words_per_s" not in cells:
        return " | ".join(["-"] * 5)
    speed = cells["words_per_s"][0] / 1e6
    ratios = ["{:.1f} ({:.1f}-{:.1f})".format(*cells[name]) for name in ("train_ratio", "total_ratio")]
    memory = f"{cells['peak_rss_mb']:.0f} ({cells['rss_bound_mb']:.0f})"
    return f"{speed:.2f} M | {ratios[0]} | {cells['total_s'][0]:.1f} s | {ratios[1]} | {memory}"


def quality_cell(cells: Figures, name: str) -> str:
    """Mean over the seeds, with least and greatest."""
    return "{:.1f} ({:.1f}-{:.1f})".format(cells[f"{name}_mean"], *cells[name][1:]) if name in cells else "-"


@app.command()
def run(request: str) -> None:
    """Train once and print the figures (what `table` calls)."""
    from fastw2v._console import peak_rss_bytes

    job = json.loads(request)
    options = job["knobs"] | {key: job[key] for key in ("epochs", "workers", "seed")}
    with tempfile.TemporaryDirectory() as folder:
        vectors = Path(folder, "vectors.bin")
        train = run_gensim if job["tool"] == "gensim" else run_fastw2v
        figures, n_vocab = train(job["corpus"], options, vectors)
        figures["peak_rss_mb"] = (peak_rss_bytes() or 0) / 1e6
        figures["rss_bound_mb"] = (8 * n_vocab * options["vector_size"] + 8 * figures["raw_words"]) / 1e6 + 250
        if job.get("score"):
            figures |= scores(vectors)
    print(json.dumps(figures))


def run_fastw2v(corpus: str, options: dict[str, Any], vectors: Path) -> tuple[dict[str, Any], int]:
    """From file to saved vectors."""
    from fastw2v import Word2Vec

    begun = time.perf_counter()
    model = Word2Vec(corpus_file=corpus, **options)
    model.wv.save(vectors)
    total = time.perf_counter() - begun
    report = model.report
    speed = report.raw_words / report.train_seconds
    return {"words_per_s": speed, "total_s": total, "raw_words": report.raw_words / options["epochs"]}, len(model.vocab)


def run_gensim(corpus: str, options: dict[str, Any], vectors: Path) -> tuple[dict[str, Any], int]:
    """From file to saved vectors; gensim's training is timed apart from its vocabulary."""
    from gensim.models import Word2Vec

    begun = time.perf_counter()
    model = Word2Vec(**options)
    model.build_vocab(corpus_file=corpus)
    trained = time.perf_counter()
    model.train(
        corpus_file=corpus,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=options["epochs"],
    )
    trained = time.perf_counter() - trained
    model.wv.save_word2vec_format(vectors, binary=True)
    total = time.perf_counter() - begun
    n_words = int(model.wv.expandos["count"].sum())
    speed = n_words * options["epochs"] / trained
    return {"words_per_s": speed, "total_s": total, "raw_words": n_words}, len(model.wv)


def scores(vectors: Path) -> dict[str, float]:
    """Analogies (the 30,000 most frequent words) and Spearman correlations, by the same code for both tools."""
    from fastw2v import KeyedVectors, evaluation

    kv = KeyedVectors.load(vectors)
    return {
        "analogies": evaluation.analogies(kv, data_file("questions-words.txt"), restrict_vocab=30_000).accuracy,
        "ws353": evaluation.word_pairs(kv, data_file("wordsim353.tsv")).spearman.statistic,
        "simlex": evaluation.word_pairs(kv, data_file("simlex999.txt")).spearman.statistic,
    }


def data_file(name: str) -> Path:
    """A file of the data folder."""
    from fastw2v.datasets import data_dir

    return data_dir() / name


if __name__ == "__main__":
    app()
