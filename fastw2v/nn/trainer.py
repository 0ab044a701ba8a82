"""The book's Trainer, and what it does between backward and update."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fastw2v.nn import _checks
from fastw2v.nn._arrays import address, as_array, module_of
from fastw2v.nn._gradient import add_gradient, scale_gradient, squared_norm
from fastw2v.nn._random import Seed, generator

Array = npt.NDArray[Any]


class Model(Protocol):
    """What `Trainer` trains."""

    params: list[Array]
    grads: list[Array]

    def forward(self, x: Array, t: Array) -> float:
        """Return the loss of a batch."""
        ...

    def backward(self) -> object:
        """Write the gradients."""
        ...


class Optimizer(Protocol):
    """What changes the parameters."""

    def update(self, params: list[Array], grads: list[Array]) -> None:
        """Change the parameters in place."""
        ...


def clip_grads(grads: list[Array], max_norm: float) -> None:
    """Scale gradients, in place, so that their common norm is at most `max_norm`.

    All are multiplied by max_norm / (norm + 1e-6) if that is below 1. Of a `RowGradient` the touched rows alone are
    visited: the rest is zero.
    """
    for grad in grads:
        _checks.floats(grad, "a gradient")
    rate = _checks.positive("max_norm", max_norm) / (np.sqrt(sum(map(squared_norm, grads))) + 1e-6)
    if rate < 1:
        for grad in grads:
            scale_gradient(grad, rate)


def remove_duplicate(params: list[Array], grads: list[Array]) -> tuple[list[Array], list[Array]]:
    """Return new lists with every shared parameter once; its gradients are added up in place, in the first of them.

    A parameter is also shared with its own transpose (weight tying), the same memory seen the other way round. (The
    book compares the values, and so merges two different matrices of zeros.)
    """
    kept_params, kept_grads = list[Array](), list[Array]()
    for param, grad in zip(params, grads):
        for first, total in zip(kept_params, kept_grads):
            if first is param:
                add_gradient(total, grad)
                break
            if _is_transpose(first, param):
                add_gradient(total, grad.T)
                break
        else:
            kept_params.append(param)
            kept_grads.append(grad)
    return kept_params, kept_grads


def _is_transpose(first: Array, other: Array) -> bool:
    if not (
        first.ndim == other.ndim == 2 and first.shape == other.shape[::-1] and first.strides == other.strides[::-1]
    ):
        return False
    return address(first) == address(other)


class Trainer:
    """Train a model on batches, drawn anew in each epoch.

    Parameters
    ----------
    model
        Has `params`, `grads`, ``forward(x, t)``, which returns the loss, and ``backward()``.
    optimizer
        Has ``update(params, grads)``.
    seed : int, RandomState, Generator, optional
        What epochs are shuffled by; default NumPy's global generator, as in the book.

    Attributes
    ----------
    loss_list : list of float
        Mean loss since the last entry, one entry each `eval_interval` iterations.
    current_epoch : int
        Epochs trained so far, over all calls of `fit`.
    """

    def __init__(self, model: Model, optimizer: Optimizer, *, seed: Seed = None) -> None:
        self.model, self.optimizer = model, optimizer
        self.loss_list: list[float] = []
        self.eval_interval: int | None = None
        self.current_epoch = 0
        self._rng = generator(seed)

    def fit(
        self,
        x: npt.ArrayLike,
        t: npt.ArrayLike,
        max_epoch: int = 10,
        batch_size: int = 32,
        max_grad: float | None = None,
        eval_interval: int | None = 20,
    ) -> None:
        """Train, and print a line each `eval_interval` iterations.

        Parameters
        ----------
        x, t : ndarray [n, ...]
            Inputs and targets, for CBOW and SkipGram contexts and targets. Arrays are never copied: their indices are
            shuffled.
        max_epoch : int
            How many epochs more.
        batch_size : int
            What does not fill a last batch is left out of this epoch.
        max_grad : float, optional
            Clip the gradients to this norm, 0 or above.
        eval_interval : int, optional
            None: no lines, and nothing in `loss_list`.

        Raises
        ------
        ValueError, TypeError
            x and t differ in length, there is less than one batch, or a number is none or out of range.
        """
        x, t, batch_size = as_array(x), as_array(t), _checks.whole("batch_size", batch_size)
        max_epoch, max_iters = _checks.whole("max_epoch", max_epoch, 0), _n_batches(x, t, batch_size)
        max_grad = None if max_grad is None else _checks.positive("max_grad", max_grad)
        self.eval_interval = None if eval_interval is None else _checks.whole("eval_interval", eval_interval)
        order, log = np.arange(len(x)), _Log(self, max_iters)
        for _ in range(max_epoch):
            order = order[self._rng.permutation(np.arange(len(x)))]
            x_order, t_order = (module_of(array).asarray(order) for array in (x, t))
            for iteration in range(max_iters):
                batch = slice(iteration * batch_size, (iteration + 1) * batch_size)
                x_batch, t_batch = x.take(x_order[batch], axis=0), t.take(t_order[batch], axis=0)
                log.add(iteration, self._train_batch(x_batch, t_batch, max_grad))
            self.current_epoch += 1

    def _train_batch(self, x: Array, t: Array, max_grad: float | None) -> float:
        loss = self.model.forward(x, t)
        self.model.backward()
        params, grads = remove_duplicate(self.model.params, self.model.grads)
        if max_grad is not None:
            clip_grads(grads, max_grad)
        self.optimizer.update(params, grads)
        return loss

    def plot(self, ylim: Sequence[float | None] | None = None) -> None:
        """Show `loss_list` as a curve; needs matplotlib: ``pip install 'fastw2v[plot]'``.

        Parameters
        ----------
        ylim : (bottom, top) or (bottom,), optional
            Ends of the vertical axis; one that is None or left out fits the curve.
        """
        bounds = () if ylim is None else _checks.bounds("ylim", ylim)
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError("Trainer.plot needs matplotlib; install it with: pip install 'fastw2v[plot]'") from error
        plt.plot(np.arange(len(self.loss_list)), self.loss_list, label="train")
        plt.xlabel(f"iterations (x{self.eval_interval})")
        plt.ylabel("loss")
        if bounds:  # after the curve: a bound that is not given is then the curve's
            plt.ylim(*bounds)
        plt.show()


def _n_batches(x: Array, t: Array, batch_size: int) -> int:
    if x.ndim == 0 or t.ndim == 0 or len(x) != len(t):
        raise ValueError(f"x has shape {x.shape} and t {t.shape}; expected a row of both for each example")
    if len(x) == 0:
        raise ValueError(
            "x has no examples; expected at least a batch: take a longer corpus (one that is no longer than twice the "
            "window has no example)"
        )
    if len(x) < batch_size:
        raise ValueError(f"batch_size is {batch_size} for {len(x)} examples; expected 1 to {len(x)}: lower it")
    return len(x) // batch_size


class _Log:
    """Mean losses, printed as in the book."""

    def __init__(self, trainer: Trainer, max_iters: int) -> None:
        self._trainer, self._max_iters = trainer, max_iters
        self._total: float = 0
        self._count, self._start = 0, time.time()

    def add(self, iteration: int, loss: float) -> None:
        self._total += loss
        self._count += 1
        interval = self._trainer.eval_interval
        if interval is None or iteration % interval:
            return
        mean, seconds = self._total / self._count, time.time() - self._start
        place = f"epoch {self._trainer.current_epoch + 1} |  iter {iteration + 1} / {self._max_iters}"
        sys.stdout.write(f"| {place} | time {int(seconds)}[s] | loss {mean:.2f}\n")
        self._trainer.loss_list.append(float(mean))
        self._total, self._count = 0, 0
