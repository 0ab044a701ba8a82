"""The book's matrix product and its losses; `Embedding` and `EmbeddingDot` are in `fastw2v.nn.embedding`.

Each layer has `params`, `grads`, `forward` and `backward`. These layers run in NumPy, or in CuPy for arrays on the GPU.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from fastw2v.nn import checks
from fastw2v.nn.arrays import as_array, module_of
from fastw2v.runtime.arrays import Array

_LOG_FLOOR = 1e-7  # the book adds it before taking a logarithm, so that log(0) does not occur


class MatMul:
    """Matrix product ``x @ W``, by NumPy (the book, section 1.3.4).

    Parameters
    ----------
    W : float32[n_in, n_out]
        Weights, used in place.

    Attributes
    ----------
    params, grads : list of ndarray
        [W] and [dW].

    Raises
    ------
    TypeError
        W is not an array of floats, or x is not numbers.
    ValueError
        W is not a matrix, or holds NaN or infinity; or shapes do not match.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import MatMul
    >>> layer = MatMul(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> layer.forward([[1, 10]])
    array([[31., 42.]])
    >>> layer.backward([[1, 0]])
    array([[1., 3.]])
    >>> layer.grads[0]
    array([[ 1.,  0.],
           [10.,  0.]])
    """

    def __init__(self, W: Array) -> None:
        self.params, self.grads = [checks.weights(W)], [np.zeros_like(W)]
        self.x: Array | None = None

    def forward(self, x: npt.ArrayLike) -> Array:
        """Return ``x @ W``, float[batch, n_out], for x float[batch, n_in]."""
        (W,), x = self.params, checks.numbers(x, "x", 2)
        checks.shape(x, (len(x), len(W)), "x")
        self.x = x
        return cast(Array, np.dot(x, W))

    def backward(self, dout: npt.ArrayLike) -> Array:
        """Write dW and return dx, float[batch, n_in], for dout float[batch, n_out]."""
        checks.forward_first(self.x, "MatMul")
        (W,), x, dout = self.params, cast(Array, self.x), checks.numbers(dout, "dout")
        checks.shape(dout, (len(x), W.shape[1]), "dout")
        self.grads[0][...] = np.dot(x.T, dout)
        return cast(Array, np.dot(dout, W.T))


class SoftmaxWithLoss:
    """Softmax and mean cross entropy: loss = -mean log(p[label] + 1e-7) (the book, section 1.3.1).

    Attributes
    ----------
    params, grads : list
        Empty.
    y : float[batch, n_classes]
        Probabilities of the last forward call.

    Raises
    ------
    TypeError
        x is not numbers, or t is not integers.
    ValueError
        The batch is empty, shapes do not match, or the loss is NaN or infinite.
    IndexError
        A label is negative, or not below n_classes.

    Examples
    --------
    >>> from fastw2v.nn import SoftmaxWithLoss
    >>> layer = SoftmaxWithLoss()
    >>> round(layer.forward([[0.0, 0.0]], [1]), 4)  # log 2
    0.6931
    >>> layer.backward()
    array([[ 0.5, -0.5]])
    """

    def __init__(self) -> None:
        self.params: list[Array] = []
        self.grads: list[Array] = []
        self.y: Array | None = None
        self.t: Array | None = None

    def forward(self, x: npt.ArrayLike, t: npt.ArrayLike) -> float:
        """Return the loss for scores x float[batch, n_classes]; t is int[batch], or one-hot with the shape of x."""
        x, labels = checks.numbers(x, "x", 2), as_array(t)
        n = checks.batch_size(len(x), "x")
        if labels.ndim == 2:
            checks.shape(labels, x.shape, "t")
            labels = labels.argmax(axis=1)
        checks.shape(labels, (n,), "t")
        self.t = module_of(x).asarray(checks.labels(labels, x.shape[1]))
        y = np.exp(x - x.max(axis=1, keepdims=True))
        y /= y.sum(axis=1, keepdims=True)
        self.y = y
        return checks.loss(-np.sum(np.log(y[module_of(y).arange(n), self.t] + _LOG_FLOOR)) / n)

    def backward(self, dout: float = 1) -> Array:
        """Return dx = (y - onehot(t)) dout / batch, float[batch, n_classes]."""
        checks.forward_first(self.y, "SoftmaxWithLoss")
        n, dx = len(self.t), self.y.copy()  # type: ignore[arg-type, union-attr]
        dx[module_of(dx).arange(n), self.t] -= 1
        return dx * checks.loss_gradient(dout) / n


class SigmoidWithLoss:
    """Sigmoid and mean binary cross entropy: loss = -mean log(p + 1e-7), where p is the probability of the label.

    The book, section 4.2.3.

    Attributes
    ----------
    params, grads : list
        Empty.
    y : float[batch]
        Probabilities of the label 1 in the last forward call.
    loss : float
        Loss of the last forward call.

    Raises
    ------
    TypeError
        x or t is not numbers.
    ValueError
        A label is not 0 or 1, the batch is empty, shapes do not match, or the loss is NaN or infinite.

    Examples
    --------
    >>> from fastw2v.nn import SigmoidWithLoss
    >>> layer = SigmoidWithLoss()
    >>> round(layer.forward([0.0, 0.0], [1, 0]), 4)  # log 2
    0.6931
    >>> layer.backward()
    array([-0.25,  0.25])
    """

    def __init__(self) -> None:
        self.params: list[Array] = []
        self.grads: list[Array] = []
        self.loss: float | None = None
        self.y: Array | None = None
        self.t: Array | None = None

    def forward(self, x: npt.ArrayLike, t: npt.ArrayLike) -> float:
        """Return the loss for scores x float[batch] and labels t [batch], each 0 or 1."""
        x = checks.numbers(x, "x")
        n = checks.batch_size(len(x), "x")
        self.t = module_of(x).asarray(checks.binary_labels(t))
        checks.shape(self.t, x.shape, "t")
        with np.errstate(over="ignore"):  # exp(-x) may be infinite; then y is 0, which is right
            self.y = y = 1 / (1 + np.exp(-x))
        p = np.where(self.t == 1, y, 1 - y)
        self.loss = checks.loss(-np.sum(np.log(p + _LOG_FLOOR)) / n)
        return self.loss

    def backward(self, dout: float = 1) -> Array:
        """Return dx = (y - t) dout / batch, float[batch]."""
        checks.forward_first(self.y, "SigmoidWithLoss")
        return cast(Array, (self.y - self.t) * checks.loss_gradient(dout) / len(self.t))  # type: ignore[operator, arg-type]
