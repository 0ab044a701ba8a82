"""What gpu_box.py times: operations and iterations at the book's shapes, and the same layers in plain CuPy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v import nn
from fastw2v_kernels import _jit_cuda
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.cases import alias_table

Array = npt.NDArray[Any]
Job = tuple[str, str, int, Callable[[], object]]  # name, operation, bytes moved (0: not counted), call
FLOAT, ID = 4, 8  # bytes


@dataclass
class Sizes:
    """Shapes, and what earlier steps have found out."""

    toy: bool = False
    dim: int = 100
    window: int = 5
    negative: int = 5
    n_words: int = 1_000_000  # 400 MB a matrix, which no cache holds
    batches: tuple[int, ...] = (100, 10_000, 1_000_000)
    iterations: tuple[tuple[int, int], ...] = ((10_000, 100), (10_000, 10_000), (100_000, 100), (1_000_000, 100))
    n_scores: int = 65_536
    copied_floats: int = 1 << 29
    epochs: int = 3
    quality_batch: int = 100
    reserve: float = 30  # seconds that a step needs at least
    bandwidth: float = 0.0
    red: set[str] = field(default_factory=set)

    @classmethod
    def toys(cls) -> Sizes:
        """For the simulator."""
        few = {"batches": (3,), "iterations": ((12, 3), (14, 3)), "copied_floats": 100, "n_scores": 40, "reserve": 0}
        return cls(toy=True, dim=6, window=1, n_words=20, epochs=1, quality_batch=5, **few)  # type: ignore[arg-type]


def zipf_ids(rng: np.random.Generator, shape: int | tuple[int, ...], n_words: int) -> Array:
    """Ids as in text: word i in proportion to 1 / (i + 1), by the inverse of that sum's logarithm."""
    return np.minimum((n_words + 1.0) ** rng.random(shape) - 1, n_words - 1).astype(np.int64)


@cache
def run(name: str) -> Callable[..., None]:
    """Return an operation on the GPU."""
    return next(op for op in OPS if op.name == name).implementation("cuda")


def operations(sizes: Sizes, batch: int) -> Iterator[Job]:
    """Every operation of the layers, on arrays of the GPU; `batch` rows of the matrix where it takes rows."""
    xp, rng, dim = _jit_cuda.array_module(), np.random.default_rng(0), sizes.dim
    n, k = 2 * sizes.window, 1 + sizes.negative
    block = xp.asarray(rng.random((1000, dim), dtype=np.float32))  # drawing all would take the host long
    w, dw, m, v = (block[xp.arange(first, first + sizes.n_words) % 1000] for first in range(4))
    ids, targets = (xp.asarray(zipf_ids(rng, (batch, width), sizes.n_words)) for width in (n, k))
    out, h, dh = (xp.ones((batch, dim), np.float32) for _ in range(3))
    labels, p = xp.asarray(np.eye(1, k, dtype=np.float32)[0]), xp.full((batch, k), 0.5, np.float32)
    loss, flat = xp.empty(1), ids.reshape(-1)
    of_ids, of_targets, of_batch = batch * n * (FLOAT * dim + ID), batch * k * (FLOAT * dim + ID), batch * FLOAT * dim

    yield "gather", "embedding", of_ids + of_batch, lambda: run("embedding")(w, ids, 1 / n, out)
    yield (  # cleared, then read and written
        "scatter-add", "embedding_backward", 3 * of_ids + of_batch,
        lambda: run("embedding_backward")(dw, flat, ids, 1 / n, out),
    )  # fmt: skip
    yield (
        "loss",
        "dot_sigmoid_loss",
        of_targets + of_batch,
        lambda: run("dot_sigmoid_loss")(w, h, targets, labels, p, loss),
    )
    stale = targets.reshape(-1)
    yield (
        "loss backward", "dot_sigmoid_loss_backward", 4 * of_targets + 2 * of_batch,
        lambda: run("dot_sigmoid_loss_backward")(w, h, targets, labels, p, 1.0, stale, dh, dw),
    )  # fmt: skip
    prob, alias = (xp.asarray(table) for table in alias_table(1 / np.arange(1, min(sizes.n_words, 10_000) + 1.0)))
    words, drawn = xp.asarray(zipf_ids(rng, batch, len(prob))), xp.empty((batch, sizes.negative), np.int32)
    for mode, distinct in (("distinct", True), ("iid", False)):
        yield (
            f"sampler {mode}", "unigram_sampler", batch * (ID + sizes.negative * 3 * FLOAT),
            lambda distinct=distinct: run("unigram_sampler")(prob, alias, words, 1, 0, distinct, drawn),
        )  # fmt: skip
    marks, rows, n_unique = xp.zeros(sizes.n_words, np.uint8), xp.empty(flat.shape, np.int64), xp.empty(1, np.int64)
    yield "unique rows", "unique_rows", 0, lambda: run("unique_rows")(flat, marks, rows, n_unique)
    some = xp.asarray(rng.permutation(sizes.n_words)[: min(batch, sizes.n_words)])
    yield (
        "sparse Adam", "sparse_adam", some.size * (7 * FLOAT * dim + ID),
        lambda: run("sparse_adam")(w, dw, m, v, some, 1e-3, 0.9, 0.999),
    )  # fmt: skip
    whole = [array[:batch] for array in (w, dw, m, v)]
    yield "Adam", "adam", 7 * whole[0].nbytes, lambda: run("adam")(*whole, 1e-3, 0.9, 0.999)
    scores = xp.asarray(rng.random((min(batch, 1000), sizes.n_scores), dtype=np.float32))
    best = xp.empty((len(scores), 10), np.float32), xp.empty((len(scores), 10), np.int64)

    def topk() -> None:
        best[0].fill(-np.inf)
        run("topk")(scores, 0, *best)

    yield f"topk of {scores.shape[1]} scores for {len(scores)} queries", "topk", scores.nbytes, topk


def iteration(sizes: Sizes, model: Any, optimizer: Any, n_words: int, batch: int, device: str) -> Callable[[], object]:  # noqa: ANN401
    """One iteration of the book's Trainer; each call takes the next of a few batches, already where the device is."""
    rng = np.random.default_rng(1)
    corpus = np.concatenate([np.arange(n_words), zipf_ids(rng, 10 * n_words, n_words)])
    inputs = [(zipf_ids(rng, (batch, 2 * sizes.window), n_words), zipf_ids(rng, batch, n_words)) for _ in range(8)]
    if device != "cpu":
        inputs = [(nn.to_gpu(contexts), nn.to_gpu(target)) for contexts, target in inputs]
    if device == "plain CuPy":
        trained: Any = PlainModel(model is nn.CBOW, n_words, sizes, corpus)
        update: Any = PlainAdam()
    else:
        trained = model(n_words, sizes.dim, sizes.window, corpus, device=device, seed=0)
        update = optimizer(device=device)
    n_calls = 0

    def step() -> None:
        nonlocal n_calls
        contexts, target = inputs[n_calls % len(inputs)]
        n_calls += 1
        trained.forward(contexts, target)
        trained.backward()
        params, grads = nn.remove_duplicate(trained.params, trained.grads)
        update.update(params, grads)

    return step


class PlainAdam:
    """The book's Adam, array by array."""

    def __init__(self) -> None:
        self.iter, self.m, self.v = 0, list[Array](), list[Array]()

    def update(self, params: list[Array], grads: list[Array]) -> None:
        """Change the parameters in place."""
        xp = _jit_cuda.array_module()
        if not self.m:
            self.m, self.v = ([xp.zeros_like(param) for param in params] for _ in range(2))
        self.iter += 1
        lr_t = 0.001 * np.sqrt(1 - 0.999**self.iter) / (1 - 0.9**self.iter)
        for param, grad, m, v in zip(params, grads, self.m, self.v):
            m += (1 - 0.9) * (grad - m)
            v += (1 - 0.999) * (grad**2 - v)
            param -= lr_t * m / (xp.sqrt(v) + 1e-7)


class PlainModel:
    """CBOW or SkipGram as the book writes them for CuPy: a layer for each context and each negative, dense gradients.

    Negatives are drawn with replacement, as in the book's GPU branch, but by bisection: CuPy's `choice` makes an array
    of draws x words.
    """

    def __init__(self, is_cbow: bool, n_words: int, sizes: Sizes, corpus: Array) -> None:
        self._xp = xp = _jit_cuda.array_module()
        self._is_cbow, self._k = is_cbow, sizes.negative
        rng = np.random.default_rng(0)
        matrices = (0.01 * rng.standard_normal((n_words, sizes.dim)).astype(np.float32) for _ in range(2))
        self.params = [xp.asarray(matrix) for matrix in matrices]
        self.grads = [xp.zeros_like(param) for param in self.params]
        counts = np.bincount(corpus, minlength=n_words) ** 0.75
        self._below = xp.asarray(np.cumsum(counts / counts.sum()))

    def forward(self, contexts: Array, target: Array) -> float:
        """Return the loss."""
        xp, (w_in, w_out) = self._xp, self.params
        self._inputs = contexts.T if self._is_cbow else target[None]
        h = sum(w_in[idx] for idx in self._inputs) / len(self._inputs)
        self._pairs, loss = [], 0.0
        for positive in target[None] if self._is_cbow else contexts.T:
            negatives = xp.searchsorted(self._below, xp.random.random((self._k, len(target))))
            for idx, label in [(positive, 1), *((negative, 0) for negative in negatives)]:
                rows = w_out[idx]
                y = 1 / (1 + xp.exp(-xp.sum(rows * h, axis=1)))
                loss += -xp.mean(xp.log((y if label else 1 - y) + 1e-7))
                self._pairs.append((idx, rows, (y - label) / len(target)))
        self._h = h
        return float(loss)

    def backward(self) -> None:
        """Write the gradients."""
        d_in, d_out = self.grads
        d_in[...], d_out[...], dh = 0, 0, 0
        for idx, rows, d in self._pairs:
            self._xp.add.at(d_out, idx, d[:, None] * self._h)
            dh = dh + d[:, None] * rows
        for idx in self._inputs:
            self._xp.add.at(d_in, idx, (dh / len(self._inputs)).astype(np.float32))


def corpus_for_quality(sizes: Sizes) -> tuple[Array, str]:
    """PTB where it is; else text of 50 topics, each with words of its own, so that there is something to learn."""
    if not sizes.toy and (Path(os.environ.get("FASTW2V_DATA_DIR", "")) / "ptb.train.txt").is_file():
        return np.asarray(nn.ptb.load_data("train")[0]), "PTB"
    rng = np.random.default_rng(2)
    n_topics, n_each, n_tokens = (3, 4, 30) if sizes.toy else (50, 200, 500_000)
    topics = np.repeat(rng.integers(0, n_topics, n_tokens // 10), 10)
    ids = topics * n_each + zipf_ids(rng, len(topics), n_each)
    return np.concatenate([np.arange(n_topics * n_each), ids]), "made-up text"
