"""The time before the first result, each in a new process: import, first compilation, start with cached kernels."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from benchmarks.cases import Work
from benchmarks.timing import Timing, run_child

IMPORT = "import fastw2v"
TRAIN = f'{IMPORT}; fastw2v.Word2Vec([["a", "b"]] * 500, min_count=1, sg={{}})'
MODELS = {"SkipGram": 1, "CBOW": 0}


def test_import(timing: Timing) -> None:
    start(timing, IMPORT)


@pytest.mark.parametrize("model", MODELS)
def test_first_training_compiles(model: str, timing: Timing, tmp_path: Path) -> None:
    """A folder for the kernel cache that is empty; a new one in each round."""
    rounds = 1 if timing.quick else 7
    folders = iter([str(tmp_path / str(n)) for n in range(rounds)])
    timing.benchmark.group = "start"
    timing.benchmark.pedantic(
        lambda folder: run_child("-c", TRAIN.format(MODELS[model]), NUMBA_CACHE_DIR=folder),
        setup=lambda: ((next(folders),), {}),
        rounds=rounds,
    )
    timing.note(Work(), device="cpu", model=model)


@pytest.mark.parametrize("model", MODELS)
def test_next_training_finds_them_cached(model: str, timing: Timing, tmp_path: Path) -> None:
    start(timing, TRAIN.format(MODELS[model]), model=model, NUMBA_CACHE_DIR=str(tmp_path))


def start(timing: Timing, code: str, model: str = "", **environment: str) -> None:
    """Time a new process that runs `code`; an untimed one before fills the caches."""
    timing.benchmark.group = "start"
    run = partial(run_child, "-c", code, **environment)
    timing.benchmark.pedantic(run, rounds=1 if timing.quick else 10, warmup_rounds=1)
    timing.note(Work(), device="cpu", model=model)
