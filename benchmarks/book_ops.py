"""What `book.py ops` times: each operation of the book's layers on both devices, as a call without arguments."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np

from fastw2v import nn

Job = Callable[[], object]
Jobs = dict[str, list[Job]]
Array = np.ndarray[Any, np.dtype[Any]]

DIM, WINDOW, BATCH, K = 100, 5, 100, 5
N_BATCHES = 500  # that differ, since rows of one batch stay in the processor's cache


def jobs_of(corpus: Array, n_words: int, *, small: bool) -> Jobs:
    """Reference and cpu by the operation's name; `small`: also those whose time is that of whole matrices."""
    makers = [sampler_jobs, embedding_jobs, *([loss_jobs, optimizer_jobs] if small else [])]
    return {name: pair for make in makers for name, pair in make(corpus, n_words).items()}


def zipf_ids(n_tokens: int, n_words: int) -> Array:
    """Ids by Zipf's law, each at least once."""
    drawn = n_words ** np.random.default_rng(0).random(n_tokens) - 1
    return np.concatenate([np.arange(n_words), drawn.astype(np.int64)])


def sampler_jobs(corpus: Array, n_words: int) -> Jobs:
    """K negatives for a batch."""
    target = corpus[:: len(corpus) // BATCH][:BATCH]

    def job(mode: str, device: str) -> Job:
        sampler = nn.UnigramSampler(corpus, 0.75, K, mode=mode, device=device, seed=0)
        return lambda: sampler.get_negative_sample(target)

    return {f"sampler {mode}": [job(mode, device) for device in ("reference", "cpu")] for mode in ("distinct", "iid")}


def embedding_jobs(corpus: Array, n_words: int) -> Jobs:
    """Gather and scatter-add of a batch of rows, one id for each example."""
    weights = np.ones((n_words, DIM), np.float32)
    dout = np.ones((BATCH, DIM), np.float32)
    batches = np.random.default_rng(0).choice(corpus, (N_BATCHES, BATCH))

    def jobs(device: str) -> list[Job]:
        layer, order = nn.Embedding(weights, device=device), cycle(batches)
        layer.forward(batches)
        layer.backward(np.ones((*batches.shape, DIM), np.float32))  # memory is lent at the first touch

        def backward() -> None:
            layer.idx = next(order)
            layer.backward(dout)

        return [lambda: layer.forward(next(order)), backward]

    names = ("embedding forward", "embedding backward")
    return {name: list(pair) for name, pair in zip(names, zip(jobs("reference"), jobs("cpu")))}


def loss_jobs(corpus: Array, n_words: int) -> Jobs:
    """NegativeSamplingLoss without its sampler: the negatives are drawn before."""
    rng = np.random.default_rng(0)
    weights, h = (rng.normal(0, 0.1, (n, DIM)).astype(np.float32) for n in (n_words, BATCH))
    drawn = nn.UnigramSampler(corpus, 0.75, K, seed=0)
    targets = rng.choice(corpus, (N_BATCHES, BATCH))

    def job(device: str) -> Job:
        sampler = Drawn([drawn.get_negative_sample(target) for target in targets], n_words)
        layer = nn.NegativeSamplingLoss(weights, corpus, sample_size=K, device=device, sampler=sampler)

        def both() -> None:
            layer.forward(h, targets[sampler.n_calls % N_BATCHES])
            layer.backward()

        return both

    return {"dot_sigmoid_loss fwd+bwd": [job("reference"), job("cpu")]}


class Drawn:
    """A sampler that gives what was drawn before, batch after batch."""

    def __init__(self, batches: list[Array], vocab_size: int) -> None:
        self.batches, self.vocab_size, self.sample_size, self.n_calls = batches, vocab_size, K, 0

    def get_negative_sample(self, target: Array) -> Array:
        """Return the next batch."""
        self.n_calls += 1
        return self.batches[(self.n_calls - 1) % N_BATCHES]


def optimizer_jobs(corpus: Array, n_words: int) -> Jobs:
    """An update of W_in for the gradient of a batch of contexts, known by its rows."""
    layer = nn.Embedding(np.zeros((n_words, DIM), np.float32), device="cpu")
    layer.forward(corpus[: 2 * WINDOW * BATCH])
    layer.backward(np.ones((2 * WINDOW * BATCH, DIM), np.float32))

    def job(kind: type[nn.Adam], device: str) -> Job:
        optimizer, params, grads = kind(device=device), [layer.params[0].copy()], layer.grads
        return lambda: optimizer.update(params, grads)

    kinds = {"adam": nn.Adam, "sparse_adam": nn.SparseAdam}
    return {name: [job(kind, device) for device in ("reference", "cpu")] for name, kind in kinds.items()}
