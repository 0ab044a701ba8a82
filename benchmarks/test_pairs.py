"""Speed and quality of two sides in alternation: fastw2v and gensim, or fastw2v under two conditions.

The pairs are defined in `pairs.py`. Speed (`-k test_pair`): `--pairs` runs of each side, one thread unless the pair
says otherwise, one thread of BLAS, kernels cached. Quality (`-k quality`): five epochs from each of `--seeds` seeds; a
busy machine does not matter. `--scored-peers` takes gensim's scores from the results: a window of 10 takes it an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

import pytest

from benchmarks.cases import Work
from benchmarks.corpora import Corpora
from benchmarks.pairs import PAIRS, Figures, Pair, compared, memory, run
from benchmarks.peers import OPTIONS
from benchmarks.report.results import latest
from benchmarks.test_end_to_end import HOST_OPS, TRAINER_OPS, quality
from benchmarks.timing import Timing, need_memory, refuse_if_red
from fastw2v_kernels.shared.threads import available_cores

QUICK_PAIRS = [
    "skip-gram",
    "skip-gram, sessions, 2 workers to 1",
    "skip-gram, V 1,000,000, D 300",
    "encode, 2 cores to 1",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = QUICK_PAIRS if metafunc.config.getoption("quick") else list(PAIRS)
    is_scored = metafunc.function is test_quality
    metafunc.parametrize("name", [name for name in names if PAIRS[name].scored or not is_scored])


@pytest.fixture(scope="module")
def corpora(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpora:
    return Corpora(tmp_path_factory.mktemp("corpora"), quick=request.config.getoption("quick"))


def test_pair(name: str, corpora: Corpora, timing: Timing, request: pytest.FixtureRequest) -> None:
    pair = PAIRS[name]
    titles = prepare(pair, corpora)
    base, ours = (partial(run, side, corpora[side.corpus][1]) for side in (pair.base, pair.ours))
    runs = alternate(timing, base, ours, n_pairs=request.config.getoption("pairs"))
    figures = compared(pair.fields, *runs)
    for side_name, side, side_runs in (("base", pair.base, runs[0]), ("ours", pair.ours, runs[1])):
        figures[side_name] |= memory(side, side_runs)
    timing.note(Work(), device="cpu", pairs=len(runs[0]), **labels(name, pair, titles), **figures)


@pytest.fixture(scope="module")
def known(request: pytest.FixtureRequest) -> Figures:
    """Scores of one side, which another pair may have too: of this session, or recorded ones of the same version."""
    options = request.config.option
    if options.quick or not options.scored_peers or find_spec("gensim") is None:
        return {}
    lines = latest("pairs", lambda line: line["pair"], has="scores").items()
    scored = ((PAIRS[name].base, line["scores"]["base"], line["versions"]) for name, line in lines if name in PAIRS)
    return {
        repr(side): scores
        for side, scores, versions in scored
        if side.tool == "gensim" and (scores.get("seeds"), versions.get("gensim")) == (options.seeds, version("gensim"))
    }


def test_quality(name: str, corpora: Corpora, timing: Timing, known: Figures, request: pytest.FixtureRequest) -> None:
    pair = PAIRS[name]
    titles = prepare(pair, corpora)
    n_seeds = 0 if corpora.quick else request.config.getoption("seeds")
    scores: Figures = {}

    def score() -> None:
        for side_name, side in (("base", pair.base), ("ours", pair.ours)):
            if repr(side) not in known:
                train = partial(run, side, corpora[side.corpus][1], epochs=5, score=True)
                known[repr(side)] = quality(n_seeds, train)
            scores[side_name] = known[repr(side)]

    timing.benchmark.pedantic(score, rounds=1)
    timing.note(Work(), device="cpu", **labels(name, pair, titles), scores=scores)


def labels(name: str, pair: Pair, titles: list[str]) -> Figures:
    """Fields that identify a line of results."""
    options = {key: value for key, value in pair.ours.options.items() if OPTIONS.get(key) != value}
    tool, (base_corpus, corpus) = pair.base.tool, titles
    return {"pair": name, "base_tool": tool, "corpus": corpus, "base_corpus": base_corpus, "knobs": options}


def prepare(pair: Pair, corpora: Corpora) -> list[str]:
    """Skip a pair that cannot be run here, refuse one with wrong kernels, make its corpora; return their titles."""
    if find_spec(pair.base.tool) is None:
        wanted = "fasttext-wheel" if pair.base.tool == "fasttext" else "'.[bench]'"
        pytest.skip(f"{pair.base.tool} is not installed: pip install {wanted}")
    n_workers, n_cores = max(side.options["workers"] for side in (pair.base, pair.ours)), available_cores()
    if n_workers > n_cores:
        pytest.skip(f"{n_workers} workers, and this process may use {n_cores} core(s): see taskset")
    refuse_if_red("cpu", *HOST_OPS, *TRAINER_OPS)
    if pair.ours.corpus == "zipf" and not corpora.quick:
        need_memory(5e9)  # two matrices of 1.2 GB, more by gensim, and the saved vectors
    return [corpora[side.corpus][0] for side in (pair.base, pair.ours)]


def alternate(
    timing: Timing, base: Callable[[], Figures], ours: Callable[[], Figures], *, n_pairs: int
) -> tuple[list[Figures], list[Figures]]:
    """Run both sides in alternation, after an untimed run of ours that compiles; pytest-benchmark times ours."""
    runs: tuple[list[Figures], list[Figures]] = [], []
    ours()
    timing.benchmark.pedantic(
        lambda: runs[1].append(ours()),
        setup=lambda: runs[0].append(base()),
        rounds=1 if timing.quick else n_pairs,
    )
    return runs
