"""NegativeSamplingLoss: one positive and K negatives for each example, each a binary decision (the book, 4.2.7)."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fastw2v.nn import _checks
from fastw2v.nn._arrays import contiguous, empty, plain, require_current_device
from fastw2v.nn._dispatch import operation, resolve
from fastw2v.nn._gradient import TouchedRows
from fastw2v.nn._gradient_gpu import row_gradient
from fastw2v.nn._random import Seed
from fastw2v.nn.layers import EmbeddingDot, SigmoidWithLoss
from fastw2v.nn.sampler import Sampler, UnigramSampler
from fastw2v.runtime.devices import as_cupy

Array = npt.NDArray[Any]


class NegativeSamplingLoss:
    """Sum of K + 1 mean binary cross entropies: the target's with label 1, those of K sampled words with label 0.

    Parameters
    ----------
    W : float32[n_vocab, dim]
        Output rows, used in place.
    corpus : int[n_tokens]
        What negatives are sampled from.
    power, sample_size
        See `UnigramSampler`.
    device : str
        "cpu" or "cuda": one kernel forward and one backward. "reference": the book's K + 1 pairs of layers, in
        `embed_dot_layers` and `loss_layers`. "auto": kernels for float32 weights, where they lie.
    seed : int, RandomState, Generator, optional
        What the sampler draws from.
    sampler : Sampler, optional
        Instead of a `UnigramSampler` of its own; its `sample_size` must be the one given here.

    Attributes
    ----------
    params, grads : list of ndarray
        [W], [dW]; on "reference" K + 1 times W, each with a gradient of its own, as in the book.
    sampler, sample_size

    Raises
    ------
    ValueError, TypeError, IndexError
        As `Embedding` and `UnigramSampler`; or the corpus has ids beyond the rows of W.
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
        W = _checks.weights(as_cupy(W))
        self.device, self.sample_size = resolve(device, W), _checks.whole("sample_size", sample_size)
        if sampler is None:
            ids = _checks.corpus(corpus)
            _check_corpus(int(ids.max(initial=0)), len(W))
            sampler = UnigramSampler(ids, power, self.sample_size, device=self.device, seed=seed)
        self.sampler = _checks.sampler(sampler)
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
            In two dimensions, n positives for each row of h, with negatives for each of them, drawn row by row; the
            losses are added up.
        """
        h, target = _checks.numbers(h, "h"), _checks.numbers(target, "target")
        _checks.batch_size(len(target), "target")
        if target.ndim > 2 or 0 in target.shape:
            raise ValueError(f"target has shape {target.shape}; expected (batch,), or (batch, n) with n of at least 1")
        return self.loss_of(h, _checks.row_ids(target, len(self.params[0]), "target"))

    def loss_of(self, h: Array, rows: _checks.Ids) -> float:
        """Do what `forward` does with ids known to be rows of W: on a GPU, to look at ids is to wait for it."""
        _checks.shape(h, (len(rows), self.params[0].shape[1]), "h")
        return self._forward_layers(h, rows) if self.device == "reference" else self._forward_fused(h, rows)

    def backward(self, dout: float = 1) -> Array:
        """Write dW and return dh, float[batch, dim]."""
        return self._backward_layers(dout) if self.device == "reference" else self._backward_fused(dout)

    def _forward_layers(self, h: Array, target: _checks.Ids) -> float:
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
        return loss * n  # the layers' means are over the positives of all rows

    def _backward_layers(self, dout: float) -> Array:
        dout = _checks.loss_gradient(dout) * self._n_positives
        dh: Array | int = 0
        for loss_layer, embed_dot_layer in zip(self.loss_layers, self.embed_dot_layers):
            dh += embed_dot_layer.backward(loss_layer.backward(dout))
        dh = np.asarray(dh)
        return dh if self._n_positives == 1 else dh.reshape(-1, self._n_positives, dh.shape[1]).sum(axis=1)

    def _negatives(self, target: _checks.Ids) -> Array:
        """Draw int[len(target), K], which must be rows: a UnigramSampler's are, since its vocabulary is no larger."""
        n_rows, sampler = len(self.params[0]), self.sampler
        if type(sampler) is not UnigramSampler:
            sample = _checks.row_ids(sampler.get_negative_sample(target), n_rows, "negative_sample")
        else:
            sample = sampler.draw(target) if sampler.vocab_size == n_rows else sampler.get_negative_sample(target)
        expected = (len(target), self.sample_size)
        _checks.shape(sample, expected, "negative_sample", "sample_size words for each target")
        return sample

    def _forward_fused(self, h: Array, target: _checks.Ids) -> float:
        (W,) = self.params
        require_current_device(W, "W")
        h, targets = contiguous(h, self.device, np.float32), self._targets(target.reshape(len(target), -1))
        probability, loss = empty(targets.shape, np.float32, self.device), empty(1, np.float64, self.device)
        operation("dot_sigmoid_loss", self.device)(
            W, h, targets, labels=self._labels, probability=probability, loss=loss
        )
        self._cache = (h, targets, probability)
        return _checks.loss(float(loss[0]))

    def _targets(self, positive: _checks.Ids) -> _checks.Ids:
        """Return int64[batch, n (1 + K)], the positives of each row first, and make the labels for it."""
        n, negative = positive.shape[1], self._negatives(positive.reshape(-1))
        targets = empty((len(positive), n * (1 + self.sample_size)), np.int64, self.device)
        targets[:, :n] = contiguous(positive, self.device)
        targets[:, n:] = contiguous(negative.reshape(len(positive), -1), self.device)
        if len(self._labels) != targets.shape[1]:
            self._labels = contiguous(np.arange(targets.shape[1]) < n, self.device, np.float32)
        return targets

    def _backward_fused(self, dout: float) -> Array:
        _checks.forward_first(self._cache, "NegativeSamplingLoss")
        (h, targets, probability), dout = self._cache, _checks.loss_gradient(dout)  # type: ignore[misc]
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
