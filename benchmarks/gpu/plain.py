"""The book's models and Adam in plain CuPy, which box.py times for comparison."""

from __future__ import annotations

import numpy as np

from fastw2v.runtime.arrays import Array
from fastw2v_kernels._jit import cuda as gpu


class PlainAdam:
    """The book's Adam, array by array."""

    def __init__(self) -> None:
        self.iter, self.m, self.v = 0, list[Array](), list[Array]()

    def update(self, params: list[Array], grads: list[Array]) -> None:
        """Change the parameters in place."""
        xp = gpu.array_module()
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

    def __init__(self, is_cbow: bool, n_words: int, dim: int, negative: int, corpus: Array) -> None:
        self._xp = xp = gpu.array_module()
        self._is_cbow, self._k = is_cbow, negative
        rng = np.random.default_rng(0)
        matrices = (0.01 * rng.standard_normal((n_words, dim)).astype(np.float32) for _ in range(2))
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
