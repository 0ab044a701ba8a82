"""Operations and iterations that box.py times, at the book's shapes, and their data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.gpu.plain import PlainModel
from fastw2v import nn
from fastw2v.runtime.arrays import Array
from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import alias_table

FLOAT, ID = 4, 8  # bytes
PTB_WORDS = 10_000


class Job(NamedTuple):
    """A call to time: its name, its operation, the bytes that it moves (0: not counted)."""

    name: str
    op: str
    n_bytes: int
    call: Callable[[], object]


@dataclass
class Sizes:
    """Shapes, and what earlier steps have found out."""

    toy: bool = False
    dim: int = 100
    window: int = 5
    negative: int = 5
    n_words: int = 1_000_000  # 400 MB a matrix, which no cache holds
    batches: tuple[int, ...] = (100, 10_000, 1_000_000)
    vocabularies: tuple[int, ...] = (PTB_WORDS, 1_000_000, 100_000)  # of whole iterations
    iteration_batches: tuple[int, ...] = (100, 10_000)
    n_scores: int = 65_536
    copied_floats: int = 1 << 29
    epochs: tuple[int, int] = (3, 1)  # of CBOW and of SkipGram
    quality_batch: int = 100
    reserve: float = 30  # seconds that a step needs at least
    bandwidth: float = 0.0
    red: set[str] = field(default_factory=set)

    @classmethod
    def toys(cls) -> Sizes:
        """For the simulator."""
        few = {"batches": (3,), "vocabularies": (12,), "iteration_batches": (3, 4), "epochs": (1, 1)}
        least = {"copied_floats": 100, "n_scores": 40, "reserve": 0, "quality_batch": 5}
        return cls(toy=True, dim=6, window=1, n_words=20, **few, **least)  # type: ignore[arg-type]


def zipf_ids(rng: np.random.Generator, shape: int | tuple[int, ...], n_words: int) -> Array:
    """Ids as in text: word i in proportion to 1 / (i + 1), by the inverse of that sum's logarithm."""
    return np.minimum((n_words + 1.0) ** rng.random(shape) - 1, n_words - 1).astype(np.int64)


@cache
def run(name: str) -> Callable[..., None]:
    """Return an operation on the GPU."""
    return next(op for op in OPS if op.name == name).implementation("cuda")


def matrices(sizes: Sizes) -> tuple[Array, ...]:
    """Weights, their gradient and two moments, float32[n_words, dim] on the GPU."""
    xp, rng = gpu.array_module(), np.random.default_rng(0)
    block = xp.asarray(rng.random((1000, sizes.dim), dtype=np.float32))  # drawing all would take the host long
    return tuple(block[xp.arange(first, first + sizes.n_words) % 1000] for first in range(4))


def layer_operations(sizes: Sizes, w: Array, dw: Array, *, ids: Array, targets: Array) -> Iterator[Job]:
    """Forward and backward of both layers, for ids [batch, n] of rows to add up and targets [batch, k]."""
    xp, dim, (batch, n), k = gpu.array_module(), sizes.dim, ids.shape, targets.shape[1]
    out, h, dh = (xp.ones((batch, dim), np.float32) for _ in range(3))
    labels, p = xp.asarray(np.eye(1, k, dtype=np.float32)[0]), xp.full((batch, k), 0.5, np.float32)
    loss, flat, stale = xp.empty(1), ids.reshape(-1), targets.reshape(-1)
    of_ids, of_targets, of_batch = batch * n * (FLOAT * dim + ID), batch * k * (FLOAT * dim + ID), batch * FLOAT * dim

    yield Job("gather", "embedding", of_ids + of_batch, lambda: run("embedding")(w, ids, scale=1 / n, out=out))
    yield Job(  # cleared, then read and written
        "scatter-add", "embedding_backward", 3 * of_ids + of_batch,
        lambda: run("embedding_backward")(dw, flat, ids, scale=1 / n, dout=out),
    )  # fmt: skip
    yield Job(
        "loss", "dot_sigmoid_loss", of_targets + of_batch,
        lambda: run("dot_sigmoid_loss")(w, h, targets, labels=labels, probability=p, loss=loss),
    )  # fmt: skip
    yield Job(
        "loss backward", "dot_sigmoid_loss_backward", 4 * of_targets + 2 * of_batch,
        lambda: run("dot_sigmoid_loss_backward")(
            w, h, targets, labels=labels, probability=p, dout=1.0, stale_ids=stale, dh=dh, dw=dw
        ),
    )  # fmt: skip


def unique_operations(sizes: Sizes) -> Iterator[Job]:
    """The layers with each row of the matrix once, in any order: no two atomics meet, and no cache helps."""
    w, dw, *_ = matrices(sizes)
    rows = gpu.array_module().asarray(np.random.default_rng(0).permutation(sizes.n_words)[:, None])
    yield from layer_operations(sizes, w, dw, ids=rows, targets=rows)


def operations(sizes: Sizes, batch: int) -> Iterator[Job]:
    """Every operation of the layers, on arrays of the GPU; `batch` examples where it takes rows, by Zipf's law."""
    xp, rng, (w, dw, m, v) = gpu.array_module(), np.random.default_rng(0), matrices(sizes)
    widths = 2 * sizes.window, 1 + sizes.negative
    ids, targets = (xp.asarray(zipf_ids(rng, (batch, width), sizes.n_words)) for width in widths)
    yield from layer_operations(sizes, w, dw, ids=ids, targets=targets)
    prob, alias = (xp.asarray(table) for table in alias_table(1 / np.arange(1, min(sizes.n_words, 10_000) + 1.0)))
    words, drawn = xp.asarray(zipf_ids(rng, batch, len(prob))), xp.empty((batch, sizes.negative), np.int32)
    for mode, distinct in (("distinct", True), ("iid", False)):
        yield Job(
            f"sampler {mode}", "unigram_sampler", batch * (ID + sizes.negative * 3 * FLOAT),
            lambda distinct=distinct: run("unigram_sampler")(
                prob, alias, words, seed=1, first_draw=0, distinct=distinct, out=drawn
            ),
        )  # fmt: skip
    flat, marks = ids.reshape(-1), xp.zeros(sizes.n_words, np.uint8)
    rows, n_unique = xp.empty(flat.shape, np.int64), xp.empty(1, np.int64)
    yield Job("unique rows", "unique_rows", 0, lambda: run("unique_rows")(flat, marks, rows, n_unique=n_unique))
    rates = {"lr_t": 1e-3, "beta1": 0.9, "beta2": 0.999}
    some = xp.asarray(rng.permutation(sizes.n_words)[: min(batch, sizes.n_words)])
    yield Job(
        "sparse Adam", "sparse_adam", some.size * (7 * FLOAT * sizes.dim + ID),
        lambda: run("sparse_adam")(w, dw, m, v=v, rows=some, **rates),
    )  # fmt: skip
    whole = [array[:batch] for array in (w, dw, m, v)]
    yield Job("Adam", "adam", 7 * whole[0].nbytes, lambda: run("adam")(*whole[:3], v=whole[3], **rates))
    scores = xp.asarray(rng.random((min(batch, 1000), sizes.n_scores), dtype=np.float32))
    best = xp.empty((len(scores), 10), np.float32), xp.empty((len(scores), 10), np.int64)

    def topk() -> None:
        best[0].fill(-np.inf)
        run("topk")(scores, 0, best[0], best_rows=best[1])

    yield Job(f"topk of {scores.shape[1]} scores for {len(scores)} queries", "topk", scores.nbytes, topk)


class Setting:
    """A vocabulary with a corpus, and batches of it by their size."""

    def __init__(self, sizes: Sizes, n_words: int) -> None:
        self.sizes, self.n_words, self._rng = sizes, n_words, np.random.default_rng(1)
        self.is_ptb = n_words == PTB_WORDS and has_ptb()
        if self.is_ptb:
            self._text = self.corpus = np.asarray(nn.ptb.load_data("train")[0])
        else:
            self._text = zipf_ids(self._rng, 10 * n_words, n_words)
            self.corpus = np.concatenate([np.arange(n_words), self._text])

    def batches(self, batch: int, device: str) -> list[tuple[Array, Array]]:
        """Contexts and targets of a few batches, where the device has its arrays."""
        window = self.sizes.window
        offsets = np.delete(np.arange(-window, window + 1), window)
        places = self._rng.integers(window, len(self._text) - window, (8, batch))
        found = [(self._text[at[:, None] + offsets], self._text[at]) for at in places]
        return found if device == "cpu" else [(nn.to_gpu(contexts), nn.to_gpu(target)) for contexts, target in found]

    def model(self, model: Any, device: str) -> Any:  # noqa: ANN401
        """A model on "cuda" or "cpu", or the book's in plain CuPy."""
        dim, window = self.sizes.dim, self.sizes.window
        if device == "plain CuPy":
            return PlainModel(model is nn.CBOW, self.n_words, dim, self.sizes.negative, self.corpus)
        seed = np.random.default_rng(0)  # whose normal numbers come thrice as fast as those of the book's generator
        return model(self.n_words, dim, window, self.corpus, device=device, seed=seed)


def iteration(trained: Any, optimizer: Any, batches: list[tuple[Array, Array]]) -> Callable[[], object]:  # noqa: ANN401
    """One iteration of the book's Trainer; each call takes the next batch."""
    order = cycle(batches)

    def step() -> None:
        trained.forward(*next(order))
        trained.backward()
        optimizer.update(*nn.remove_duplicate(trained.params, trained.grads))

    return step


def has_ptb() -> bool:
    """Whether the Penn Treebank is there."""
    return (Path(os.environ.get("FASTW2V_DATA_DIR", "")) / "ptb.train.txt").is_file()


def corpus_for_quality(sizes: Sizes) -> tuple[Array, str]:
    """PTB where it is; else text of 50 topics, each with different words, so that there is something to learn."""
    if not sizes.toy and has_ptb():
        return np.asarray(nn.ptb.load_data("train")[0]), "PTB"
    rng = np.random.default_rng(2)
    n_topics, n_each, n_tokens = (3, 4, 30) if sizes.toy else (50, 200, 500_000)
    topics = np.repeat(rng.integers(0, n_topics, n_tokens // 10), 10)
    ids = topics * n_each + zipf_ids(rng, len(topics), n_each)
    return np.concatenate([np.arange(n_topics * n_each), ids]), "made-up text"
