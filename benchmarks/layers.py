"""Calls of the book's layers and models for the suites: one layer, or one iteration of a training.

Every call takes the next of many batches, so that rows are not in the cache already.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.cases import BATCH, DIM, N_BATCHES, N_WORDS, WINDOW, Array, K, Work, zipf_ids
from fastw2v import nn
from fastw2v.profile import clock, traffic
from fastw2v.profile.case import Case
from fastw2v.profile.variants import n_touched
from fastw2v_kernels.ops import OPS

Call = Callable[[], object]

# Operations whose parity a layer or a model on a device rests on.
LAYER_OPS = {
    "sampler distinct": ("unigram_sampler",),
    "sampler iid": ("unigram_sampler",),
    "embedding forward": ("embedding",),
    "embedding backward": ("embedding", "embedding_backward"),
    "loss forward and backward": ("dot_sigmoid_loss", "dot_sigmoid_loss_backward"),
}
LAYER_STAGES = {
    "sampler distinct": {clock.SAMPLER},
    "sampler iid": {clock.SAMPLER},
    "embedding forward": {clock.GATHER},
    "embedding backward": {clock.BACKWARD_IN},
    "loss forward and backward": {clock.SCORE, clock.LOSS, clock.BACKWARD_OUT},
}
MODEL_OPS = ("unigram_sampler", "embedding", "embedding_backward", "dot_sigmoid_loss", "dot_sigmoid_loss_backward")
MODEL_OPS += ("unique_rows", "adam", "sparse_adam")
MODEL_DEVICES = [d for d in ("cpu", "cuda") if all(d in op.devices for op in OPS if op.name in MODEL_OPS)]
SOFTMAX_MODELS = ("SimpleCBOW", "SimpleSkipGram")


@cache
def corpus(n_words: int) -> tuple[str, Array]:
    """A name and int64[n_tokens]: the Penn Treebank for its 10,000 words, if it is there; else ids by Zipf's law.

    The ids are at least a million. Every word occurs; frequent words have low ids, as in a vocabulary.
    """
    folder = os.environ.get("FASTW2V_DATA_DIR")
    if n_words == N_WORDS and folder and Path(folder, "ptb.train.txt").exists():
        return "Penn Treebank", nn.ptb.load_data("train")[0]
    rng = np.random.default_rng(0)
    return "ids by Zipf's law", rng.permutation(
        np.concatenate([np.arange(n_words), zipf_ids(rng, max(1_000_000, n_words), n_words)])
    )


def layer_call(layer: str, n_words: int, device: str) -> Call:
    """One call of a layer, each with another batch."""
    kind, variant = layer.split(maxsplit=1)
    make = {"sampler": _sampler, "embedding": _embedding, "loss": _loss}[kind]
    return make(variant, corpus(n_words)[1], n_words, device=device)


def layer_work(layer: str, n_words: int, device: str) -> Work:
    """Work of such a call: an Embedding gathers one word per example, as in skip-gram; other layers are as in CBOW."""
    case = Case("skipgram" if layer.startswith("embedding") else "cbow", n_words, DIM, WINDOW, BATCH, K)
    if (layer, device) == ("sampler iid", "reference"):
        return Work.of(traffic.independent_draws(case), BATCH)
    found = traffic.costs(case, variant_of(device), None)
    chosen = {stage: cost for stage, cost in found.items() if LAYER_STAGES[layer].issuperset(clock.stages_in(stage))}
    return Work.of(traffic.total(chosen), BATCH)


def variant_of(device: str) -> str:
    """The name by which the profile knows what computes on a device: the GPU's kernels do what the CPU's do."""
    return "reference" if device == "reference" else "cpu"


def _sampler(mode: str, ids: Array, n_words: int, *, device: str) -> Call:
    """K negatives for a batch."""
    sampler = nn.UnigramSampler(ids, 0.75, K, mode=mode, device=device, seed=0)
    targets = cycle(placed(np.random.default_rng(0).choice(ids, (N_BATCHES, BATCH)), device))
    return lambda: sampler.get_negative_sample(next(targets))


def _embedding(direction: str, ids: Array, n_words: int, *, device: str) -> Call:
    """Gather or scatter-add of a batch of rows, one id for each example."""
    layer = nn.Embedding(placed(np.ones((n_words, DIM), np.float32), device), device=device)
    batches = placed(np.random.default_rng(0).choice(ids, (N_BATCHES, BATCH)), device)
    order, dout = cycle(batches), placed(np.ones((BATCH, DIM), np.float32), device)
    layer.forward(batches)
    layer.backward(
        placed(np.ones((*batches.shape, DIM), np.float32), device)
    )  # the system gives memory at the first write

    def backward() -> None:
        layer.idx = next(order)
        layer.backward(dout)

    return backward if direction == "backward" else lambda: layer.forward(next(order))


def _loss(_: str, ids: Array, n_words: int, *, device: str) -> Call:
    """NegativeSamplingLoss without its sampler: the negatives are drawn before."""
    rng = np.random.default_rng(0)
    weights, h = (placed(rng.normal(0, 0.1, (n, DIM)).astype(np.float32), device) for n in (n_words, BATCH))
    targets = placed(rng.choice(ids, (N_BATCHES, BATCH)), device)
    drawn = nn.UnigramSampler(ids, 0.75, K, device="cuda" if device == "cuda" else "cpu", seed=0)
    sampler = Drawn([drawn.get_negative_sample(target) for target in targets], n_words)
    layer = nn.NegativeSamplingLoss(weights, ids, sample_size=K, device=device, sampler=sampler)
    order = cycle(targets)

    def both() -> None:
        layer.forward(h, next(order))
        layer.backward()

    return both


def placed(array: Array, device: str) -> Array:
    """The array in the device's memory, so that no copy is timed."""
    return nn.to_gpu(array) if device == "cuda" else array


class Drawn:
    """A sampler that returns negatives drawn beforehand, batch after batch."""

    def __init__(self, batches: list[Array], vocab_size: int) -> None:
        self.order, self.vocab_size, self.sample_size = cycle(batches), vocab_size, K

    def get_negative_sample(self, target: Array) -> Array:
        """Return the next batch."""
        return next(self.order)


class Iteration:
    """A model in training: `next_batch` sets out the next of the shuffled batches, a call trains on it.

    A call is the book's iteration once it has its batch: forward, backward, adding up the gradients of shared weights,
    optimiser. The models with a softmax take one-hot batches.
    """

    def __init__(self, model: str, device: str, optimizer: str, n_words: int, window: int) -> None:
        ids, self.device = corpus(n_words)[1], device
        self.variant = "softmax" if model in SOFTMAX_MODELS else variant_of(device)
        kind = "cbow" if model.endswith("CBOW") else "skipgram"
        self.case = Case(kind, n_words, DIM, window, BATCH, K, optimizer)
        self.contexts, self.target = nn.create_contexts_target(ids, window)
        positions = np.random.default_rng(0).permutation(len(self.target))[: BATCH * N_BATCHES]
        self.order = cycle(positions.reshape(-1, BATCH))
        self.n_classes = n_words if model in SOFTMAX_MODELS else None
        if self.n_classes:
            self.model = getattr(nn, model)(n_words, DIM, seed=0)
        else:
            self.model = getattr(nn, model)(n_words, DIM, window, ids, device=device, seed=0)
        self.optimizer = getattr(nn, optimizer)(device=device)
        self.next_batch()
        self()
        self._touch_memory()

    def _touch_memory(self) -> None:
        """Write to every page once: the system gives memory at the first write, which an iteration does not include."""
        for array in [*self.model.grads, *self.optimizer.m, *self.optimizer.v]:
            if isinstance(array, np.ndarray):
                plain = array.view(np.ndarray)
                plain += 0

    def next_batch(self) -> None:
        """Take the next batch."""
        rows = next(self.order)
        self.batch = [placed(ids.take(rows, axis=0), self.device) for ids in (self.contexts, self.target)]
        if self.n_classes:
            # float32: the book's int32 would make every product one of float64, and the baseline slower.
            self.batch = [nn.convert_one_hot(ids, self.n_classes).astype(np.float32) for ids in self.batch]

    def work(self) -> Work:
        """Work of the last call."""
        found = traffic.costs(self.case, self.variant, n_touched(self.model.grads))
        return Work.of(traffic.total(found), BATCH)

    def __call__(self) -> None:
        """Train on the batch."""
        self.loss = self.model.forward(*self.batch)
        self.model.backward()
        self.optimizer.update(*nn.remove_duplicate(self.model.params, self.model.grads))
