"""The book's Trainer, and its functions for gradients: `clip_grads` and `remove_duplicate`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from os import PathLike
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fastw2v.nn import checks
from fastw2v.nn.arrays import address, as_array, module_of
from fastw2v.nn.row_gradient import add_gradient, scale_gradient, squared_norm
from fastw2v.nn.seeds import Seed, generator
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.pictures import check_picture, figure_class, write_picture


class Model(Protocol):
    """A model that `Trainer` can train."""

    params: list[Array]
    grads: list[Array]

    def forward(self, x: Array, t: Array) -> float:
        """Return the loss of a batch."""
        ...

    def backward(self) -> object:
        """Write the gradients."""
        ...


class Optimizer(Protocol):
    """An optimizer that `Trainer` can use."""

    def update(self, params: list[Array], grads: list[Array]) -> None:
        """Change the parameters in place."""
        ...


def clip_grads(grads: list[Array], max_norm: float) -> None:
    """Scale gradients in place so that their common norm is at most `max_norm`, as in the book.

    All are multiplied by ``max_norm / (norm + 1e-6)`` if that is below 1. Only the touched rows of a `RowGradient` are
    visited, because the others are zero.

    Parameters
    ----------
    grads : list of float arrays
    max_norm : float
        At least 0.

    Raises
    ------
    TypeError, ValueError
        A gradient is not an array of floats, or max_norm is not a finite number that is at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import clip_grads
    >>> grads = [np.array([3.0]), np.array([4.0])]  # their norm is 5
    >>> clip_grads(grads, 1.0)
    >>> [float(grad[0].round(3)) for grad in grads]
    [0.6, 0.8]
    """
    for grad in grads:
        checks.floats(grad, "a gradient")
    rate = checks.positive("max_norm", max_norm) / (np.sqrt(sum(map(squared_norm, grads))) + 1e-6)
    if rate < 1:
        for grad in grads:
            scale_gradient(grad, rate)


def remove_duplicate(params: list[Array], grads: list[Array]) -> tuple[list[Array], list[Array]]:
    """Return lists in which every shared parameter occurs once, with the sum of its gradients.

    The sum is written into the first of the gradients. A parameter is also shared with its own transpose (weight
    tying): another view of the same memory. The book compares values instead of memory, so it also merges two different
    matrices of zeros.

    Parameters
    ----------
    params, grads : list of arrays
        Of equal length.

    Returns
    -------
    params, grads : list of arrays
        New lists of the same arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import remove_duplicate
    >>> w = np.zeros(2)
    >>> params, grads = remove_duplicate([w, w], [np.array([1.0, 0.0]), np.array([1.0, 2.0])])
    >>> len(params), grads[0]
    (1, array([2., 2.]))
    """
    unique_params, unique_grads = list[Array](), list[Array]()
    for param, grad in zip(params, grads):
        for first, total in zip(unique_params, unique_grads):
            if first is param:
                add_gradient(total, grad)
                break
            if _is_transpose(first, param):
                add_gradient(total, grad.T)
                break
        else:
            unique_params.append(param)
            unique_grads.append(grad)
    return unique_params, unique_grads


def _is_transpose(first: Array, other: Array) -> bool:
    if not (
        first.ndim == other.ndim == 2 and first.shape == other.shape[::-1] and first.strides == other.strides[::-1]
    ):
        return False
    return address(first) == address(other)


class Trainer:
    """Train a model on batches; the examples are shuffled in each epoch (the book, section 1.4.4).

    Parameters
    ----------
    model : object
        Has `params`, `grads`, ``forward(x, t)``, which returns the loss, and ``backward()``.
    optimizer : object
        Has ``update(params, grads)``.
    seed : int, RandomState, Generator, optional
        Source of the shuffling; default NumPy's global generator, as in the book.

    Attributes
    ----------
    loss_list : list of float
        An entry for each `eval_interval` iterations: the mean loss since the entry before.
    current_epoch : int
        Epochs trained so far, in all calls of `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import CBOW, Adam, Trainer, create_contexts_target
    >>> corpus = np.arange(1200) % 12
    >>> contexts, target = create_contexts_target(corpus, window_size=2)
    >>> trainer = Trainer(CBOW(12, 10, 2, corpus, seed=0), Adam(0.01), seed=0)
    >>> trainer.fit(contexts, target, max_epoch=1, batch_size=32, eval_interval=30)  # doctest: +ELLIPSIS
    | epoch 1 |  iter 1 / 37 | time 0[s] | loss 4.16
    | epoch 1 |  iter 31 / 37 | time ...[s] | loss 3...
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
        """Train, and print the loss every `eval_interval` iterations.

        Parameters
        ----------
        x, t : array [n, ...]
            Inputs and targets; for CBOW and SkipGram, contexts and target. They are not copied: only their indices are
            shuffled.
        max_epoch : int
            Number of further epochs.
        batch_size : int
            Examples per batch. Those that do not fill a last batch are left out in this epoch.
        max_grad : float, optional
            Clip the gradients to this norm, at least 0.
        eval_interval : int, optional
            None prints nothing and adds nothing to `loss_list`.

        Raises
        ------
        ValueError, TypeError
            x and t differ in length, there are fewer examples than one batch, or a number is out of range.
        """
        x, t, batch_size = as_array(x), as_array(t), checks.whole("batch_size", batch_size)
        max_epoch, max_iters = checks.whole("max_epoch", max_epoch, 0), _n_batches(x, t, batch_size)
        max_grad = None if max_grad is None else checks.positive("max_grad", max_grad)
        self.eval_interval = None if eval_interval is None else checks.whole("eval_interval", eval_interval)
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

    def plot(self, ylim: Sequence[float | None] | None = None, *, path: str | PathLike[str] | None = None) -> None:
        """Show `loss_list` as a curve, or write it to a file.

        Parameters
        ----------
        ylim : (bottom, top) or (bottom,), optional
            Ends of the vertical axis. An end that is None or missing is chosen to fit the curve.
        path : path, optional
            Write the picture to this file, whose ending is .png, .svg or .pdf, and open no window.

        Raises
        ------
        ImportError
            Matplotlib is not installed. In the checkout: ``pip install '.[plot]'``.
        TypeError, ValueError
            ylim has other contents, or the ending of the path names no kind of picture.
        OSError
            The file cannot be written.
        """
        bounds = () if ylim is None else checks.bounds("ylim", ylim)
        if path is not None:
            self._write_plot(bounds, path)
            return
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError("Trainer.plot needs matplotlib; in the checkout: pip install '.[plot]'") from error
        plt.plot(np.arange(len(self.loss_list)), self.loss_list, label="train")
        plt.xlabel(f"iterations (x{self.eval_interval})")
        plt.ylabel("loss")
        if bounds:  # after the curve, so that a missing end fits it
            plt.ylim(*bounds)
        plt.show()

    def _write_plot(self, bounds: Sequence[float | None], path: str | PathLike[str]) -> None:
        check_picture(path, "Trainer.plot")
        figure = figure_class("Trainer.plot")(figsize=(7, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.plot(np.arange(len(self.loss_list)), self.loss_list)
        axes.set(xlabel=f"iterations (x{self.eval_interval})", ylabel="loss")
        axes.grid(alpha=0.3)
        if bounds:
            axes.set_ylim(*bounds)
        write_picture(figure, path)


def _n_batches(x: Array, t: Array, batch_size: int) -> int:
    if x.ndim == 0 or t.ndim == 0 or len(x) != len(t):
        raise ValueError(f"x has shape {x.shape} and t {t.shape}; expected a row of both for each example")
    if len(x) == 0:
        raise ValueError(
            "x has no examples; expected at least one batch: take a longer corpus (one of 2 window_size words or less "
            "has no examples)"
        )
    if len(x) < batch_size:
        raise ValueError(f"batch_size is {batch_size} for {len(x)} examples; expected 1 to {len(x)}: lower it")
    return len(x) // batch_size


class _Log:
    """Prints mean losses as the book's Trainer does, and appends them to `loss_list`."""

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
        if sys.stdout is not None:  # a daemon has none
            sys.stdout.write(f"| {place} | time {int(seconds)}[s] | loss {mean:.2f}\n")
        self._trainer.loss_list.append(float(mean))
        self._total, self._count = 0, 0
