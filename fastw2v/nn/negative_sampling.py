"""NegativeSamplingLoss: one positive word and K negatives for each example, each a binary decision."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from fastw2v.nn import checks
from fastw2v.nn.arrays import contiguous, empty, plain, require_current_device
from fastw2v.nn.dispatch import operation, resolve
from fastw2v.nn.embedding import EmbeddingDot
from fastw2v.nn.layers import SigmoidWithLoss
from fastw2v.nn.row_gradient import TouchedRows
from fastw2v.nn.row_gradient_gpu import row_gradient
from fastw2v.nn.sampler import Sampler, UnigramSampler
from fastw2v.nn.seeds import Seed
from fastw2v.runtime.arrays import Array, Ids
from fastw2v.runtime.devices import as_cupy


class NegativeSamplingLoss:
    """Sum of K + 1 mean binary cross entropies: the target with label 1, K sampled words with label 0.

    The book, section 4.2.7.

    Parameters
    ----------
    W : float32[n_vocab, dim]
        Output weights, used in place.
    corpus : int[n_tokens]
        Word ids by whose counts negatives are drawn.
    power : float
        Exponent of the counts, see `UnigramSampler`.
    sample_size : int
        K, the number of negatives for each target.
    device : str
        "cpu" or "cuda": one kernel for forward and one for backward. "reference": the book's K + 1 layers of each
        kind, in `embed_dot_layers` and `loss_layers`. "auto": kernels for float32 weights, on the device where they
        are; else "reference".
    seed : int, RandomState, Generator, optional
        Source of the negatives; default NumPy's global generator, as in the book.
    sampler : Sampler, optional
        Draws the negatives instead; its `sample_size` must be the `sample_size` given here.

    Attributes
    ----------
    params, grads : list of ndarray
        [W] and [dW]. On "reference" K + 1 times W, each with its own gradient, as in the book.
    sampler : Sampler
    sample_size : int

    Raises
    ------
    TypeError, ValueError, IndexError
        As in `Embedding` and `UnigramSampler`; or the corpus has ids that are not rows of W.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import NegativeSamplingLoss
    >>> layer = NegativeSamplingLoss(np.zeros((4, 2), np.float32), corpus=[0, 1, 2, 3], sample_size=2, seed=0)
    >>> round(layer.forward(h=[[1.0, 2.0]], target=[3]), 4)  # 3 log 2, since all scores are 0
    2.0794
    >>> layer.backward()
    array([[0., 0.]], dtype=float32)
    >>> np.array(layer.grads[0])[3]  # (y - 1) h
    array([-0.5, -1. ], dtype=float32)
    """

    def __init__(
        self,
        W: Array,
        corpus: npt.ArrayLike,
        power: float = 0.75,
        sample_size: int = 5,
        *,
        device: str = "auto",
        seed: Seed = None,
        sampler: Sampler | None = None,
    ) -> None:
        W = checks.weights(as_cupy(W))
        self.device, self.sample_size = resolve(device, W), checks.whole("sample_size", sample_size)
        if sampler is None:
            ids = checks.corpus(corpus)
            _check_corpus(int(ids.max(initial=0)), len(W))
            sampler = UnigramSampler(ids, power, self.sample_size, device=self.device, seed=seed)
        self.sampler = checks.sampler(sampler)
        self._check_sampler(len(W))
        self.params: list[Array] = [W]
        self.grads: list[Array] = []
        if self.device == "reference":
            self._n_positives = 1
            self.loss_layers = [SigmoidWithLoss() for _ in range(self.sample_size + 1)]
            self.embed_dot_layers = [EmbeddingDot(W, device="reference") for _ in range(self.sample_size + 1)]
            self.params = [param for layer in self.embed_dot_layers for param in layer.params]
            self.grads = [grad for layer in self.embed_dot_layers for grad in layer.grads]
        else:
            self.grads.append(row_gradient(W, self.device))
            self._labels = empty(0, np.float32, self.device)
            self._cache: tuple[Array, Array, Array] | None = None

    def _check_sampler(self, n_rows: int) -> None:
        if self.sampler.sample_size != self.sample_size:
            raise ValueError(
                f"sample_size is {self.sample_size} and the sampler's {self.sampler.sample_size}; give the same"
            )
        _check_corpus(self.sampler.vocab_size - 1, n_rows)

    def forward(self, h: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Draw negatives and return the loss.

        Parameters
        ----------
        h : float32[batch, dim]
        target : int[batch] or int[batch, n]
            With two axes there are n positive words for each row of h. Each has its own negatives, drawn row by row,
            and the losses are added up.

        Returns
        -------
        float
            Mean over the batch.

        Raises
        ------
        ValueError, TypeError, IndexError
            The batch is empty, shapes do not match, or an id is not a row of W; or the loss is NaN or infinite.
        """
        h, target = checks.numbers(h, "h"), checks.numbers(target, "target")
        checks.batch_size(len(target), "target")
        if target.ndim > 2 or 0 in target.shape:
            raise ValueError(f"target has shape {target.shape}; expected (batch,), or (batch, n) with n of at least 1")
        return self.loss_of(h, checks.row_ids(target, len(self.params[0]), "target"))

    def loss_of(self, h: Array, rows: Ids) -> float:
        """Do the same as `forward` for checked ids, int64: a check would make the host wait for the GPU."""
        checks.shape(h, (len(rows), self.params[0].shape[1]), "h")
        return self._forward_layers(h, rows) if self.device == "reference" else self._forward_fused(h, rows)

    def backward(self, dout: float = 1) -> Array:
        """Write dW and return dh, float[batch, dim], both times `dout`."""
        return self._backward_layers(dout) if self.device == "reference" else self._backward_fused(dout)

    def _forward_layers(self, h: Array, target: Ids) -> float:
        self._n_positives = n = target.size // len(target)
        h, target = h if n == 1 else np.repeat(h, n, axis=0), target.reshape(-1)
        batch_size = target.shape[0]
        negative_sample = self._negatives(target)
        score = self.embed_dot_layers[0].forward(h, target)
        loss = self.loss_layers[0].forward(score, np.ones(batch_size, dtype=np.int32))
        negative_label = np.zeros(batch_size, dtype=np.int32)
        for i in range(self.sample_size):
            score = self.embed_dot_layers[1 + i].forward(h, negative_sample[:, i])
            loss += self.loss_layers[1 + i].forward(score, negative_label)
        return loss * n  # each layer's mean is over the positives of all rows

    def _backward_layers(self, dout: float) -> Array:
        dout = checks.loss_gradient(dout) * self._n_positives
        dh: Array | int = 0
        for loss_layer, embed_dot_layer in zip(self.loss_layers, self.embed_dot_layers):
            dh += embed_dot_layer.backward(loss_layer.backward(dout))
        dh = np.asarray(dh)
        return dh if self._n_positives == 1 else dh.reshape(-1, self._n_positives, dh.shape[1]).sum(axis=1)

    def _negatives(self, target: Ids) -> Array:
        """Draw int[len(target), K] and check that they are rows; those of a UnigramSampler always are."""
        n_rows, sampler = len(self.params[0]), self.sampler
        if type(sampler) is not UnigramSampler:
            sample = checks.row_ids(sampler.get_negative_sample(target), n_rows, "negative_sample")
        else:
            sample = sampler.draw(target) if sampler.vocab_size == n_rows else sampler.get_negative_sample(target)
        expected = (len(target), self.sample_size)
        checks.shape(sample, expected, "negative_sample", why="sample_size words for each target")
        return sample

    def _forward_fused(self, h: Array, target: Ids) -> float:
        (W,) = self.params
        require_current_device(W, "W")
        h, targets = contiguous(h, self.device, np.float32), self._targets(target.reshape(len(target), -1))
        probability, loss = empty(targets.shape, np.float32, self.device), empty(1, np.float64, self.device)
        operation("dot_sigmoid_loss", self.device)(
            W, h, targets, labels=self._labels, probability=probability, loss=loss
        )
        self._cache = (h, targets, probability)
        return checks.loss(float(loss[0]))

    def _targets(self, positive: Ids) -> Ids:
        """Return int64[batch, n (1 + K)], the positives of each row first, and set their labels."""
        n, negative = positive.shape[1], self._negatives(positive.reshape(-1))
        targets = empty((len(positive), n * (1 + self.sample_size)), np.int64, self.device)
        targets[:, :n] = contiguous(positive, self.device)
        targets[:, n:] = contiguous(negative.reshape(len(positive), -1), self.device)
        if len(self._labels) != targets.shape[1]:
            self._labels = contiguous(np.arange(targets.shape[1]) < n, self.device, np.float32)
        return targets

    def _backward_fused(self, dout: float) -> Array:
        checks.forward_first(self._cache, "NegativeSamplingLoss")
        (h, targets, probability), dout = self._cache, checks.loss_gradient(dout)  # type: ignore[misc]
        W, dW = self.params[0], self.grads[0]
        rows, dh = cast(TouchedRows, dW), empty(h.shape, np.float32, self.device)
        backward = operation("dot_sigmoid_loss_backward", self.device)
        labels, stale_ids = self._labels, rows.stale_rows()
        backward(
            W, h, targets, labels=labels, probability=probability, dout=dout, stale_ids=stale_ids, dh=dh, dw=plain(dW)
        )
        rows.touch(targets.reshape(-1))
        return dh


def _check_corpus(largest: int, n_rows: int) -> None:
    if largest >= n_rows:
        raise IndexError(
            f"the corpus has the id {largest} and W {n_rows} rows; expected ids below that: make W, or vocab_size, as "
            "large as the vocabulary"
        )
