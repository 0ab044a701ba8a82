"""One training by fastw2v, gensim or fastText, from a text file to saved vectors; a program with a new process per run.

`test_end_to_end.py` starts it with a request in JSON; it prints the figures of the run as JSON. The rows of the table
"peers", and the options that all of them share, are defined here too.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

OPTIONS = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "min_count": 5}
SUBWORDS = {"min_n": 3, "max_n": 6, "bucket": 2_000_000}  # of FastText
SCORES = {"analogies": "questions-words.txt", "ws353": "wordsim353.tsv", "simlex": "simlex999.txt"}
N_RANKED = 30_000  # words among which analogies are solved

_FASTTEXT_OPTIONS = {  # its names, and ours
    "dim": "vector_size",
    "ws": "window",
    "neg": "negative",
    "t": "sample",
    "minCount": "min_count",
    "minn": "min_n",
    "maxn": "max_n",
    "bucket": "bucket",
    "epoch": "epochs",
    "thread": "workers",
}

Counts = np.ndarray[Any, np.dtype[np.int64]]


class Row(NamedTuple):
    """The tool, and the options by which it differs from the common ones."""

    tool: str
    options: dict[str, Any]


ROWS = {
    "skip-gram gensim": Row("gensim", {"sg": 1}),
    "skip-gram fastw2v": Row("fastw2v", {"sg": 1}),
    "skip-gram fastw2v pair": Row("fastw2v", {"sg": 1, "negative_sharing": "pair"}),
    "CBOW gensim .05": Row("gensim", {"sg": 0, "alpha": 0.05}),
    "CBOW fastw2v .05 sum": Row("fastw2v", {"sg": 0, "alpha": 0.05, "cbow_gradient": "sum"}),
    "CBOW fastw2v .05 mean": Row("fastw2v", {"sg": 0, "alpha": 0.05, "cbow_gradient": "mean"}),
    "CBOW fastw2v .075 mean": Row("fastw2v", {"sg": 0, "alpha": 0.075, "cbow_gradient": "mean"}),
    "CBOW gensim .025": Row("gensim", {"sg": 0}),
    "CBOW fastw2v .025 sum": Row("fastw2v", {"sg": 0, "cbow_gradient": "sum"}),
}
QUICK_ROWS = ["skip-gram gensim", "skip-gram fastw2v", "CBOW gensim .025", "CBOW fastw2v .025 sum"]


def run(tool: str, options: dict[str, Any], corpus: str, *, score: bool) -> dict[str, Any]:
    """Train once and return the figures; `score` the vectors too."""
    from fastw2v.runtime.memory import peak_rss_bytes

    with tempfile.TemporaryDirectory() as folder:
        vectors = Path(folder, "vectors.bin")
        figures, counts = TOOLS[tool](corpus, options, vectors)
        figures["peak_rss_mb"] = (peak_rss_bytes() or 0) / 1e6
        weights, tokens = figures["n_vocab"] * options["vector_size"], figures["raw_words"]
        figures["rss_bound_mb"] = (8 * weights + 8 * tokens) / 1e6 + 250
        return figures | (scores(vectors, counts) if score else {})


def run_fastw2v(corpus: str, options: dict[str, Any], vectors: Path) -> tuple[dict[str, Any], Counts]:
    """From file to saved vectors; their words' counts."""
    from fastw2v import FastText, Word2Vec

    begun = time.perf_counter()
    model = (FastText if "bucket" in options else Word2Vec)(corpus_file=corpus, **options)
    model.wv.save(vectors)
    total = time.perf_counter() - begun
    n_words, seconds, n_vocab = model.report.raw_words, model.report.train_seconds, len(model.vocab)
    figures = figures_of(n_words // options["epochs"], n_vocab, n_words / seconds, total_s=total)
    if isinstance(model, FastText):
        figures["n_ngrams"] = len(model.wv.rows) - n_vocab
    return figures, model.vocab.counts


def run_gensim(corpus: str, options: dict[str, Any], vectors: Path) -> tuple[dict[str, Any], Counts]:
    """From file to saved vectors, and their words' counts; gensim's training is timed without its vocabulary."""
    from gensim.models import FastText, Word2Vec

    begun = time.perf_counter()
    model = (FastText if "bucket" in options else Word2Vec)(**options)
    model.build_vocab(corpus_file=corpus)
    sizes = {"total_examples": model.corpus_count, "total_words": model.corpus_total_words}
    trained = time.perf_counter()
    model.train(corpus_file=corpus, epochs=options["epochs"], **sizes)
    trained = time.perf_counter() - trained
    model.wv.save_word2vec_format(vectors, binary=True)
    total = time.perf_counter() - begun
    counts = model.wv.expandos["count"]
    n_words = int(counts.sum())
    return figures_of(n_words, len(model.wv), n_words * options["epochs"] / trained, total_s=total), counts


def run_fasttext(corpus: str, options: dict[str, Any], vectors: Path) -> tuple[dict[str, Any], Counts]:
    """From file to saved vectors, and their words' counts, by fastText's own program, as its package for Python.

    A call reads the vocabulary and trains. A call without epochs tells how long the former takes.
    """
    import fasttext  # type: ignore[import-not-found]

    from fastw2v import KeyedVectors

    given = fasttext_options(options)
    begun = time.perf_counter()
    fasttext.train_unsupervised(corpus, **given | {"epoch": 0})
    read = time.perf_counter() - begun
    begun = time.perf_counter()
    model = fasttext.train_unsupervised(corpus, **given)
    total = time.perf_counter() - begun
    words, counts = model.get_words(include_freq=True)
    KeyedVectors(words, np.array([model.get_word_vector(word) for word in words])).save(vectors)
    n_words = int(counts.sum())
    return figures_of(n_words, len(words), n_words * options["epochs"] / (total - read), total_s=total), counts


def fasttext_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return options under fastText's names."""
    given = {name: options[ours] for name, ours in _FASTTEXT_OPTIONS.items()}
    return given | {"model": "skipgram" if options["sg"] else "cbow", "lr": options.get("alpha", 0.025), "verbose": 0}


def figures_of(raw_words: int, n_vocab: int, words_per_s: float, *, total_s: float) -> dict[str, Any]:
    """Figures of a run: tokens, size of the vocabulary, speed of training, seconds from file to vectors."""
    return {"raw_words": raw_words, "n_vocab": n_vocab, "words_per_s": words_per_s, "total_s": total_s}


def scores(vectors: Path, counts: Counts) -> dict[str, float]:
    """Analogies among the most frequent words and Spearman correlations, by the same code for both tools.

    The tools order words with equal counts differently. Here they are in alphabetical order, so that both tools are
    asked the same questions.
    """
    from fastw2v import KeyedVectors, evaluation
    from fastw2v.datasets import data_dir

    saved, folder = KeyedVectors.load(vectors), data_dir()
    keys = saved.index_to_key
    order = sorted(range(len(keys)), key=lambda row: (-counts[row], keys[row]))
    kv = KeyedVectors([keys[row] for row in order], saved.vectors[order])
    solved = evaluation.analogies(kv, folder / SCORES["analogies"], restrict_vocab=N_RANKED)
    pairs = {name: evaluation.word_pairs(kv, folder / SCORES[name]) for name in ("ws353", "simlex")}
    return {"analogies": solved.accuracy} | {name: found.spearman.statistic for name, found in pairs.items()}


TOOLS = {"fastw2v": run_fastw2v, "gensim": run_gensim, "fasttext": run_fasttext}

if __name__ == "__main__":
    print(json.dumps(run(**json.loads(sys.argv[1]))))
