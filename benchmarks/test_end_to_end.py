"""From a text file to saved vectors, by fastw2v and by gensim, each run in a new process; and their quality.

A time is that of the whole process, with start and imports; `total_s` is without them. Speed: one epoch, one
thread, kernels cached. Quality (`-k quality`, on a busy machine too; full profile, `--seeds`): five epochs, one thread
each (with several, gensim's `corpus_file` mode does not let the learning rate fall to its end), as many runs at once as
there are cores.
"""

from __future__ import annotations

import json
import os
import statistics
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks import corpora, peers
from benchmarks.cases import Work
from benchmarks.report.results import spread
from benchmarks.timing import Timing, refuse_if_red, run_child
from fastw2v_kernels.shared.threads import available_cores
from tests.kernels.test_parity import OPS_BY_NAME

HOST_OPS, TRAINER_OPS = ("encode", "uniform_rows"), ("skipgram_ns", "cbow_ns")
Figures = dict[str, Any]

DEVICES = [device for device in OPS_BY_NAME["skipgram_ns"].devices if device != "cpu"]
ROWS = peers.ROWS | {
    f"{name} {device}": row._replace(options=row.options | {"device": device})
    for device in DEVICES
    for name, row in peers.ROWS.items()
    if row.tool == "fastw2v"
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("row", peers.QUICK_ROWS if metafunc.config.getoption("quick") else list(ROWS))


@pytest.fixture(scope="module")
def text(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A name and a file."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    return corpora.reviews(path, quick=request.config.getoption("quick")), path


def test_file_to_vectors(row: str, text: tuple[str, Path], timing: Timing) -> None:
    labels = prepare(row, text, timing)
    runs: list[Figures] = []
    train = partial(child, *ROWS[row], text[1], epochs=1, seed=1)
    timing.benchmark.pedantic(lambda: runs.append(train()), rounds=1 if timing.quick else 3, warmup_rounds=1)
    timing.note(Work(), **labels, V=runs[0]["n_vocab"], **speed(runs[1:] or runs))


def test_quality(row: str, text: tuple[str, Path], timing: Timing, request: pytest.FixtureRequest) -> None:
    labels = prepare(row, text, timing)
    n_seeds = 0 if timing.quick else request.config.getoption("seeds")
    train = partial(child, *ROWS[row], text[1], epochs=5, score=True)
    scores: Figures = {}
    timing.benchmark.pedantic(lambda: scores.update(quality(n_seeds, train)), rounds=1)
    timing.note(Work(), **labels, **scores)


def prepare(row: str, text: tuple[str, Path], timing: Timing) -> Figures:
    """Skip a row whose tool is not there, refuse one with wrong kernels; return the fields that identify its line."""
    timing.benchmark.group = row.split()[0]
    tool, options = ROWS[row]
    device = options.get("device", "cpu")
    if find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed: pip install '.[bench]'")
    if tool == "fastw2v":
        refuse_if_red("cpu", *HOST_OPS)
        refuse_if_red(device, *TRAINER_OPS)
    sizes = {"D": options.get("vector_size", 100), "K": 5}
    return {"device": device, "tool": tool, "knobs": peers.OPTIONS | options, "corpus": text[0], **sizes}


def child(tool: str, options: Figures, corpus: Path, *, epochs: int, seed: int, score: bool = False) -> Figures:
    """One training in a new process."""
    chosen = peers.OPTIONS | options | {"epochs": epochs, "workers": 1, "seed": seed}
    request = {"tool": tool, "options": chosen, "corpus": str(corpus), "score": score}
    printed = run_child("-m", peers.__name__, json.dumps(request))
    return json.loads(printed.splitlines()[-1])  # type: ignore[no-any-return]


def speed(runs: list[Figures]) -> Figures:
    """Median, least and greatest of each figure; the most memory."""
    cells: Figures = {name: spread([run[name] for run in runs]) for name in ("words_per_s", "total_s")}
    return cells | {"peak_rss_mb": max(run["peak_rss_mb"] for run in runs), "rss_bound_mb": runs[0]["rss_bound_mb"]}


def quality(n_seeds: int, train: partial[Figures]) -> Figures:
    """Scores in percent: median, least, greatest and mean over the seeds; or why there are none."""
    if n_seeds == 0:
        return {"quality": "not scored: the quick profile, or --seeds 0"}
    missing = [
        name for name in peers.SCORES.values() if not Path(os.environ.get("FASTW2V_DATA_DIR", ""), name).exists()
    ]
    if missing:
        return {"quality": f"not scored: set FASTW2V_DATA_DIR to a folder with {', '.join(missing)}"}
    with ThreadPoolExecutor(available_cores()) as pool:
        runs = list(pool.map(lambda seed: train(seed=seed), range(1, n_seeds + 1)))
    cells: Figures = {"seeds": n_seeds}
    for name in peers.SCORES:
        cells[name] = spread([100 * run[name] for run in runs])
        cells[f"{name}_mean"] = round(statistics.mean(100 * run[name] for run in runs), 2)
    return cells
