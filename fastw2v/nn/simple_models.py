"""The models of the book's chapter 3: CBOW and skip-gram for a window of 1, with a softmax over all words."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from fastw2v.nn import checks
from fastw2v.nn.layers import MatMul, SoftmaxWithLoss
from fastw2v.nn.seeds import Seed, generator, small_normal
from fastw2v.runtime.arrays import Array


class BookModel:
    """Base of the models: the parameters and gradients of their layers, in the book's order.

    Attributes
    ----------
    params, grads : list of ndarray
        One entry per use of a weight matrix, so a matrix that several layers share occurs several times.
    word_vecs : float32[vocab_size, hidden_size]
        W_in itself, which training changes.
    """

    params: list[Array]
    grads: list[Array]
    word_vecs: Array

    def _collect(self, layers: list[Any], word_vecs: Array) -> None:
        self.params = [param for layer in layers for param in layer.params]
        self.grads = [grad for layer in layers for grad in layer.grads]
        self.word_vecs = word_vecs


class SimpleCBOW(BookModel):
    """Chapter 3's CBOW: two one-hot context words predict the word between them.

    The matrix products run in NumPy on every device.

    Parameters
    ----------
    vocab_size, hidden_size : int
    seed : int, RandomState, Generator, optional
        Source of the initial weights; default NumPy's global generator, as in the book.

    Attributes
    ----------
    params, grads : list of ndarray
        [W_in, W_in, W_out] and their gradients. W_in is shared: `remove_duplicate` adds up its gradients.
    word_vecs : float32[vocab_size, hidden_size]
        W_in itself, which training changes.

    Raises
    ------
    TypeError, ValueError
        A size or the seed is not a number, or is out of range; a batch is not one-hot, or its shapes do not match.

    Examples
    --------
    >>> from fastw2v.nn import SimpleCBOW, convert_one_hot, create_contexts_target, preprocess
    >>> corpus, word_to_id, id_to_word = preprocess("You say goodbye and I say hello.")
    >>> contexts, target = create_contexts_target(corpus, window_size=1)
    >>> model = SimpleCBOW(len(word_to_id), 5, seed=0)
    >>> batch = convert_one_hot(contexts, len(word_to_id)), convert_one_hot(target, len(word_to_id))
    >>> round(model.forward(*batch), 4)  # log 7: the first weights are small
    1.9459
    """

    def __init__(self, vocab_size: int, hidden_size: int, *, seed: Seed = None) -> None:
        rng, (n_words, dim) = generator(seed), checks.matrix_sizes(vocab_size, hidden_size)
        W_in, W_out = small_normal(rng, n_words, dim), small_normal(rng, dim, n_words)
        self.in_layer0, self.in_layer1, self.out_layer = MatMul(W_in), MatMul(W_in), MatMul(W_out)
        self.loss_layer = SoftmaxWithLoss()
        self._collect([self.in_layer0, self.in_layer1, self.out_layer], W_in)

    def forward(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Return the loss for one-hot contexts [batch, 2, vocab_size] and targets [batch, vocab_size]."""
        contexts, target = checks.one_hot(contexts, target, len(self.word_vecs))
        h = (self.in_layer0.forward(contexts[:, 0]) + self.in_layer1.forward(contexts[:, 1])) * 0.5
        return self.loss_layer.forward(self.out_layer.forward(h), target)

    def backward(self, dout: float = 1) -> None:
        """Write the gradients of the last forward call, times `dout`."""
        da = self.out_layer.backward(self.loss_layer.backward(dout))
        da *= 0.5
        self.in_layer1.backward(da)
        self.in_layer0.backward(da)


class SimpleSkipGram(BookModel):
    """Chapter 3's skip-gram: a one-hot word predicts the words before and after it.

    Parameters, exceptions and batches are those of `SimpleCBOW`.

    Attributes
    ----------
    params, grads : list of ndarray
        [W_in, W_out] and their gradients.
    word_vecs : float32[vocab_size, hidden_size]
        W_in itself, which training changes.

    Examples
    --------
    >>> from fastw2v.nn import SimpleSkipGram, convert_one_hot
    >>> contexts, target = convert_one_hot([[0, 2], [1, 3]], 7), convert_one_hot([1, 2], 7)
    >>> round(SimpleSkipGram(7, 5, seed=0).forward(contexts, target), 3)  # 2 log 7
    3.892
    """

    def __init__(self, vocab_size: int, hidden_size: int, *, seed: Seed = None) -> None:
        rng, (n_words, dim) = generator(seed), checks.matrix_sizes(vocab_size, hidden_size)
        W_in, W_out = small_normal(rng, n_words, dim), small_normal(rng, dim, n_words)
        self.in_layer, self.out_layer = MatMul(W_in), MatMul(W_out)
        self.loss_layer1, self.loss_layer2 = SoftmaxWithLoss(), SoftmaxWithLoss()
        self._collect([self.in_layer, self.out_layer], W_in)

    def forward(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Return the loss for one-hot contexts [batch, 2, vocab_size] and targets [batch, vocab_size]."""
        contexts, target = checks.one_hot(contexts, target, len(self.word_vecs))
        s = self.out_layer.forward(self.in_layer.forward(target))
        return self.loss_layer1.forward(s, contexts[:, 0]) + self.loss_layer2.forward(s, contexts[:, 1])

    def backward(self, dout: float = 1) -> None:
        """Write the gradients of the last forward call, times `dout`."""
        ds = self.loss_layer1.backward(dout) + self.loss_layer2.backward(dout)
        self.in_layer.backward(self.out_layer.backward(ds))
