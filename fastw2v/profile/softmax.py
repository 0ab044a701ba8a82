"""The softmax baseline: the book's chapter 3 for windows of any size, by its own layers, naive as they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastw2v.nn import MatMul, SoftmaxWithLoss
from fastw2v.nn.seeds import generator, small_normal
from fastw2v.profile.case import Case
from fastw2v.runtime.arrays import Array


class OneHot:
    """One-hot arrays of a batch, written anew into the same memory: a one-hot corpus of a large vocabulary fits none.

    They are float32, as the weights are. (The book's are int32, with which every product is one of float64: slower.)
    """

    def __init__(self, case: Case) -> None:
        # Written, since np.zeros maps one page of zeros many times over, which is read faster than memory is.
        self._contexts = np.full((case.batch_size, case.n_contexts, case.vocab_size), 0, np.float32)
        self._target = np.full((case.batch_size, case.vocab_size), 0, np.float32)
        self._ids: tuple[Array, Array] | None = None

    def __call__(self, contexts: Array, target: Array) -> tuple[Array, Array]:
        """Return float32[B, 2 w, V] and float32[B, V], valid until the next call."""
        if self._ids is not None:
            self._write(*self._ids, 0)
        self._ids = contexts, target
        self._write(contexts, target, 1)
        return self._contexts, self._target

    def _write(self, contexts: Array, target: Array, value: int) -> None:
        np.put_along_axis(self._contexts, contexts[..., None], value, axis=-1)
        np.put_along_axis(self._target, target[:, None], value, axis=-1)


class SoftmaxModel:
    """What `SoftmaxCBOW` and `SoftmaxSkipGram` have in common: weights and layers, those of W_in first."""

    def __init__(self, case: Case, seed: int) -> None:
        rng, shape = generator(seed), (case.vocab_size, case.hidden_size)
        w_in, w_out = small_normal(rng, *shape), small_normal(rng, *shape[::-1])
        self.in_layers = [MatMul(w_in) for _ in range(case.n_inputs)]
        self.out_layer = MatMul(w_out)
        self.loss_layers = [SoftmaxWithLoss() for _ in range(case.n_outputs)]
        layers = [*self.in_layers, self.out_layer]
        self.params: list[Array] = [param for layer in layers for param in layer.params]
        self.grads: list[Array] = [grad for layer in layers for grad in layer.grads]


class SoftmaxCBOW(SoftmaxModel):
    """`fastw2v.nn.SimpleCBOW` with 2 w contexts instead of 2."""

    def forward(self, contexts: Array, target: Array) -> float:
        """Return the loss for one-hot contexts [B, 2 w, V] and targets [B, V]."""
        h: Any = 0
        for i, layer in enumerate(self.in_layers):
            h = h + layer.forward(contexts[:, i])
        h *= 1 / len(self.in_layers)
        return self.loss_layers[0].forward(self.out_layer.forward(h), target)

    def backward(self) -> None:
        """Write the gradients."""
        da = self.out_layer.backward(self.loss_layers[0].backward())
        da *= 1 / len(self.in_layers)
        for layer in reversed(self.in_layers):
            layer.backward(da)


class SoftmaxSkipGram(SoftmaxModel):
    """`fastw2v.nn.SimpleSkipGram` with 2 w contexts instead of 2."""

    def forward(self, contexts: Array, target: Array) -> float:
        """Return the loss for one-hot contexts [B, 2 w, V] and targets [B, V]."""
        score = self.out_layer.forward(self.in_layers[0].forward(target))
        return sum((layer.forward(score, contexts[:, i]) for i, layer in enumerate(self.loss_layers)), start=0.0)

    def backward(self) -> None:
        """Write the gradients."""
        ds: Any = 0
        for layer in self.loss_layers:
            ds = ds + layer.backward()
        self.in_layers[0].backward(self.out_layer.backward(ds))
