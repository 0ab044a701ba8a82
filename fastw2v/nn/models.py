"""The book's models: chapter 3's with a softmax over all words, chapter 4's with negative sampling."""

from __future__ import annotations

from typing import Any, cast

import numpy.typing as npt

from fastw2v.nn import _checks
from fastw2v.nn._arrays import contiguous, to_gpu
from fastw2v.nn._dispatch import resolve
from fastw2v.nn._gradient_gpu import row_gradient
from fastw2v.nn._random import Seed, generator, small_normal
from fastw2v.nn.layers import Embedding, MatMul, SoftmaxWithLoss, gather_rows, scatter_rows
from fastw2v.nn.negative_sampling import NegativeSamplingLoss
from fastw2v.nn.sampler import Sampler
from fastw2v_kernels._jit.cuda import require_memory

Array = npt.NDArray[Any]


class _Model:
    """Weights and gradients of layers, in the book's order."""

    params: list[Array]
    grads: list[Array]
    word_vecs: Array

    def _collect(self, layers: list[Any], word_vecs: Array) -> None:
        self.params = [param for layer in layers for param in layer.params]
        self.grads = [grad for layer in layers for grad in layer.grads]
        self.word_vecs = word_vecs


class SimpleCBOW(_Model):
    """Chapter 3's CBOW: two contexts, one-hot, and a softmax over the vocabulary; NumPy's BLAS on every device.

    Parameters
    ----------
    vocab_size, hidden_size : int
    seed : int, RandomState, Generator, optional
        What the first weights are drawn from; default NumPy's global generator.

    Attributes
    ----------
    params, grads : list of ndarray
    word_vecs : float32[vocab_size, hidden_size]
        W_in, the same array that training changes.
    """

    def __init__(self, vocab_size: int, hidden_size: int, *, seed: Seed = None) -> None:
        rng, (n_words, dim) = generator(seed), _checks.matrix_sizes(vocab_size, hidden_size)
        W_in, W_out = small_normal(rng, n_words, dim), small_normal(rng, dim, n_words)
        self.in_layer0, self.in_layer1, self.out_layer = MatMul(W_in), MatMul(W_in), MatMul(W_out)
        self.loss_layer = SoftmaxWithLoss()
        self._collect([self.in_layer0, self.in_layer1, self.out_layer], W_in)

    def forward(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Return the loss for one-hot contexts [batch, 2, vocab_size] and targets [batch, vocab_size]."""
        contexts, target = _checks.one_hot(contexts, target, len(self.word_vecs))
        h = (self.in_layer0.forward(contexts[:, 0]) + self.in_layer1.forward(contexts[:, 1])) * 0.5
        return self.loss_layer.forward(self.out_layer.forward(h), target)

    def backward(self, dout: float = 1) -> None:
        """Write the gradients."""
        da = self.out_layer.backward(self.loss_layer.backward(dout))
        da *= 0.5
        self.in_layer1.backward(da)
        self.in_layer0.backward(da)


class SimpleSkipGram(_Model):
    """Chapter 3's skip-gram: the target predicts both contexts by a softmax over the vocabulary.

    Parameters and attributes as `SimpleCBOW`.
    """

    def __init__(self, vocab_size: int, hidden_size: int, *, seed: Seed = None) -> None:
        rng, (n_words, dim) = generator(seed), _checks.matrix_sizes(vocab_size, hidden_size)
        W_in, W_out = small_normal(rng, n_words, dim), small_normal(rng, dim, n_words)
        self.in_layer, self.out_layer = MatMul(W_in), MatMul(W_out)
        self.loss_layer1, self.loss_layer2 = SoftmaxWithLoss(), SoftmaxWithLoss()
        self._collect([self.in_layer, self.out_layer], W_in)

    def forward(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Return the loss for one-hot contexts [batch, 2, vocab_size] and targets [batch, vocab_size]."""
        contexts, target = _checks.one_hot(contexts, target, len(self.word_vecs))
        s = self.out_layer.forward(self.in_layer.forward(target))
        return self.loss_layer1.forward(s, contexts[:, 0]) + self.loss_layer2.forward(s, contexts[:, 1])

    def backward(self, dout: float = 1) -> None:
        """Write the gradients."""
        ds = self.loss_layer1.backward(dout) + self.loss_layer2.backward(dout)
        self.in_layer.backward(self.out_layer.backward(ds))


class EmbeddingMean:
    """Mean of n rows of W for each example, compiled: what n `Embedding` layers of one W, averaged, compute."""

    def __init__(self, W: Array, device: str) -> None:
        self.device = device
        self.params: list[Array] = [W]
        self.grads = [row_gradient(W, device)]
        self.idx: _checks.Ids | None = None

    def forward(self, idx: _checks.Ids) -> Array:
        """Return float32[batch, dim] for ids of rows, int64[batch, n]."""
        self.idx = contiguous(idx, self.device)
        return gather_rows(self.params[0], self.idx, idx.shape[:1], self.device)

    def backward(self, dout: Array) -> None:
        """Write dW: dout / n, float32[batch, dim], added to each of the n rows."""
        _checks.forward_first(self.idx, "CBOW")
        scatter_rows(self.grads[0], cast(_checks.Ids, self.idx), dout, self.device)


class _NegativeSamplingModel(_Model):
    """First weights and options that CBOW and SkipGram have in common."""

    def __init__(self, vocab_size: int, hidden_size: int, window_size: int, device: str, seed: Seed) -> None:
        self.device, self._rng = resolve(device), generator(seed)
        self._n_contexts = 2 * _checks.window_size(window_size)
        sizes = _checks.matrix_sizes(vocab_size, hidden_size)
        self._W_in, self._W_out = small_normal(self._rng, *sizes), small_normal(self._rng, *sizes)
        if self.device == "cuda":
            require_memory(4 * self._W_in.nbytes, "a model of two matrices and their gradients")
            self._W_in, self._W_out = to_gpu(self._W_in), to_gpu(self._W_out)

    def _batch(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> tuple[_checks.Ids, _checks.Ids]:
        return _checks.contexts_and_target(contexts, target, self._n_contexts, len(self.word_vecs))

    def _loss_layer(self, corpus: npt.ArrayLike, sampler: Sampler | None) -> NegativeSamplingLoss:
        size = 5 if sampler is None else _checks.sampler(sampler).sample_size
        options: dict[str, Any] = {"device": self.device, "seed": self._rng, "sampler": sampler}
        return NegativeSamplingLoss(self._W_out, corpus, power=0.75, sample_size=size, **options)


class CBOW(_NegativeSamplingModel):
    """Predict a word from the mean of its 2 window_size neighbours, by negative sampling (power 0.75, K = 5).

    Parameters
    ----------
    vocab_size, hidden_size, window_size : int
    corpus : int[n_tokens]
        What negatives are sampled from; ids below vocab_size.
    device : str
        "auto" or "cpu": compiled kernels. "cuda": kernels on the GPU, where parameters and gradients are CuPy's
        arrays; "auto" takes it if `config.GPU` is set. "reference": the book's layers, one for each context word.
    seed : int, RandomState, Generator, optional
        What weights and negatives are drawn from, the weights the same on every device; default NumPy's global
        generator, as in the book.
    sampler : Sampler, optional
        Where negatives come from instead, K of them.

    Attributes
    ----------
    params, grads : list of ndarray
        [W_in, W_out] and their gradients; on "reference" the book's lists, in which shared weights occur many times
        and `remove_duplicate` adds up to the same.
    word_vecs : float32[vocab_size, hidden_size]
        W_in, the same array that training changes.
    in_layers, ns_loss
        The layers.
    """

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int,
        window_size: int,
        corpus: npt.ArrayLike,
        *,
        device: str = "auto",
        seed: Seed = None,
        sampler: Sampler | None = None,
    ) -> None:
        super().__init__(vocab_size, hidden_size, window_size, device, seed)
        self.in_layers: list[Any] = [EmbeddingMean(self._W_in, self.device)]
        if self.device == "reference":
            self.in_layers = [Embedding(self._W_in, device="reference") for _ in range(self._n_contexts)]
        self.ns_loss = self._loss_layer(corpus, sampler)
        self._collect([*self.in_layers, self.ns_loss], self._W_in)

    def forward(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Draw negatives and return the loss for contexts int[batch, 2 window_size] and target int[batch]."""
        contexts, target = self._batch(contexts, target)
        if self.device != "reference":
            return self.ns_loss.loss_of(self.in_layers[0].forward(contexts), target)
        h: Any = 0
        for i, layer in enumerate(self.in_layers):
            h += layer.forward(contexts[:, i])
        h *= 1 / len(self.in_layers)
        return self.ns_loss.forward(h, target)

    def backward(self, dout: float = 1) -> None:
        """Write the gradients."""
        dh = self.ns_loss.backward(dout)
        if self.device == "reference":
            dh *= 1 / len(self.in_layers)
        for layer in self.in_layers:
            layer.backward(dh)


class SkipGram(_NegativeSamplingModel):
    """Predict the 2 window_size neighbours of a word, each by negative sampling with negatives of its own (K = 5).

    Parameters and attributes as `CBOW`, with `in_layer` and `loss_layers` for layers. On "reference" there is one
    loss layer for each context, with a sampler of its own; with kernels one for all of them, which draws for all at
    once: an injected sampler is called with int[batch * 2 window_size], the contexts row by row.
    """

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int,
        window_size: int,
        corpus: npt.ArrayLike,
        *,
        device: str = "auto",
        seed: Seed = None,
        sampler: Sampler | None = None,
    ) -> None:
        super().__init__(vocab_size, hidden_size, window_size, device, seed)
        self.in_layer = Embedding(self._W_in, device=self.device)
        n_layers = self._n_contexts if self.device == "reference" else 1
        self.loss_layers = [self._loss_layer(corpus, sampler) for _ in range(n_layers)]
        self._collect([self.in_layer, *self.loss_layers], self._W_in)

    def forward(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Draw negatives and return the loss for contexts int[batch, 2 window_size] and target int[batch]."""
        contexts, target = self._batch(contexts, target)
        h = self.in_layer.rows(target)
        if self.device != "reference":
            return self.loss_layers[0].loss_of(h, contexts)
        return sum((layer.forward(h, contexts[:, i]) for i, layer in enumerate(self.loss_layers)), start=0.0)

    def backward(self, dout: float = 1) -> None:
        """Write the gradients."""
        dh: Any = 0
        for layer in self.loss_layers:
            dh = dh + layer.backward(dout)
        self.in_layer.backward(dh)
