"""The book's models by the iteration, and its layers by the call: compiled kernels compared with the book's NumPy."""

from __future__ import annotations

import pytest

from benchmarks.cases import BATCH, DIM, N_WORDS, WINDOW, K
from benchmarks.layers import (
    LAYER_OPS,
    MODEL_DEVICES,
    MODEL_OPS,
    SOFTMAX_MODELS,
    Iteration,
    corpus,
    layer_call,
    layer_work,
)
from benchmarks.timing import Timing, need_memory, refuse_if_red
from fastw2v_kernels.shared.threads import available_cores

DEVICES = ["reference", *MODEL_DEVICES]
RUNS = [("CBOW", "reference", "Adam"), ("SkipGram", "reference", "Adam")]
RUNS += [(model, "reference", "Adam") for model in SOFTMAX_MODELS]
RUNS += [
    (model, device, optimizer)
    for model in ("CBOW", "SkipGram")
    for device in MODEL_DEVICES
    for optimizer in ("Adam", "SparseAdam")
]
LAYERS = [(layer, device) for layer in LAYER_OPS for device in DEVICES]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_layer, is_quick = "layer" in metafunc.fixturenames, metafunc.config.getoption("quick")
    metafunc.parametrize("n_vocab", [N_WORDS, 1_000_000] if is_layer and not is_quick else [N_WORDS])


@pytest.mark.parametrize(("model", "device", "optimizer"), RUNS)
def test_iteration(model: str, device: str, optimizer: str, n_vocab: int, timing: Timing) -> None:
    """Chapter 3's models have window 1 and a softmax over all words, by NumPy's BLAS; one-hot arrays are made ahead."""
    timing.benchmark.group = f"iteration of {model}"
    window = 1 if model in SOFTMAX_MODELS else WINDOW
    refuse_if_red(device, *MODEL_OPS)
    run = Iteration(model, device, optimizer, n_vocab, window)
    timing.measure(run, run.next_batch, device=device)
    sizes = {"V": n_vocab, "D": DIM, "K": K, "batch": BATCH, "window": window}
    notes = {"model": model, "optimizer": optimizer, "corpus": corpus(n_vocab)[0], "loss": round(float(run.loss), 4)}
    timing.note(run.work(), device=device, threads=available_cores(), **sizes, **notes)


@pytest.mark.parametrize(("layer", "device"), LAYERS)
def test_layer(layer: str, device: str, n_vocab: int, timing: Timing) -> None:
    timing.benchmark.group = f"{layer}, V = {n_vocab:,}"
    need_memory((K + 4) * 4 * DIM * n_vocab)  # the book's loss has a gradient for each of K + 1
    refuse_if_red(device, *LAYER_OPS[layer])
    timing.measure(layer_call(layer, n_vocab, device), device=device)
    notes = {"layer": layer, "V": n_vocab, "D": DIM, "K": K, "batch": BATCH, "corpus": corpus(n_vocab)[0]}
    timing.note(layer_work(layer, n_vocab, device), device=device, threads=available_cores(), **notes)
