"""Pairs of trainings that `test_pairs.py` runs in alternation, A B A B, each run in a new process.

A slow minute of the machine hits both sides of a pair, so the ratio of each pair of runs is fair. The median and the
quartiles of these ratios are recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from benchmarks import peers, tasks
from benchmarks.report.results import digits, quartiles
from benchmarks.timing import run_child

Figures = dict[str, Any]
ONE_BLAS_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
AVX2 = {"FASTW2V_SIMD": "avx2", "OPENBLAS_CORETYPE": "Haswell"}  # our kernels, and the BLAS that gensim calls
RSS_ALLOWANCE_MB = 300  # added to 4 bytes for each weight and 8 for each token


class Side(NamedTuple):
    """One side of a pair: the tool, its task (a function of `tasks.py`), the options of the task, and the corpus.

    `environment` holds environment variables of its process.
    """

    tool: str
    task: str
    options: dict[str, Any]
    corpus: str = ""
    environment: Mapping[str, str] = MappingProxyType({})


class Pair(NamedTuple):
    """Both sides, and the figures whose ratios are recorded; `scored`: the vectors are evaluated too."""

    base: Side
    ours: Side
    fields: tuple[str, ...]
    scored: bool = False


def _trained(sg: int, *, workers: int = 1, base: str = "gensim", **options: Any) -> Pair:  # noqa: ANN401
    """Another tool and fastw2v on the film reviews; `negative_sharing` is an option of fastw2v only.

    fastText's package takes no seed as an argument, so its scores would be those of one training.
    """
    common = {name: value for name, value in options.items() if name != "negative_sharing"}
    base_side = _side(base, sg, workers, corpus="reviews", **common)
    ours = _side("fastw2v", sg, workers, corpus="reviews", **options)
    return Pair(base_side, ours, ("words_per_s", "total_s"), scored=workers == 1 and base == "gensim")


def _side(tool: str, sg: int, workers: int, *, corpus: str, **options: Any) -> Side:  # noqa: ANN401
    return Side(tool, "train", peers.OPTIONS | {"sg": sg, "workers": workers} | options, corpus)


def _of_avx2(sg: int) -> Pair:
    """Gensim and fastw2v on a processor with AVX-512, both as on one without; scores would be as with it."""
    pair = _trained(sg)
    sides = (side._replace(environment=AVX2) for side in (pair.base, pair.ours))
    return Pair(*sides, pair.fields)


def _own(sg: int, base: tuple[int, str], ours: tuple[int, str]) -> Pair:
    """Fastw2v with other workers, or on another corpus."""
    return Pair(*(_side("fastw2v", sg, workers, corpus=corpus) for workers, corpus in (base, ours)), ("words_per_s",))


def _encoded(base: tuple[int, str], ours: tuple[int, str]) -> Pair:
    sides = (Side("fastw2v", "encode", {"workers": workers}, corpus) for workers, corpus in (base, ours))
    return Pair(*sides, ("mb_per_s",))


_PATHS = {"hs": 1, "negative": 0}
_LARGE = {"vector_size": 300, "min_count": 1}
PAIRS = {
    "skip-gram": _trained(1),
    "skip-gram, pair": _trained(1, negative_sharing="pair"),
    "skip-gram, window 10, negative 15": _trained(1, window=10, negative=15),
    "skip-gram, window 10": _trained(1, window=10),
    "skip-gram, D 300": _trained(1, vector_size=300),
    "skip-gram, D 300, window 10": _trained(1, vector_size=300, window=10),
    "skip-gram, AVX2": _of_avx2(1),
    "CBOW, AVX2": _of_avx2(0),
    "skip-gram, pair, D 300": _trained(1, vector_size=300, negative_sharing="pair"),
    "skip-gram, 2 workers": _trained(1, workers=2),
    "CBOW": _trained(0),
    "CBOW, window 10, negative 15": _trained(0, window=10, negative=15),
    "CBOW, D 300": _trained(0, vector_size=300),
    "CBOW, 2 workers": _trained(0, workers=2),
    "skip-gram hs": _trained(1, **_PATHS),
    "skip-gram hs, D 300": _trained(1, vector_size=300, **_PATHS),
    "CBOW hs": _trained(0, **_PATHS),
    "CBOW hs, D 300": _trained(0, vector_size=300, **_PATHS),
    "FastText skip-gram": _trained(1, **peers.SUBWORDS),
    "FastText skip-gram, fastText": _trained(1, base="fasttext", **peers.SUBWORDS),
    "FastText CBOW": _trained(0, **peers.SUBWORDS),
    "FastText CBOW, fastText": _trained(0, base="fasttext", **peers.SUBWORDS),
    "skip-gram, 2 workers to 1": _own(1, (1, "reviews"), (2, "reviews")),
    "CBOW, 2 workers to 1": _own(0, (1, "reviews"), (2, "reviews")),
    "skip-gram, sessions to reviews": _own(1, (1, "reviews"), (1, "sessions")),
    "CBOW, sessions to reviews": _own(0, (1, "reviews"), (1, "sessions")),
    "skip-gram, sessions, 2 workers to 1": _own(1, (1, "sessions"), (2, "sessions")),
    "CBOW, sessions, 2 workers to 1": _own(0, (1, "sessions"), (2, "sessions")),
    "skip-gram, V 1,000,000, D 300": Pair(
        _side("gensim", 1, 1, corpus="zipf", **_LARGE),
        _side("fastw2v", 1, 1, corpus="zipf", **_LARGE),
        ("words_per_s", "total_s"),
    ),
    "encode, 2 cores to 1": _encoded((1, "reviews"), (2, "reviews")),
    "encode, 5,000,000 words to reviews": _encoded((1, "reviews"), (1, "distinct")),
}


def run(side: Side, corpus: Path | None, *, epochs: int = 1, seed: int = 1, score: bool = False) -> Figures:
    """One run in a new process."""
    request: dict[str, Any] = {"task": side.task} | ({"corpus": str(corpus)} if corpus else {})
    if side.task == "train":
        request |= {"tool": side.tool, "options": side.options | {"epochs": epochs, "seed": seed}, "score": score}
    else:
        request |= side.options
    environment = {} if side.task == "neighbours" else ONE_BLAS_THREAD  # queries of both tools use all cores
    environment = environment | dict(side.environment)
    return json.loads(run_child("-m", tasks.__name__, json.dumps(request), **environment).splitlines()[-1])  # type: ignore[no-any-return]


def compared(fields: Iterable[str], base: list[Figures], ours: list[Figures]) -> Figures:
    """Each figure of both sides, and by how much ours is better, over the pairs of runs."""
    cells: Figures = {"base": {}, "ours": {}, "x": {}}
    for field in fields:
        rates: Callable[[Figures], float] = (
            (lambda run, field=field: run[field])
            if field.endswith("per_s")
            else (lambda run, field=field: 1 / run[field])
        )
        cells["x"][field] = quartiles([rates(b) / rates(a) for a, b in zip(base, ours)])
        for name, runs in (("base", base), ("ours", ours)):
            cells[name][field] = quartiles([run[field] for run in runs])
    return cells


def memory(side: Side, runs: list[Figures]) -> Figures:
    """Most memory of the runs, and its share of the bound."""
    peak = max(run["peak_rss_mb"] for run in runs)
    cells: Figures = {"peak_rss_mb": digits(peak)}
    if side.task == "train":
        n_rows = 2 * runs[0]["n_vocab"] + runs[0].get("n_ngrams", 0)
        allowed = 4e-6 * n_rows * side.options["vector_size"] + 8e-6 * runs[0]["raw_words"] + RSS_ALLOWANCE_MB
        cells |= {"rss_bound_mb": digits(allowed), "share_of_bound": digits(peak / allowed)}
    else:
        cells |= {name: digits(runs[0][name]) for name in ("rss_before_mb", "objects_per_word", "n_vocab")}
        cells["first_mb_per_s"] = quartiles([run["first_mb_per_s"] for run in runs])
    return cells
