"""Cost of a batch against the size of the vocabulary: a softmax over all words, and negative sampling.

CBOW throughout, of hidden size 100, window 1 (two contexts, which the book's softmax model is made for), batch 100, 5
negatives, on ids by Zipf's law; every round trains on other words, so that their rows come from memory. A time is that
of forward, backward, the adding up of shared gradients, and optimiser.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from benchmarks.cases import BATCH, DIM, K
from benchmarks.layers import MODEL_DEVICES, MODEL_OPS, Iteration, corpus
from benchmarks.timing import Timing, need_memory, refuse_if_red
from fastw2v_kernels.shared.threads import available_cores

WINDOW = 1
SIZES, QUICK_SIZES = [1_000, 10_000, 100_000, 1_000_000], [1_000, 8_000]


class Series(NamedTuple):
    """A line of the figure: its label, and the memory it takes in matrices float32[V, D]."""

    label: str
    n_matrices: int


SERIES = {
    ("SimpleCBOW", "reference", "Adam"): Series("softmax, NumPy, Adam", 22),
    ("CBOW", "reference", "Adam"): Series("negative sampling, NumPy, Adam", 19),
} | {
    ("CBOW", device, optimizer): Series(f"negative sampling, {name}, {optimizer}", 10)
    for device, name in {"cpu": "compiled", "cuda": "CUDA"}.items()
    if device in MODEL_DEVICES
    for optimizer in ("Adam", "SparseAdam")
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("n_vocab", QUICK_SIZES if metafunc.config.getoption("quick") else SIZES)


@pytest.mark.parametrize(("model", "device", "optimizer"), SERIES)
def test_batch(model: str, device: str, optimizer: str, n_vocab: int, timing: Timing) -> None:
    timing.benchmark.group = f"CBOW of window {WINDOW}, V = {n_vocab:,}"
    series = SERIES[model, device, optimizer]
    need_memory(series.n_matrices * 4 * DIM * n_vocab)
    refuse_if_red(device, *MODEL_OPS)
    run = Iteration(model, device, optimizer, n_vocab, WINDOW)
    timing.measure(run, run.next_batch, device=device)
    sizes = {"V": n_vocab, "D": DIM, "K": K, "batch": BATCH, "window": WINDOW}
    notes = {"model": model, "optimizer": optimizer, "series": series.label, "corpus": corpus(n_vocab)[0]}
    notes["loss"] = round(float(run.loss), 4)
    timing.note(run.work(), device=device, threads=available_cores(), **sizes, **notes)
