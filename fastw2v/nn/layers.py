"""The book's layers: each has `params`, `grads`, `forward` and `backward` (*Deep Learning from Scratch 2*).

A layer works on the caller's weights, in place. `device` is "reference" (plain NumPy, the book's lines), "cpu" or
"cuda" (compiled kernels), or "auto": kernels for float32 weights where they lie, the reference for any other.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastw2v.nn import _checks
from fastw2v.nn._arrays import as_array, contiguous, empty, module_of, plain, require_current_device
from fastw2v.nn._dispatch import operation, resolve
from fastw2v.nn._gradient import TouchedRows
from fastw2v.nn._gradient_gpu import row_gradient
from fastw2v.runtime.devices import as_cupy

Array = npt.NDArray[Any]
_LOG_FLOOR = 1e-7  # the book's, against the logarithm of 0


class MatMul:
    """Matrix product ``x @ W``, by NumPy's BLAS on every device.

    Parameters
    ----------
    W : float32[n_in, n_out]

    Attributes
    ----------
    params, grads : list of ndarray
        [W], [dW]
    """

    def __init__(self, W: Array) -> None:
        self.params, self.grads = [_checks.weights(W)], [np.zeros_like(W)]
        self.x: Array | None = None

    def forward(self, x: npt.ArrayLike) -> Array:
        """Return ``x @ W``, float[batch, n_out], for x of shape [batch, n_in]."""
        (W,), x = self.params, _checks.numbers(x, "x", 2)
        _checks.shape(x, (len(x), len(W)), "x")
        self.x = x
        return cast(Array, np.dot(x, W))

    def backward(self, dout: npt.ArrayLike) -> Array:
        """Write dW and return dx, float[batch, n_in], for dout of shape [batch, n_out]."""
        _checks.forward_first(self.x, "MatMul")
        (W,), x, dout = self.params, cast(Array, self.x), _checks.numbers(dout, "dout")
        _checks.shape(dout, (len(x), W.shape[1]), "dout")
        self.grads[0][...] = np.dot(x.T, dout)
        return cast(Array, np.dot(dout, W.T))


class SoftmaxWithLoss:
    """Softmax and mean cross entropy: loss = -mean log(p[label] + 1e-7).

    Attributes
    ----------
    params, grads : list
        Empty.
    y : float[batch, n_classes]
        Probabilities of the last forward call.
    """

    def __init__(self) -> None:
        self.params: list[Array] = []
        self.grads: list[Array] = []
        self.y: Array | None = None
        self.t: Array | None = None

    def forward(self, x: npt.ArrayLike, t: npt.ArrayLike) -> float:
        """Return the loss of the scores x, float[batch, n_classes]; t: labels int[batch], or one-hot like x."""
        x, labels = _checks.numbers(x, "x", 2), as_array(t)
        n = _checks.batch_size(len(x), "x")
        if labels.ndim == 2:
            _checks.shape(labels, x.shape, "t")
            labels = labels.argmax(axis=1)
        _checks.shape(labels, (n,), "t")
        self.t = module_of(x).asarray(_checks.labels(labels, x.shape[1]))
        y = np.exp(x - x.max(axis=1, keepdims=True))
        y /= y.sum(axis=1, keepdims=True)
        self.y = y
        return _checks.loss(-np.sum(np.log(y[module_of(y).arange(n), self.t] + _LOG_FLOOR)) / n)

    def backward(self, dout: float = 1) -> Array:
        """Return dx = (y - onehot(t)) dout / batch, float[batch, n_classes]."""
        _checks.forward_first(self.y, "SoftmaxWithLoss")
        n, dx = len(self.t), self.y.copy()  # type: ignore[arg-type, union-attr]
        dx[module_of(dx).arange(n), self.t] -= 1
        return dx * _checks.loss_gradient(dout) / n


class SigmoidWithLoss:
    """Sigmoid and mean binary cross entropy: loss = -mean log(p + 1e-7), p the probability of the label, 0 or 1.

    Attributes
    ----------
    params, grads : list
        Empty.
    y : float[batch]
        Probabilities of label 1 in the last forward call.
    loss : float
    """

    def __init__(self) -> None:
        self.params: list[Array] = []
        self.grads: list[Array] = []
        self.loss: float | None = None
        self.y: Array | None = None
        self.t: Array | None = None

    def forward(self, x: npt.ArrayLike, t: npt.ArrayLike) -> float:
        """Return the loss of the scores x, float[batch], for the labels t, [batch], each 0 or 1."""
        x = _checks.numbers(x, "x")
        n = _checks.batch_size(len(x), "x")
        self.t = module_of(x).asarray(_checks.binary_labels(t))
        _checks.shape(self.t, x.shape, "t")
        with np.errstate(over="ignore"):  # exp(-x) may be infinite, and y is 0 then, as it should be
            self.y = y = 1 / (1 + np.exp(-x))
        p = np.where(self.t == 1, y, 1 - y)
        self.loss = _checks.loss(-np.sum(np.log(p + _LOG_FLOOR)) / n)
        return self.loss

    def backward(self, dout: float = 1) -> Array:
        """Return dx = (y - t) dout / batch, float[batch]."""
        _checks.forward_first(self.y, "SigmoidWithLoss")
        return cast(Array, (self.y - self.t) * _checks.loss_gradient(dout) / len(self.t))  # type: ignore[operator, arg-type]


class Embedding:
    """Rows of W by id.

    Parameters
    ----------
    W : float32[n_rows, dim]
        Used in place.
    device : str
        "auto", "cpu", "cuda" or "reference"; "cuda" takes W as an array of the GPU.

    Attributes
    ----------
    params, grads : list of ndarray
        [W], [dW]; on "cpu" and "cuda" dW knows its rows (`fastw2v.nn.RowGradient`), of which a backward call clears
        those of the one before it, not all.
    idx : int64 array
        Ids of the last forward call.

    Raises
    ------
    TypeError
        W, or ids, are of the wrong kind.
    ValueError
        W is no matrix, or holds NaN, or the device cannot take it; shapes do not match.
    IndexError
        An id is negative, or no row.
    """

    def __init__(self, W: Array, *, device: str = "auto") -> None:
        W = _checks.weights(as_cupy(W))
        self.device = resolve(device, W)
        self.params = [W]
        self.grads: list[Array] = [np.zeros_like(W) if self.device == "reference" else row_gradient(W, self.device)]
        self.idx: _checks.Ids | None = None

    def forward(self, idx: npt.ArrayLike) -> Array:
        """Return a copy of the rows ``W[idx]``, float32[..., dim], for int ids of any shape."""
        return self.rows(_checks.row_ids(idx, len(self.params[0]), "idx"))

    def rows(self, idx: _checks.Ids) -> Array:
        """Do what `forward` does with ids known to be rows, an array that nobody changes."""
        (W,) = self.params
        self.idx = contiguous(idx, self.device)
        if self.device == "reference":
            return W[self.idx]
        return gather_rows(W, self.idx.reshape(-1, 1), self.idx.shape, self.device)

    def backward(self, dout: npt.ArrayLike) -> None:
        """Write dW: zero, and for every id its row of dout, float32[..., dim], added; repeated ids add up."""
        _checks.forward_first(self.idx, "Embedding")
        (dW,), idx, dout = self.grads, cast(_checks.Ids, self.idx), _checks.numbers(dout, "dout")
        _checks.shape(dout, (*idx.shape, dW.shape[1]), "dout")
        if self.device != "reference":
            scatter_rows(dW, idx.reshape(-1, 1), dout.reshape(-1, dW.shape[1]), self.device)
            return
        dW[...] = 0
        np.add.at(dW, idx, dout)


def gather_rows(W: Array, ids: _checks.Ids, shape: tuple[int, ...], device: str) -> Array:
    """Return the mean of the rows ids[b] for each b as float32[*shape, dim], `shape` of len(ids) elements."""
    require_current_device(W, "W")
    out = empty((*shape, W.shape[1]), np.float32, device)
    if len(ids):
        operation("embedding", device)(W, ids, 1 / ids.shape[1], out=out.reshape(len(ids), -1))
    return out


def scatter_rows(dW: Array, ids: _checks.Ids, dout: Array, device: str) -> None:
    """Write the gradient of `gather_rows`: dW zero, and dout[b] / n added to each of the n rows ids[b]."""
    rows = cast(TouchedRows, dW)
    stale, dout = rows.stale_rows(), contiguous(dout, device, np.float32)
    operation("embedding_backward", device)(plain(dW), stale, ids, scale=1 / ids.shape[1], dout=dout)
    rows.touch(ids.reshape(-1))


class EmbeddingDot:
    """Scores: dot products of hidden vectors with the rows of W of target words.

    Parameters, `params` and `grads` are those of the `Embedding` layer `embed` inside.
    """

    def __init__(self, W: Array, *, device: str = "auto") -> None:
        self.embed = Embedding(W, device=device)
        self.params, self.grads = self.embed.params, self.embed.grads
        self.cache: tuple[Array, Array] | None = None

    def forward(self, h: npt.ArrayLike, idx: npt.ArrayLike) -> Array:
        """Return ``sum(W[idx] * h, axis=1)``, float32[batch], for h float32[batch, dim] and idx int[batch]."""
        h, target_W = _checks.numbers(h, "h"), self.embed.forward(idx)
        _checks.shape(h, target_W.shape, "h")
        self.cache = (h, target_W)
        return cast(Array, np.sum(target_W * h, axis=1))

    def backward(self, dout: npt.ArrayLike) -> Array:
        """Write dW and return dh, float[batch, dim], for dout of shape [batch]."""
        _checks.forward_first(self.cache, "EmbeddingDot")
        (h, target_W), dout = self.cache, _checks.numbers(dout, "dout")  # type: ignore[misc]
        _checks.shape(dout, h.shape[:1], "dout")
        column = dout.reshape(-1, 1)
        self.embed.backward(column * h)
        return column * target_W
