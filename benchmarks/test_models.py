"""The book's models by the iteration, and its layers by the call: compiled kernels beside the book's NumPy."""

from __future__ import annotations

import pytest
from cases import BATCH, DIM, N_WORDS, WINDOW, K, Work
from layers import LAYER_OPS, MODEL_DEVICES, MODEL_OPS, SOFTMAX_MODELS, Iteration, corpus, layer_call
from timing import Timing, need_memory, refuse_if_red

from fastw2v.config import available_cores

DEVICES = ["reference", *MODEL_DEVICES]
RUNS = [(device, optimizer) for device in DEVICES for optimizer in ("Adam", "SparseAdam")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "n_words" in metafunc.fixturenames:
        metafunc.parametrize("n_words", [N_WORDS] if metafunc.config.getoption("quick") else [N_WORDS, 1_000_000])


@pytest.mark.parametrize(("device", "optimizer"), RUNS)
@pytest.mark.parametrize("model", ["CBOW", "SkipGram"])
def test_iteration(model: str, device: str, optimizer: str, timing: Timing) -> None:
    refuse_if_red(device, *MODEL_OPS)
    measure(model, device, optimizer, WINDOW, timing)


@pytest.mark.parametrize("model", SOFTMAX_MODELS)
def test_softmax_iteration(model: str, timing: Timing) -> None:
    """The book's chapter 3: one-hot contexts, window 1, a softmax over all words; NumPy's BLAS on every device."""
    measure(model, "reference", "Adam", 1, timing)


def measure(model: str, device: str, optimizer: str, window: int, timing: Timing) -> None:
    timing.benchmark.group = f"iteration of {model}"
    run = Iteration(model, device, optimizer, N_WORDS, window)
    timing.measure(run, run.next_batch, device=device)
    sizes = {"V": N_WORDS, "D": DIM, "K": K, "batch": BATCH, "window": window}
    notes = {"model": model, "optimizer": optimizer, "corpus": corpus(N_WORDS)[0], "loss": round(float(run.loss), 4)}
    timing.note(Work(words=BATCH), device=device, threads=available_cores(), **sizes, **notes)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("layer", LAYER_OPS)
def test_layer(layer: str, n_words: int, device: str, timing: Timing) -> None:
    timing.benchmark.group = f"{layer}, V = {n_words:,}"
    need_memory((K + 4) * 4 * DIM * n_words)  # the book's loss has a gradient for each of K + 1
    refuse_if_red(device, *LAYER_OPS[layer])
    timing.measure(layer_call(layer, n_words, device), device=device)
    sizes = {"V": n_words, "D": DIM, "K": K, "batch": BATCH}
    timing.note(
        Work(words=BATCH), device=device, threads=available_cores(), layer=layer, corpus=corpus(n_words)[0], **sizes
    )
