"""Embedding layers: rows of a matrix by id, their mean, and their dot products with hidden vectors."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from fastw2v.nn import checks
from fastw2v.nn.arrays import contiguous, empty, plain, require_current_device
from fastw2v.nn.dispatch import operation, resolve
from fastw2v.nn.row_gradient import TouchedRows
from fastw2v.nn.row_gradient_gpu import row_gradient
from fastw2v.runtime.arrays import Array, Ids
from fastw2v.runtime.devices import as_cupy


class Embedding:
    """Rows of W by id (the book, section 4.1.2).

    Parameters
    ----------
    W : float32[n_rows, dim]
        Weights, used in place.
    device : str
        "auto", "cpu", "cuda" or "reference". For "cuda" W must be on the GPU.

    Attributes
    ----------
    params, grads : list of ndarray
        [W] and [dW]. On "cpu" and "cuda" dW is a `RowGradient`: a backward call clears the rows that the call before
        it touched, not the whole matrix.
    idx : int64 array
        Ids of the last forward call.

    Raises
    ------
    TypeError
        W is not an array of floats, or ids are not integers.
    ValueError
        W is not a matrix, or holds NaN or infinity; the device cannot work on it; or shapes do not match.
    IndexError
        An id is negative, or not below n_rows.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import Embedding
    >>> layer = Embedding(np.arange(6, dtype=np.float32).reshape(3, 2))
    >>> layer.forward([2, 0])
    array([[4., 5.],
           [0., 1.]], dtype=float32)
    >>> layer.backward([[1, 1], [2, 2]])
    >>> np.array(layer.grads[0])
    array([[2., 2.],
           [0., 0.],
           [1., 1.]], dtype=float32)
    """

    def __init__(self, W: Array, *, device: str = "auto") -> None:
        W = checks.weights(as_cupy(W))
        self.device = resolve(device, W)
        self.params = [W]
        self.grads: list[Array] = [np.zeros_like(W) if self.device == "reference" else row_gradient(W, self.device)]
        self.idx: Ids | None = None

    def forward(self, idx: npt.ArrayLike) -> Array:
        """Return a copy of the rows ``W[idx]``, float32[..., dim], for ids int[...] of any shape."""
        return self.rows(checks.row_ids(idx, len(self.params[0]), "idx"))

    def rows(self, idx: Ids) -> Array:
        """Do the same as `forward` for ids that were checked already and do not change until `backward`."""
        (W,) = self.params
        self.idx = contiguous(idx, self.device)
        if self.device == "reference":
            return W[self.idx]
        return gather_rows(W, self.idx.reshape(-1, 1), self.idx.shape, device=self.device)

    def backward(self, dout: npt.ArrayLike) -> None:
        """Write dW: the sum of the rows of dout, float32[..., dim], for each id; zero for all other rows."""
        checks.forward_first(self.idx, "Embedding")
        (dW,), idx, dout = self.grads, cast(Ids, self.idx), checks.numbers(dout, "dout")
        checks.shape(dout, (*idx.shape, dW.shape[1]), "dout")
        if self.device != "reference":
            scatter_rows(dW, idx.reshape(-1, 1), dout.reshape(-1, dW.shape[1]), device=self.device)
            return
        dW[...] = 0
        np.add.at(dW, idx, dout)


class EmbeddingMean:
    """Mean of n rows of W for each example, in one kernel: what n `Embedding` layers of one W, averaged, compute."""

    def __init__(self, W: Array, device: str) -> None:
        self.device = device
        self.params: list[Array] = [W]
        self.grads = [row_gradient(W, device)]
        self.idx: Ids | None = None

    def forward(self, idx: Ids) -> Array:
        """Return float32[batch, dim] for checked row ids int64[batch, n]."""
        self.idx = contiguous(idx, self.device)
        return gather_rows(self.params[0], self.idx, idx.shape[:1], device=self.device)

    def backward(self, dout: Array) -> None:
        """Write dW: dout / n, float32[batch, dim], is added to each of the n rows of an example."""
        checks.forward_first(self.idx, "CBOW")
        scatter_rows(self.grads[0], cast(Ids, self.idx), dout, device=self.device)


class EmbeddingDot:
    """Scores: dot products of hidden vectors with the rows of W of target words (the book, section 4.2.4).

    Parameters
    ----------
    W : float32[n_rows, dim]
        Weights, used in place.
    device : str
        As in `Embedding`.

    Attributes
    ----------
    embed : Embedding
        The layer that gathers the rows.
    params, grads : list of ndarray
        [W] and [dW] of `embed`.

    Raises
    ------
    TypeError, ValueError, IndexError
        As in `Embedding`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import EmbeddingDot
    >>> layer = EmbeddingDot(np.eye(3, dtype=np.float32))
    >>> layer.forward([[1, 2, 3], [4, 5, 6]], [0, 2])
    array([1., 6.])
    >>> layer.backward([1, 10])
    array([[ 1.,  0.,  0.],
           [ 0.,  0., 10.]])
    """

    def __init__(self, W: Array, *, device: str = "auto") -> None:
        self.embed = Embedding(W, device=device)
        self.params, self.grads = self.embed.params, self.embed.grads
        self.cache: tuple[Array, Array] | None = None

    def forward(self, h: npt.ArrayLike, idx: npt.ArrayLike) -> Array:
        """Return ``sum(W[idx] * h, axis=1)``, float32[batch], for h float32[batch, dim] and idx int[batch]."""
        h, target_W = checks.numbers(h, "h"), self.embed.forward(idx)
        checks.shape(h, target_W.shape, "h")
        self.cache = (h, target_W)
        return cast(Array, np.sum(target_W * h, axis=1))

    def backward(self, dout: npt.ArrayLike) -> Array:
        """Write dW and return dh, float[batch, dim], for dout float[batch]."""
        checks.forward_first(self.cache, "EmbeddingDot")
        (h, target_W), dout = self.cache, checks.numbers(dout, "dout")  # type: ignore[misc]
        checks.shape(dout, h.shape[:1], "dout")
        column = dout.reshape(-1, 1)
        self.embed.backward(column * h)
        return column * target_W


def gather_rows(W: Array, ids: Ids, shape: tuple[int, ...], *, device: str) -> Array:
    """Return the mean of the rows ids[b] for each b.

    Parameters
    ----------
    W : float32[n_rows, dim]
    ids : int64[batch, n]
    shape : tuple of int
        Leading axes of the result, batch elements in all.
    device : str
        "cpu" or "cuda".

    Returns
    -------
    float32[*shape, dim]
    """
    require_current_device(W, "W")
    out = empty((*shape, W.shape[1]), np.float32, device)
    if len(ids):
        operation("embedding", device)(W, ids, 1 / ids.shape[1], out=out.reshape(len(ids), -1))
    return out


def scatter_rows(dW: Array, ids: Ids, dout: Array, *, device: str) -> None:
    """Write the gradient of `gather_rows`: set dW to zero, then add dout[b] / n to each of the n rows ids[b]."""
    rows = cast(TouchedRows, dW)
    stale, dout = rows.stale_rows(), contiguous(dout, device, np.float32)
    operation("embedding_backward", device)(plain(dW), stale, ids, scale=1 / ids.shape[1], dout=dout)
    rows.touch(ids.reshape(-1))
